#include "repository/frame_fetcher.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>

#include "repository/control_access.h"
#include "repository/key_ring.h"
#include "repository/pack_format.h"

namespace pgkeep::repository {

namespace {

// Reading what lies between two frames costs less than another request.
constexpr uint64_t kGapMax = uint64_t{1} << 20;
constexpr uint64_t kRequestMax = uint64_t{8} << 20;

}  // namespace

Result<std::shared_ptr<const FrameUnits>> FrameUnits::Keep(Bytes payload, uint16_t count,
                                                           uint16_t wanted) {
  PGK_ASSIGN_OR_RETURN(UnitsView view, SplitUnits(payload, count));
  auto units = std::make_shared<FrameUnits>();
  size_t wanted_bytes = 0;
  units->whole_ = true;
  for (size_t i = 0; i < view.count; ++i) {
    if ((wanted >> i & 1U) != 0) {
      wanted_bytes += view.spans[i].size();
    } else {
      view.spans[i] = {};
      units->whole_ = false;
    }
  }
  if (units->whole_) {
    units->bytes_ = std::move(payload);  // whose bytes stay where they are
  } else {
    units->bytes_.reserve(wanted_bytes);
    for (size_t i = 0; i < view.count; ++i) {
      const size_t begin = units->bytes_.size();
      Append(units->bytes_, view.spans[i]);
      view.spans[i] = ByteSpan(units->bytes_).subspan(begin);
    }
  }
  units->view_ = view;
  return std::shared_ptr<const FrameUnits>(units);
}

// No wait in this file has a token that can stop: a stop ends the requests themselves.

FrameBatch::~FrameBatch() {
  const MutexLock lock(mutex_);
  given_up_ = true;
  changed_.Wait(mutex_, {}, [this]() PGK_REQUIRES(mutex_) { return open_requests_ == 0; });
}

Result<FrameBatch::Frames> FrameBatch::Wait() {
  const MutexLock lock(mutex_);
  changed_.Wait(mutex_, {}, [this]() PGK_REQUIRES(mutex_) { return open_requests_ == 0; });
  if (error_) return *std::move(error_);
  return std::move(frames_);
}

bool FrameBatch::failed() {
  const MutexLock lock(mutex_);
  return given_up_ || error_.has_value();
}

// Notifies with the mutex held: whoever waits may end this object as soon as it can look.
void FrameBatch::Done(const Status& outcome) {
  const MutexLock lock(mutex_);
  if (!outcome.ok() && !error_) error_ = outcome.error();
  --open_requests_;
  changed_.NotifyAll();
}

void FrameBatch::Join() {
  order_.resize(wanted_.size());
  std::iota(order_.begin(), order_.end(), 0U);
  std::ranges::sort(order_, [&](uint32_t a, uint32_t b) {
    const StoredFrame& left = wanted_[a].frame;
    const StoredFrame& right = wanted_[b].frame;
    return std::tie(left.pack, left.frame.offset) < std::tie(right.pack, right.frame.offset);
  });
  const PackId* pack = nullptr;
  for (size_t i = 0; i < order_.size(); ++i) {
    const StoredFrame& frame = wanted_[order_[i]].frame;
    const uint64_t end = frame.frame.offset + FrameBytes(frame.frame.clen);
    if (!requests_.empty() && *pack == frame.pack) {
      Request& last = requests_.back();
      const uint64_t last_end = last.offset + last.bytes;
      const uint64_t joined = std::max(last_end, end) - last.offset;
      if (frame.frame.offset <= last_end + kGapMax && joined <= kRequestMax) {
        last.end = i + 1;
        last.bytes = joined;
        continue;
      }
    }
    pack = &frame.pack;
    requests_.push_back({i, i + 1, frame.frame.offset, end - frame.frame.offset});
  }
}

FrameFetcher::FrameFetcher(const RepositoryContext& context)
    : context_(context),
      reads_ahead_(context.store->features().parallel_requests > 1),
      keys_(context),
      openers_([] { return std::make_unique<FrameOpener>(); }),
      buffers_([] { return std::make_unique<Bytes>(); }),
      // What waits holds no memory to speak of.
      reads_("read", reads_ahead_ ? context.store->features().parallel_requests : 0,
             std::numeric_limits<size_t>::max()) {}

std::unique_ptr<FrameBatch> FrameFetcher::Start(std::vector<WantedFrame> wanted) {
  auto batch = std::make_unique<FrameBatch>();
  // Before any request: credentials of a host may not even be allowed to read data packs.
  const Status allowed = context_.keys->RequireReadData("reading the data of a backup");
  if (!allowed.ok()) {
    const MutexLock lock(batch->mutex_);
    batch->error_ = allowed.error();
    return batch;
  }
  batch->wanted_ = std::move(wanted);
  batch->frames_.resize(batch->wanted_.size());
  batch->Join();
  {
    const MutexLock lock(batch->mutex_);
    batch->open_requests_ = batch->requests_.size();
  }
  for (const FrameBatch::Request& request : batch->requests_) {
    reads_.Submit([this, batch = batch.get(), &request] {
      batch->Done(batch->failed() ? Ok() : Read(*batch, request));
    });
  }
  return batch;
}

Status FrameFetcher::Read(FrameBatch& batch, const FrameBatch::Request& request) {
  const Status first = TryRead(batch, request);
  if (first.ok() || !IsWrongContent(first.error())) return first;
  Status second = TryRead(batch, request);
  if (second.ok()) WarnOfSecondReading(*context_.store, first.error());
  return second;
}

Status FrameFetcher::TryRead(FrameBatch& batch, const FrameBatch::Request& request) {
  const std::string key = batch.wanted_[batch.order_[request.begin]].frame.pack.name().Key();
  const auto lease = buffers_.Borrow();
  if (lease->size() < request.bytes) lease->resize(request.bytes);
  const MutableByteSpan buffer = MutableByteSpan(*lease).first(request.bytes);
  const Status read = Retry(context_.retry, *context_.clock, context_.stop,
                            [&] { return context_.store->GetRange(key, request.offset, buffer); });
  if (!read.ok()) return Error(read.error()).WithContext("reading " + key);
  const auto opener = openers_.Borrow();
  for (size_t i = request.begin; i < request.end; ++i) {
    const uint32_t number = batch.order_[i];
    const WantedFrame& wanted = batch.wanted_[number];
    const LeafFrame& frame = wanted.frame.frame;
    const ByteSpan bytes =
        ByteSpan(buffer).subspan(frame.offset - request.offset, FrameBytes(frame.clen));
    PGK_ASSIGN_OR_RETURN(batch.frames_[number], Open(wanted, bytes, *opener));
  }
  return Ok();
}

Result<std::shared_ptr<const FrameUnits>> FrameFetcher::Open(const WantedFrame& wanted,
                                                             ByteSpan bytes, FrameOpener& opener) {
  const StoredFrame& frame = wanted.frame;
  PGK_ASSIGN_OR_RETURN(const std::shared_ptr<const PackKeys> pack,
                       keys_.Get(frame.pack.name(), [&](const PackName& name, MutableByteSpan out) {
                         const std::string key = name.Key();
                         return Retry(context_.retry, *context_.clock, context_.stop,
                                      [&] { return context_.store->GetRange(key, 0, out); });
                       }));
  const FrameExpectation expected{.kind = FrameKind::kUnits,
                                  .offset = frame.frame.offset,
                                  .clen = frame.frame.clen,
                                  .rlen = frame.frame.rlen,
                                  .units = frame.frame.units,
                                  .number = {}};
  Bytes payload(frame.frame.rlen);
  PGK_TRY(opener.OpenUnitsInto(*pack, bytes, expected, context_.keys->content_hmac(),
                               frame.frame.hash, payload));
  return FrameUnits::Keep(std::move(payload), frame.frame.units, wanted.units);
}

}  // namespace pgkeep::repository

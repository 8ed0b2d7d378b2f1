#include "repository/frame_fetcher.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>

#include "repository/key_ring.h"
#include "repository/pack_format.h"

namespace pgkeep::repository {

namespace {

// Reading what lies between two frames costs less than another request.
constexpr uint64_t kGapMax = uint64_t{1} << 20;
constexpr uint64_t kRequestMax = uint64_t{8} << 20;

}  // namespace

FrameFetcher::FrameFetcher(const RepositoryContext& context)
    : context_(context), keys_(context), openers_([] { return std::make_unique<FrameOpener>(); }) {}

std::vector<FrameFetcher::Request> FrameFetcher::Join(std::span<const StoredFrame> frames,
                                                      std::span<const uint32_t> order) {
  std::vector<Request> requests;
  const PackId* pack = nullptr;
  for (size_t i = 0; i < order.size(); ++i) {
    const StoredFrame& frame = frames[order[i]];
    const uint64_t end = frame.frame.offset + FrameBytes(frame.frame.clen);
    if (!requests.empty() && *pack == frame.pack) {
      Request& last = requests.back();
      const uint64_t last_end = last.offset + last.bytes;
      const uint64_t joined = std::max(last_end, end) - last.offset;
      if (frame.frame.offset <= last_end + kGapMax && joined <= kRequestMax) {
        last.end = i + 1;
        last.bytes = joined;
        continue;
      }
    }
    pack = &frame.pack;
    requests.push_back({i, i + 1, frame.frame.offset, end - frame.frame.offset});
  }
  return requests;
}

Result<std::vector<std::shared_ptr<const Bytes>>> FrameFetcher::Fetch(
    std::span<const StoredFrame> frames) {
  // Before any request: credentials of a host may not even be allowed to read data packs.
  PGK_TRY(context_.keys->RequireReadData("reading the data of a backup"));
  std::vector<uint32_t> order(frames.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
    return std::tie(frames[a].pack, frames[a].frame.offset) <
           std::tie(frames[b].pack, frames[b].frame.offset);
  });
  std::vector<std::shared_ptr<const Bytes>> payloads(frames.size());
  const auto opener = openers_.Borrow();
  Bytes buffer;
  for (const Request& request : Join(frames, order)) {
    const std::string key = frames[order[request.begin]].pack.name().Key();
    buffer.resize(request.bytes);
    const Status read = Retry(context_.retry, *context_.clock, context_.stop, [&] {
      return context_.store->GetRange(key, request.offset, buffer);
    });
    if (!read.ok()) return Error(read.error()).WithContext("reading " + key);
    for (size_t i = request.begin; i < request.end; ++i) {
      const StoredFrame& frame = frames[order[i]];
      const ByteSpan bytes = ByteSpan(buffer).subspan(frame.frame.offset - request.offset,
                                                      FrameBytes(frame.frame.clen));
      PGK_ASSIGN_OR_RETURN(payloads[order[i]], Open(frame, bytes, *opener));
    }
  }
  return payloads;
}

Result<std::shared_ptr<const Bytes>> FrameFetcher::Open(const StoredFrame& frame, ByteSpan bytes,
                                                        FrameOpener& opener) {
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
  auto payload = std::make_shared<Bytes>(frame.frame.rlen);
  PGK_TRY(opener.OpenUnitsInto(*pack, bytes, expected, context_.keys->content_hmac(),
                               frame.frame.hash, *payload));
  return payload;
}

}  // namespace pgkeep::repository

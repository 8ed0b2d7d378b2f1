#include "repository/pack_sink.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "storage/store_util.h"

namespace pgkeep::repository {

namespace {

// More recycled buffers than packs that are filled at once would only hold memory.
constexpr size_t kBuffersMax = 1;
// So much is read with one request, whoever has stored it.
constexpr size_t kSharedMax = size_t{8} << 20;

bool MayBeShared(const std::unique_ptr<PackSink::OpenPack>& pack) {
  return pack->builder->size() < kSharedMax;
}

}  // namespace

PackSink::PackSink(const RepositoryContext& context, Options options)
    : context_(context), options_(std::move(options)) {}

PackSink::~PackSink() {
  // Uploads refer to this object.
  options_.uploads->Drain();
}

Result<PackSink::Lease> PackSink::Borrow(size_t payload_bytes, unsigned units) noexcept {
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<OpenPack> pack, TakeIdleOrSlot());
  if (pack->builder && !pack->builder->HasRoom(payload_bytes, units)) {
    const Status closed = Close(std::exchange(*pack, {}));
    if (!closed.ok()) {
      ReleaseSlot();
      return closed.error();
    }
  }
  if (!pack->builder) {
    const Status filled = Refill(*pack);
    if (!filled.ok()) {
      ReleaseSlot();
      return filled.error();
    }
  }
  return Lease(*this, std::move(pack));
}

Result<std::unique_ptr<PackSink::OpenPack>> PackSink::TakeIdleOrSlot() {
  const MutexLock lock(mutex_);
  if (error_) return *error_;
  const bool free = returned_.Wait(mutex_, context_.stop, [this]() PGK_REQUIRES(mutex_) {
    return !idle_.empty() || open_ < options_.max_open;
  });
  if (!free) return Err(ErrorCode::kCancelled, "the backup was cancelled");
  if (error_) return *error_;
  auto chosen = std::ranges::find(idle_, std::this_thread::get_id(), &OpenPack::filled_by);
  if (chosen == idle_.end()) chosen = std::ranges::find_if(idle_, MayBeShared);
  if (chosen == idle_.end() && open_ < options_.max_open) {
    ++open_;
    return std::make_unique<OpenPack>();
  }
  // The one that has waited longest: its thread has most likely ended.
  if (chosen == idle_.end()) chosen = idle_.begin();
  std::unique_ptr<OpenPack> pack = std::move(*chosen);
  idle_.erase(chosen);
  return pack;
}

void PackSink::ReleaseSlot() {
  const MutexLock lock(mutex_);
  --open_;
  returned_.NotifyOne();
}

void PackSink::GiveBack(std::unique_ptr<OpenPack> pack) {
  pack->filled_by = std::this_thread::get_id();
  const MutexLock lock(mutex_);
  idle_.push_back(std::move(pack));
  returned_.NotifyOne();
}

Status PackSink::Refill(OpenPack& pack) {
  PackBuilder::Options options{.repository = context_.id,
                               .writer = options_.writer,
                               .kind = options_.kind,
                               .seq = options_.next_seq->fetch_add(1),
                               .prk = options_.prk,
                               .target_bytes = options_.pack_bytes,
                               .random = context_.random,
                               .recycled = {}};
  {
    const MutexLock lock(mutex_);
    if (!buffers_.empty()) {
      options.recycled = std::move(buffers_.back());
      buffers_.pop_back();
    }
  }
  PGK_ASSIGN_OR_RETURN(pack.builder, PackBuilder::Create(std::move(options)));
  return Ok();
}

Status PackSink::Close(OpenPack pack) {
  std::optional<FingerprintPlace> place;
  if (options_.before_upload) {
    PGK_ASSIGN_OR_RETURN(place, options_.before_upload(pack));
  }
  const auto shared = std::make_shared<OpenPack>(std::move(pack));
  options_.uploads->Submit([this, shared, place] { Upload(*shared, place); });
  return CheckStatus();
}

void PackSink::Upload(OpenPack& pack, const std::optional<FingerprintPlace>& place) {
  // After one failure the backup cannot be committed: further uploads would only be garbage.
  if (!CheckStatus().ok()) return;
  Result<PackEntry> entry = Store(pack, place);
  if (!entry.ok()) {
    Fail(entry.error());
    return;
  }
  const MutexLock lock(mutex_);
  entries_.push_back(*std::move(entry));
}

Result<PackEntry> PackSink::Store(OpenPack& pack, const std::optional<FingerprintPlace>& place) {
  PGK_ASSIGN_OR_RETURN(PackBuilder::Finished finished, pack.builder->Finish());
  pack.builder.reset();
  const std::string key = finished.name.Key();
  PGK_ASSIGN_OR_RETURN(
      const storage::ObjectInfo info,
      storage::CreateOnceByListing(*context_.store, key, finished.bytes, context_.retry,
                                   *context_.clock, context_.stop));
  if (options_.after_upload) options_.after_upload(finished.name, finished.bytes);
  PackEntry entry{.name = finished.name,
                  .size = finished.bytes.size(),
                  .sha256 = finished.sha256,
                  .etag = info.etag,
                  .live_units = 0,
                  .all_units = finished.units,
                  .fingerprints = place};
  const MutexLock lock(mutex_);
  if (buffers_.size() < kBuffersMax) buffers_.push_back(std::move(finished.bytes));
  return entry;
}

Status PackSink::Flush() {
  std::vector<std::unique_ptr<OpenPack>> packs;
  {
    const MutexLock lock(mutex_);
    PGK_CHECK(idle_.size() == open_, "every pack was given back");
    packs.swap(idle_);
    open_ = 0;
  }
  for (const auto& pack : packs) {
    if (pack->builder) PGK_TRY(Close(std::move(*pack)));
  }
  options_.uploads->Drain();
  return CheckStatus();
}

void PackSink::Fail(const Error& error) {
  const MutexLock lock(mutex_);
  if (!error_) error_ = error;
  returned_.NotifyAll();
}

Status PackSink::CheckStatus() const {
  const MutexLock lock(mutex_);
  if (error_) return *error_;
  return Ok();
}

std::vector<PackEntry> PackSink::entries() const {
  const MutexLock lock(mutex_);
  return entries_;
}

}  // namespace pgkeep::repository

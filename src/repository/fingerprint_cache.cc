#include "repository/fingerprint_cache.h"

#include "base/check.h"

namespace pgkeep::repository {

namespace {

constexpr size_t kBytesMax = size_t{16} << 20;

size_t BytesOf(const FingerprintNode& node) {
  return node.fingerprints.size() * sizeof(uint64_t) +
         node.frames.size() * (sizeof(FingerprintFrame) + sizeof(uint32_t));
}

}  // namespace

Result<std::shared_ptr<const FingerprintTable>> FingerprintCache::Get(const PackEntry& entry) {
  {
    const MutexLock lock(mutex_);
    const auto found = tables_.find(entry.name);
    if (found != tables_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return found->second->table;
    }
  }
  PGK_CHECK(entry.fingerprints.has_value(), "a data pack has fingerprints");
  PGK_ASSIGN_OR_RETURN(const Bytes payload,
                       nodes_.ReadFingerprints(entry.name, *entry.fingerprints));
  PGK_ASSIGN_OR_RETURN(FingerprintNode node, DecodeFingerprints(payload));
  if (node.data_seq != entry.name.seq) {
    return Err(ErrorCode::kCorruption, "fingerprints of pack {} stand where those of {} should",
               node.data_seq, entry.name.Key());
  }
  const auto table = std::make_shared<const FingerprintTable>(std::move(node));
  Insert(entry.name, table);
  return table;
}

void FingerprintCache::Insert(const PackName& pack, const Table& table) {
  const MutexLock lock(mutex_);
  if (tables_.contains(pack)) return;
  order_.push_front({pack, table, BytesOf(table->node())});
  tables_.emplace(pack, order_.begin());
  bytes_ += order_.front().bytes;
  while (bytes_ > kBytesMax && order_.size() > 1) {
    bytes_ -= order_.back().bytes;
    tables_.erase(order_.back().pack);
    order_.pop_back();
  }
}

}  // namespace pgkeep::repository

#include "storage/unconditional_store.h"

#include "base/error.h"

namespace pgkeep::storage {

StoreFeatures UnconditionalStore::features() const {
  StoreFeatures features = inner_.features();
  features.conditional_create = false;
  return features;
}

std::string UnconditionalStore::Url() const { return inner_.Url(); }

std::string UnconditionalStore::ExpectedEtag(ByteSpan bytes) const {
  return inner_.ExpectedEtag(bytes);
}

Result<ObjectInfo> UnconditionalStore::CreateIfAbsent(std::string_view key, ByteSpan /*bytes*/) {
  PGK_TRY(ValidateKey(key));
  return Err(ErrorCode::kUnsupported, "creating object {}: {} has no conditional create", key,
             inner_.Url())
      .WithHint("such a store is safe only in exclusive mode, with one writer at a time");
}

Result<ObjectInfo> UnconditionalStore::Put(std::string_view key, ByteSpan bytes) {
  return inner_.Put(key, bytes);
}

Result<Bytes> UnconditionalStore::Get(std::string_view key, uint64_t max_bytes) {
  return inner_.Get(key, max_bytes);
}

Status UnconditionalStore::GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) {
  return inner_.GetRange(key, offset, out);
}

Result<ListPage> UnconditionalStore::List(std::string_view prefix, std::string_view start_after,
                                          size_t max_keys) {
  return inner_.List(prefix, start_after, max_keys);
}

Result<ObjectInfo> UnconditionalStore::Head(std::string_view key) { return inner_.Head(key); }

Status UnconditionalStore::Delete(std::string_view key) { return inner_.Delete(key); }

Result<Timestamp> UnconditionalStore::ServerTime() { return inner_.ServerTime(); }

Result<std::optional<uint64_t>> UnconditionalStore::FreeBytes() { return inner_.FreeBytes(); }

}  // namespace pgkeep::storage

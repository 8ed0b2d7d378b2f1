#include "storage/unconditional_store.h"

#include "base/error.h"

namespace pgkeep::storage {

StoreFeatures UnconditionalStore::features() const {
  StoreFeatures features = inner().features();
  features.conditional_create = false;
  return features;
}

Result<ObjectInfo> UnconditionalStore::CreateIfAbsent(std::string_view key, ByteSpan /*bytes*/) {
  PGK_TRY(ValidateKey(key));
  return Err(ErrorCode::kUnsupported, "creating object {}: {} has no conditional create", key,
             inner().Url())
      .WithHint("such a store is safe only in exclusive mode, with one writer at a time");
}

}  // namespace pgkeep::storage

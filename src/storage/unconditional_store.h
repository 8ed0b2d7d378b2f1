// A decorator that hides conditional creation, as providers do that lack it.
#pragma once

#include "storage/forwarding_store.h"

namespace pgkeep::storage {

// Forwards everything to `inner`, which must outlive it, except that CreateIfAbsent always fails
// with kUnsupported and features().conditional_create is false. Exclusive mode runs over such a
// store; with this decorator it can be exercised on any back end. Thread-safe.
class UnconditionalStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  StoreFeatures features() const override;
  Result<ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override;
};

}  // namespace pgkeep::storage

// A decorator that hides conditional creation, as providers do that lack it.
#pragma once

#include "storage/object_store.h"

namespace pgkeep::storage {

// Forwards everything to `inner`, which must outlive it, except that CreateIfAbsent always fails
// with kUnsupported and features().conditional_create is false. Exclusive mode runs over such a
// store; with this decorator it can be exercised on any back end. Thread-safe.
class UnconditionalStore final : public ObjectStore {
 public:
  explicit UnconditionalStore(ObjectStore& inner) : inner_(inner) {}

  StoreFeatures features() const override;
  std::string Url() const override;
  std::string ExpectedEtag(ByteSpan bytes) const override;
  Result<ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override;
  Result<ObjectInfo> Put(std::string_view key, ByteSpan bytes) override;
  Result<Bytes> Get(std::string_view key, uint64_t max_bytes) override;
  Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) override;
  Result<ListPage> List(std::string_view prefix, std::string_view start_after,
                        size_t max_keys) override;
  Result<ObjectInfo> Head(std::string_view key) override;
  Status Delete(std::string_view key) override;
  Result<Timestamp> ServerTime() override;
  Result<std::optional<uint64_t>> FreeBytes() override;
  Status KeepReserve() override { return inner_.KeepReserve(); }
  Status ReleaseReserve() override { return inner_.ReleaseReserve(); }

 private:
  ObjectStore& inner_;
};

}  // namespace pgkeep::storage

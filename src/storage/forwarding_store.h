// What decorators of a store have in common.
#pragma once

#include "storage/object_store.h"

namespace pgkeep::storage {

// Passes every call on to `inner`, which must outlive it. Decorators override what they change.
// As thread-safe as `inner`.
class ForwardingStore : public ObjectStore {
 public:
  explicit ForwardingStore(ObjectStore& inner) : inner_(inner) {}

  StoreFeatures features() const override { return inner_.features(); }
  std::string Url() const override { return inner_.Url(); }
  std::string ExpectedEtag(ByteSpan bytes) const override { return inner_.ExpectedEtag(bytes); }
  Result<ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override {
    return inner_.CreateIfAbsent(key, bytes);
  }
  Result<ObjectInfo> Put(std::string_view key, ByteSpan bytes) override {
    return inner_.Put(key, bytes);
  }
  Result<Bytes> Get(std::string_view key, uint64_t max_bytes) override {
    return inner_.Get(key, max_bytes);
  }
  Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) override {
    return inner_.GetRange(key, offset, out);
  }
  Result<ListPage> List(std::string_view prefix, std::string_view start_after,
                        size_t max_keys) override {
    return inner_.List(prefix, start_after, max_keys);
  }
  Result<ObjectInfo> Head(std::string_view key) override { return inner_.Head(key); }
  Status Delete(std::string_view key) override { return inner_.Delete(key); }
  Result<Timestamp> ServerTime() override { return inner_.ServerTime(); }
  Result<std::optional<uint64_t>> FreeBytes() override { return inner_.FreeBytes(); }
  Status KeepReserve() override { return inner_.KeepReserve(); }
  Status ReleaseReserve() override { return inner_.ReleaseReserve(); }

 protected:
  ObjectStore& inner() const { return inner_; }

 private:
  ObjectStore& inner_;
};

}  // namespace pgkeep::storage

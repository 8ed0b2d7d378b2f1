// An object store in memory: the fast twin of the real ones for tests and for the simulator.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "storage/object_store.h"
#include "testing/test_store.h"

namespace pgkeep::testing {

// Keeps every promise of ObjectStore except surviving the process. Thread-safe and linearizable:
// one mutex, calls take effect one at a time. Tamper leaves the etag as it was. Etags are a 64-bit
// hash of the content. Accepts "a" beside "a/b", as S3 does. `clock` gives the server's time and
// must outlive the store.
class MemoryStore final : public TestStore {
 public:
  explicit MemoryStore(Clock& clock = SystemClock());
  ~MemoryStore() override;

  // Limits the sum of all sizes; creations above it fail with kOutOfSpace. Default: no limit.
  void SetCapacity(std::optional<uint64_t> bytes);
  void SetCanDelete(bool allowed) override;
  void ForbidReading(std::string prefix) override;
  void Tamper(std::string_view key, const std::function<void(Bytes&)>& change) override;
  void SetModified(std::string_view key, Timestamp modified) override;
  std::vector<std::string> Keys() const override;
  // Cheap: contents are shared.
  std::shared_ptr<const Snapshot> Save() const override;
  void Restore(const Snapshot& snapshot) override;

  storage::StoreFeatures features() const override;
  std::string Url() const override;
  std::string ExpectedEtag(ByteSpan bytes) const override;
  Result<storage::ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override;
  Result<storage::ObjectInfo> Put(std::string_view key, ByteSpan bytes) override;
  Result<Bytes> Get(std::string_view key, uint64_t max_bytes) override;
  Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) override;
  Result<storage::ListPage> List(std::string_view prefix, std::string_view start_after,
                                 size_t max_keys) override;
  Result<storage::ObjectInfo> Head(std::string_view key) override;
  Status Delete(std::string_view key) override;
  Result<Timestamp> ServerTime() override;
  Result<std::optional<uint64_t>> FreeBytes() override;

 private:
  struct Object {
    std::shared_ptr<const Bytes> content;
    std::string etag;
    Timestamp modified;
  };
  using Objects = std::map<std::string, Object, std::less<>>;
  struct Content;

  Result<storage::ObjectInfo> Write(std::string_view key, ByteSpan bytes, bool replace);
  Result<Object> FindReadable(std::string_view key) const;

  Clock& clock_;
  mutable Mutex mutex_;
  Objects objects_ PGK_GUARDED_BY(mutex_);
  uint64_t used_ PGK_GUARDED_BY(mutex_) = 0;
  std::optional<uint64_t> capacity_ PGK_GUARDED_BY(mutex_);
  bool can_delete_ PGK_GUARDED_BY(mutex_) = true;
  std::optional<std::string> unreadable_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::testing

// A store for tests in a bucket of a real S3 server (object_gateway.h).
#pragma once

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
#include "storage/s3/s3_store.h"
#include "testing/test_store.h"

namespace pgkeep::testing {

// Objects below a prefix of their own, in one of two buckets that all stores of a process share.
// The requests and their answers are the server's, but for three things:
//
//   - Times are those of `clock`, since tests move it by days. Every object must come through this
//     store.
//   - With versions, the server ignores the condition of a creation. There, creations look first,
//     one at a time: nobody else is in the prefix.
//   - With versions, all objects are read by their newest version. Which prefixes are read by their
//     oldest one is for those who open the store of a repository.
//
// Thread-safe.
class BucketTestStore final : public TestStore {
 public:
  BucketTestStore(Clock& clock, bool versioned);

  void SetCanDelete(bool allowed) override;
  void ForbidReading(std::string prefix) override;
  void Tamper(std::string_view key, const std::function<void(Bytes&)>& change) override;
  void SetModified(std::string_view key, Timestamp modified) override;
  std::vector<std::string> Keys() const override;
  std::shared_ptr<const Snapshot> Save() const override;
  void Restore(const Snapshot& snapshot) override;

  storage::StoreFeatures features() const override;
  std::string Url() const override { return store_->Url(); }
  std::string ExpectedEtag(ByteSpan bytes) const override { return store_->ExpectedEtag(bytes); }
  Result<storage::ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override;
  Result<storage::ObjectInfo> Put(std::string_view key, ByteSpan bytes) override;
  Result<Bytes> Get(std::string_view key, uint64_t max_bytes) override;
  Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) override;
  Result<storage::ListPage> List(std::string_view prefix, std::string_view start_after,
                                 size_t max_keys) override;
  Result<storage::ObjectInfo> Head(std::string_view key) override;
  Status Delete(std::string_view key) override;
  Result<Timestamp> ServerTime() override;
  Result<std::optional<uint64_t>> FreeBytes() override { return store_->FreeBytes(); }

 private:
  struct Content;

  Status CheckReadable(std::string_view key) const PGK_EXCLUDES(mutex_);
  Result<storage::ObjectInfo> Create(std::string_view key, ByteSpan bytes) PGK_REQUIRES(mutex_);
  Result<storage::ObjectInfo> Noted(Result<storage::ObjectInfo> written) PGK_REQUIRES(mutex_);
  void SetTime(storage::ObjectInfo& info) const PGK_REQUIRES(mutex_);
  std::map<std::string, Bytes> Contents() const PGK_REQUIRES(mutex_);

  Clock& clock_;
  const bool versioned_;
  const std::unique_ptr<storage::S3Store> store_;
  // Held while something is written, so that nobody sees an object without its time.
  mutable Mutex mutex_;
  std::map<std::string, Timestamp, std::less<>> modified_ PGK_GUARDED_BY(mutex_);
  bool can_delete_ PGK_GUARDED_BY(mutex_) = true;
  std::optional<std::string> unreadable_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::testing

#include "testing/bucket_test_store.h"

#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "testing/object_gateway.h"

namespace pgkeep::testing {

using storage::ListPage;
using storage::ObjectInfo;
using storage::StoreFeatures;

namespace {

std::unique_ptr<storage::S3Store> OpenEmpty(bool versioned) {
  static std::atomic<int> stores = 0;
  Gateway& gateway = Gateway::Shared();
  return MustOpen(
      gateway.StoreOptions(gateway.SharedBucket(versioned), fmt::format("store/{}", ++stores)));
}

}  // namespace

struct BucketTestStore::Content final : Snapshot {
  std::map<std::string, Bytes> objects;
  std::map<std::string, Timestamp, std::less<>> modified;
};

BucketTestStore::BucketTestStore(Clock& clock, bool versioned)
    : clock_(clock), versioned_(versioned), store_(OpenEmpty(versioned)) {}

void BucketTestStore::SetCanDelete(bool allowed) {
  const MutexLock lock(mutex_);
  can_delete_ = allowed;
}

void BucketTestStore::ForbidReading(std::string prefix) {
  const MutexLock lock(mutex_);
  unreadable_ = std::move(prefix);
}

void BucketTestStore::Tamper(std::string_view key, const std::function<void(Bytes&)>& change) {
  const MutexLock lock(mutex_);
  Result<Bytes> content = store_->Get(key, storage::kMaxObjectBytes);
  PGK_CHECK(content.ok(), "tampering with an object that exists");
  change(*content);
  PGK_CHECK(store_->Put(key, *content).ok(), "an object can be overwritten");
}

void BucketTestStore::SetModified(std::string_view key, Timestamp modified) {
  const MutexLock lock(mutex_);
  const auto found = modified_.find(key);
  PGK_CHECK(found != modified_.end(), "changing the time of an object that exists");
  found->second = modified;
}

std::vector<std::string> BucketTestStore::Keys() const {
  std::vector<std::string> keys;
  const Status listed = ListAll(*store_, "", [&](const ObjectInfo& info) {
    keys.push_back(info.key);
    return Ok();
  });
  PGK_CHECK(listed.ok(), "a bucket can be listed");
  return keys;
}

std::map<std::string, Bytes> BucketTestStore::Contents() const {
  std::map<std::string, Bytes> contents;
  for (const std::string& key : Keys()) {
    Result<Bytes> content = store_->Get(key, storage::kMaxObjectBytes);
    PGK_CHECK(content.ok(), "what is listed can be read");
    contents[key] = *std::move(content);
  }
  return contents;
}

std::shared_ptr<const TestStore::Snapshot> BucketTestStore::Save() const {
  const MutexLock lock(mutex_);
  auto saved = std::make_shared<Content>();
  saved->objects = Contents();
  saved->modified = modified_;
  return saved;
}

void BucketTestStore::Restore(const Snapshot& snapshot) {
  const MutexLock lock(mutex_);
  const auto& saved = static_cast<const Content&>(snapshot);
  const std::map<std::string, Bytes> there = Contents();
  for (const auto& [key, content] : there) {
    if (saved.objects.contains(key)) continue;
    PGK_CHECK(store_->Delete(key).ok(), "an object can be deleted");
  }
  for (const auto& [key, content] : saved.objects) {
    const auto found = there.find(key);
    if (found != there.end() && found->second == content) continue;
    PGK_CHECK(store_->Put(key, content).ok(), "an object can be written again");
  }
  modified_ = saved.modified;
}

StoreFeatures BucketTestStore::features() const {
  StoreFeatures features = store_->features();
  const MutexLock lock(mutex_);
  features.conditional_create = true;
  features.can_delete = can_delete_;
  return features;
}

Status BucketTestStore::CheckReadable(std::string_view key) const {
  const MutexLock lock(mutex_);
  if (!unreadable_ || !key.starts_with(*unreadable_)) return Ok();
  return Err(ErrorCode::kPermission, "object {} may not be read with these credentials", key)
      .WithHint("lift ForbidReading");
}

Result<ObjectInfo> BucketTestStore::Noted(Result<ObjectInfo> written) {
  if (!written.ok()) return written;
  written->modified = clock_.Now();
  modified_.insert_or_assign(written->key, written->modified);
  return written;
}

void BucketTestStore::SetTime(ObjectInfo& info) const {
  const auto found = modified_.find(info.key);
  PGK_CHECK(found != modified_.end(), "every object has come through this store");
  info.modified = found->second;
}

Result<ObjectInfo> BucketTestStore::Create(std::string_view key, ByteSpan bytes) {
  if (!versioned_) return store_->CreateIfAbsent(key, bytes);
  const Result<ObjectInfo> there = store_->Head(key);
  if (there.ok()) return Err(ErrorCode::kAlreadyExists, "object {} exists", key);
  if (there.error().code() != ErrorCode::kNotFound) return there.error();
  return store_->Put(key, bytes);
}

Result<ObjectInfo> BucketTestStore::CreateIfAbsent(std::string_view key, ByteSpan bytes) {
  const MutexLock lock(mutex_);
  return Noted(Create(key, bytes));
}

Result<ObjectInfo> BucketTestStore::Put(std::string_view key, ByteSpan bytes) {
  const MutexLock lock(mutex_);
  return Noted(store_->Put(key, bytes));
}

Result<Bytes> BucketTestStore::Get(std::string_view key, uint64_t max_bytes) {
  PGK_TRY(CheckReadable(key));
  return store_->Get(key, max_bytes);
}

Status BucketTestStore::GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) {
  PGK_TRY(CheckReadable(key));
  return store_->GetRange(key, offset, out);
}

Result<ListPage> BucketTestStore::List(std::string_view prefix, std::string_view start_after,
                                       size_t max_keys) {
  const MutexLock lock(mutex_);
  Result<ListPage> page = store_->List(prefix, start_after, max_keys);
  if (!page.ok()) return page;
  for (ObjectInfo& info : page->objects) SetTime(info);
  return page;
}

Result<ObjectInfo> BucketTestStore::Head(std::string_view key) {
  PGK_TRY(CheckReadable(key));
  const MutexLock lock(mutex_);
  Result<ObjectInfo> info = store_->Head(key);
  if (info.ok()) SetTime(*info);
  return info;
}

Status BucketTestStore::Delete(std::string_view key) {
  {
    const MutexLock lock(mutex_);
    if (!can_delete_) {
      return Err(ErrorCode::kPermission, "object {} may not be deleted with these credentials", key)
          .WithHint("use credentials that may delete");
    }
  }
  return store_->Delete(key);
}

Result<Timestamp> BucketTestStore::ServerTime() {
  // Asked for its own sake: the answer is by another clock.
  PGK_TRY(store_->ServerTime());
  return clock_.Now();
}

}  // namespace pgkeep::testing

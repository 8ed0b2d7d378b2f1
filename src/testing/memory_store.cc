#include "testing/memory_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/error.h"

namespace pgkeep::testing {

using storage::ListPage;
using storage::ObjectInfo;
using storage::StoreFeatures;

namespace {

// A 64-bit hash of words, mixed as in splitmix64: no more than a name for the content.
std::string ContentTag(ByteSpan bytes) {
  uint64_t hash = bytes.size();
  while (!bytes.empty()) {
    const size_t size = std::min(bytes.size(), sizeof(uint64_t));
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), size);
    hash = (hash ^ word) * 0xbf58476d1ce4e5b9;
    hash ^= hash >> 31;
    bytes = bytes.subspan(size);
  }
  return fmt::format("{:016x}", hash);
}

Error NoSuchObject(std::string_view key) {
  return Err(ErrorCode::kNotFound, "no object {} in memory store", key);
}

}  // namespace

struct MemoryStore::Content final : Snapshot {
  Objects objects;
  uint64_t used = 0;
};

MemoryStore::MemoryStore(Clock& clock) : clock_(clock) {}

MemoryStore::~MemoryStore() = default;

void MemoryStore::SetCapacity(std::optional<uint64_t> bytes) {
  const MutexLock lock(mutex_);
  capacity_ = bytes;
}

void MemoryStore::SetCanDelete(bool allowed) {
  const MutexLock lock(mutex_);
  can_delete_ = allowed;
}

void MemoryStore::ForbidReading(std::string prefix) {
  const MutexLock lock(mutex_);
  unreadable_ = std::move(prefix);
}

void MemoryStore::Tamper(std::string_view key, const std::function<void(Bytes&)>& change) {
  const MutexLock lock(mutex_);
  const auto found = objects_.find(key);
  PGK_CHECK(found != objects_.end(), "tampering with an object that exists");
  Bytes content = *found->second.content;
  used_ -= content.size();
  change(content);
  used_ += content.size();
  found->second.content = std::make_shared<const Bytes>(std::move(content));
}

void MemoryStore::SetModified(std::string_view key, Timestamp modified) {
  const MutexLock lock(mutex_);
  const auto found = objects_.find(key);
  PGK_CHECK(found != objects_.end(), "changing the time of an object that exists");
  found->second.modified = modified;
}

std::vector<std::string> MemoryStore::Keys() const {
  const MutexLock lock(mutex_);
  std::vector<std::string> keys;
  keys.reserve(objects_.size());
  for (const auto& [key, object] : objects_) keys.push_back(key);
  return keys;
}

std::shared_ptr<const TestStore::Snapshot> MemoryStore::Save() const {
  const MutexLock lock(mutex_);
  auto saved = std::make_shared<Content>();
  saved->objects = objects_;
  saved->used = used_;
  return saved;
}

void MemoryStore::Restore(const Snapshot& snapshot) {
  const MutexLock lock(mutex_);
  const auto& saved = static_cast<const Content&>(snapshot);
  objects_ = saved.objects;
  used_ = saved.used;
}

StoreFeatures MemoryStore::features() const {
  const MutexLock lock(mutex_);
  return {.conditional_create = true,
          .strong_list = true,
          .content_etag = true,
          .versioned = false,
          .can_delete = can_delete_,
          .kind = "memory"};
}

std::string MemoryStore::Url() const { return "memory:"; }

std::string MemoryStore::ExpectedEtag(ByteSpan bytes) const { return ContentTag(bytes); }

Result<ObjectInfo> MemoryStore::Write(std::string_view key, ByteSpan bytes, bool replace) {
  PGK_TRY(storage::ValidateKey(key));
  PGK_TRY(storage::ValidateObjectSize(key, bytes.size()));
  // Everything slow before the lock; what loses the race is thrown away.
  Object object{.content = std::make_shared<const Bytes>(ToBytes(bytes)),
                .etag = ContentTag(bytes),
                .modified = clock_.Now()};
  ObjectInfo info{.key = std::string(key),
                  .size = bytes.size(),
                  .etag = object.etag,
                  .modified = object.modified};
  const MutexLock lock(mutex_);
  const auto found = objects_.find(key);
  uint64_t used = used_ + bytes.size();
  if (found != objects_.end()) {
    if (!replace) return Err(ErrorCode::kAlreadyExists, "object {} exists in memory store", key);
    used -= found->second.content->size();
  }
  if (capacity_ && used > *capacity_) {
    return Err(ErrorCode::kOutOfSpace, "no room for object {} in memory store", key)
        .WithHint("give the memory store a greater capacity");
  }
  used_ = used;
  objects_.insert_or_assign(info.key, std::move(object));
  return info;
}

Result<ObjectInfo> MemoryStore::CreateIfAbsent(std::string_view key, ByteSpan bytes) {
  return Write(key, bytes, false);
}

Result<ObjectInfo> MemoryStore::Put(std::string_view key, ByteSpan bytes) {
  return Write(key, bytes, true);
}

Result<MemoryStore::Object> MemoryStore::FindReadable(std::string_view key) const {
  PGK_TRY(storage::ValidateKey(key));
  const MutexLock lock(mutex_);
  if (unreadable_ && key.starts_with(*unreadable_)) {
    return Err(ErrorCode::kPermission, "object {} may not be read with these credentials", key)
        .WithHint("lift ForbidReading");
  }
  const auto found = objects_.find(key);
  if (found == objects_.end()) return NoSuchObject(key);
  return found->second;
}

Result<Bytes> MemoryStore::Get(std::string_view key, uint64_t max_bytes) {
  PGK_ASSIGN_OR_RETURN(const Object object, FindReadable(key));
  if (object.content->size() > max_bytes) {
    return Err(ErrorCode::kLimitExceeded, "object {} has {} bytes; at most {} were expected", key,
               object.content->size(), max_bytes);
  }
  return *object.content;
}

Status MemoryStore::GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) {
  PGK_ASSIGN_OR_RETURN(const Object object, FindReadable(key));
  const Bytes& content = *object.content;
  if (offset > content.size() || out.size() > content.size() - offset) {
    return Err(ErrorCode::kCorruption, "object ends early: {} bytes at {} of {} wanted, it has {}",
               out.size(), offset, key, content.size());
  }
  std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
  return Ok();
}

Result<ListPage> MemoryStore::List(std::string_view prefix, std::string_view start_after,
                                   size_t max_keys) {
  PGK_TRY(storage::ValidateListArguments(prefix, max_keys));
  max_keys = std::min(max_keys, storage::kMaxListKeys);
  ListPage page;
  const MutexLock lock(mutex_);
  auto at = prefix > start_after ? objects_.lower_bound(prefix) : objects_.upper_bound(start_after);
  for (; at != objects_.end() && at->first.starts_with(prefix); ++at) {
    if (page.objects.size() == max_keys) {
      page.next = page.objects.back().key;
      break;
    }
    page.objects.push_back({.key = at->first,
                            .size = at->second.content->size(),
                            .etag = at->second.etag,
                            .modified = at->second.modified});
  }
  return page;
}

Result<ObjectInfo> MemoryStore::Head(std::string_view key) {
  PGK_ASSIGN_OR_RETURN(const Object object, FindReadable(key));
  return ObjectInfo{.key = std::string(key),
                    .size = object.content->size(),
                    .etag = object.etag,
                    .modified = object.modified};
}

Status MemoryStore::Delete(std::string_view key) {
  PGK_TRY(storage::ValidateKey(key));
  const MutexLock lock(mutex_);
  if (!can_delete_) {
    return Err(ErrorCode::kPermission, "object {} may not be deleted with these credentials", key)
        .WithHint("use credentials that may delete");
  }
  const auto found = objects_.find(key);
  if (found == objects_.end()) return Ok();
  used_ -= found->second.content->size();
  objects_.erase(found);
  return Ok();
}

Result<Timestamp> MemoryStore::ServerTime() { return clock_.Now(); }

Result<std::optional<uint64_t>> MemoryStore::FreeBytes() {
  const MutexLock lock(mutex_);
  if (!capacity_) return std::optional<uint64_t>();
  return std::optional<uint64_t>(*capacity_ - std::min(used_, *capacity_));
}

}  // namespace pgkeep::testing

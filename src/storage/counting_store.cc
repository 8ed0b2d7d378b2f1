#include "storage/counting_store.h"

namespace pgkeep::storage {
namespace {

// Keys come from the repository; a bound keeps a damaged one from growing the table.
constexpr size_t kMaxClasses = 64;
constexpr std::string_view kOtherClass = "other";

std::string_view KeyClass(std::string_view key) { return key.substr(0, key.find('/')); }

// One call with its outcome; content is counted by the caller.
template <class Outcome>
OperationCount CountCall(const Outcome& outcome) {
  return {.calls = 1, .errors = outcome.ok() ? 0U : 1U};
}

}  // namespace

OperationCount& OperationCount::operator+=(const OperationCount& other) {
  calls += other.calls;
  errors += other.errors;
  bytes_written += other.bytes_written;
  bytes_read += other.bytes_read;
  listed += other.listed;
  return *this;
}

OperationCount StoreCounts::Of(StoreOperation operation) const {
  OperationCount sum;
  for (const auto& [cell, count] : by_class) {
    if (cell.first == operation) sum += count;
  }
  return sum;
}

OperationCount StoreCounts::Of(StoreOperation operation, std::string_view key_class) const {
  const auto found = by_class.find({operation, std::string(key_class)});
  return found == by_class.end() ? OperationCount{} : found->second;
}

OperationCount StoreCounts::Total() const {
  OperationCount sum;
  for (const auto& [cell, count] : by_class) sum += count;
  return sum;
}

StoreCounts CountingStore::Counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

void CountingStore::Reset() {
  const MutexLock lock(mutex_);
  counts_.by_class.clear();
  classes_.clear();
}

void CountingStore::Add(StoreOperation operation, std::string_view key,
                        const OperationCount& count) {
  std::string key_class(KeyClass(key));
  const MutexLock lock(mutex_);
  if (!classes_.contains(key_class)) {
    if (classes_.size() < kMaxClasses) {
      classes_.insert(key_class);
    } else {
      key_class = kOtherClass;
    }
  }
  counts_.by_class[{operation, std::move(key_class)}] += count;
}

Result<ObjectInfo> CountingStore::CreateIfAbsent(std::string_view key, ByteSpan bytes) {
  Result<ObjectInfo> created = inner().CreateIfAbsent(key, bytes);
  OperationCount count = CountCall(created);
  if (created.ok()) count.bytes_written = bytes.size();
  Add(StoreOperation::kCreateIfAbsent, key, count);
  return created;
}

Result<ObjectInfo> CountingStore::Put(std::string_view key, ByteSpan bytes) {
  Result<ObjectInfo> written = inner().Put(key, bytes);
  OperationCount count = CountCall(written);
  if (written.ok()) count.bytes_written = bytes.size();
  Add(StoreOperation::kPut, key, count);
  return written;
}

Result<Bytes> CountingStore::Get(std::string_view key, uint64_t max_bytes) {
  Result<Bytes> content = inner().Get(key, max_bytes);
  OperationCount count = CountCall(content);
  if (content.ok()) count.bytes_read = content->size();
  Add(StoreOperation::kGet, key, count);
  return content;
}

Status CountingStore::GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) {
  Status read = inner().GetRange(key, offset, out);
  OperationCount count = CountCall(read);
  if (read.ok()) count.bytes_read = out.size();
  Add(StoreOperation::kGetRange, key, count);
  return read;
}

Result<ListPage> CountingStore::List(std::string_view prefix, std::string_view start_after,
                                     size_t max_keys) {
  Result<ListPage> page = inner().List(prefix, start_after, max_keys);
  OperationCount count = CountCall(page);
  if (page.ok()) count.listed = page->objects.size();
  Add(StoreOperation::kList, prefix, count);
  return page;
}

Result<ObjectInfo> CountingStore::Head(std::string_view key) {
  Result<ObjectInfo> info = inner().Head(key);
  Add(StoreOperation::kHead, key, CountCall(info));
  return info;
}

Status CountingStore::Delete(std::string_view key) {
  Status deleted = inner().Delete(key);
  Add(StoreOperation::kDelete, key, CountCall(deleted));
  return deleted;
}

Result<Timestamp> CountingStore::ServerTime() {
  Result<Timestamp> now = inner().ServerTime();
  Add(StoreOperation::kServerTime, "", CountCall(now));
  return now;
}

Result<std::optional<uint64_t>> CountingStore::FreeBytes() {
  Result<std::optional<uint64_t>> free = inner().FreeBytes();
  Add(StoreOperation::kFreeBytes, "", CountCall(free));
  return free;
}

}  // namespace pgkeep::storage

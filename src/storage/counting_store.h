// A decorator that counts what goes through it: for metrics, and for tests that hold a budget of
// requests and bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "storage/forwarding_store.h"
#include "storage/store_operation.h"

namespace pgkeep::storage {

// Totals of one operation.
struct OperationCount {
  uint64_t calls = 0;
  // Calls that returned an error, kNotFound and kAlreadyExists included. Part of `calls`.
  uint64_t errors = 0;
  // Content handed to the store by calls that succeeded.
  uint64_t bytes_written = 0;
  // Content received from the store.
  uint64_t bytes_read = 0;
  // Objects in the pages of List.
  uint64_t listed = 0;

  OperationCount& operator+=(const OperationCount& other);
  friend bool operator==(const OperationCount&, const OperationCount&) = default;
};

// Everything counted so far, by operation and key class. The class of a key is its first component
// ("p", "dec", "config"); of a listing that of its prefix, "" for the whole store; "" for
// ServerTime and FreeBytes. Beyond 64 classes further ones are counted as "other".
struct StoreCounts {
  std::map<std::pair<StoreOperation, std::string>, OperationCount> by_class;

  // Sum over all classes of one operation.
  OperationCount Of(StoreOperation operation) const;
  // One cell; zeros when nothing was counted there.
  OperationCount Of(StoreOperation operation, std::string_view key_class) const;
  // Sum over everything.
  OperationCount Total() const;
};

// Counts every call. Thread-safe. Changes no result.
class CountingStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  // A consistent copy of the totals.
  StoreCounts Counts() const;
  // Starts again from zero.
  void Reset();

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

 private:
  void Add(StoreOperation operation, std::string_view key, const OperationCount& count);

  mutable Mutex mutex_;
  StoreCounts counts_ PGK_GUARDED_BY(mutex_);
  std::set<std::string> classes_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::storage

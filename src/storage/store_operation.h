// Names for the calls of an object store, shared by the decorators that count them and fail them.
#pragma once

#include <cstddef>
#include <string_view>

namespace pgkeep::storage {

// One value per method of ObjectStore that reaches the store.
enum class StoreOperation {
  kCreateIfAbsent,
  kPut,
  kGet,
  kGetRange,
  kList,
  kHead,
  kDelete,
  kServerTime,
  kFreeBytes,
};

// How many values StoreOperation has; they are consecutive from zero.
inline constexpr size_t kStoreOperationCount = 9;

// The metric and message name: "create", "put", "get", "get_range", "list", ...
std::string_view StoreOperationName(StoreOperation operation);

}  // namespace pgkeep::storage

#include "storage/store_operation.h"

namespace pgkeep::storage {

std::string_view StoreOperationName(StoreOperation operation) {
  switch (operation) {
    case StoreOperation::kCreateIfAbsent:
      return "create";
    case StoreOperation::kPut:
      return "put";
    case StoreOperation::kGet:
      return "get";
    case StoreOperation::kGetRange:
      return "get_range";
    case StoreOperation::kList:
      return "list";
    case StoreOperation::kHead:
      return "head";
    case StoreOperation::kDelete:
      return "delete";
    case StoreOperation::kServerTime:
      return "server_time";
    case StoreOperation::kFreeBytes:
      return "free_bytes";
  }
  return "unknown";
}

}  // namespace pgkeep::storage

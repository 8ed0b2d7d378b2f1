#include "cli/logging_store.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "cli/text_format.h"
#include "storage/forwarding_store.h"
#include "storage/store_operation.h"

namespace pgkeep::cli {
namespace {

using storage::ListPage;
using storage::ObjectInfo;
using storage::StoreOperation;

// The reserve makes no requests of its own: what it costs shows as space.
class LoggingStore final : public storage::ForwardingStore {
 public:
  explicit LoggingStore(std::unique_ptr<storage::ObjectStore> owned)
      : ForwardingStore(*owned), owned_(std::move(owned)) {}

  Result<ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override {
    return Logged(StoreOperation::kCreateIfAbsent, key, inner().CreateIfAbsent(key, bytes),
                  [&](const auto&) { return fmt::format("{} bytes", bytes.size()); });
  }

  Result<ObjectInfo> Put(std::string_view key, ByteSpan bytes) override {
    return Logged(StoreOperation::kPut, key, inner().Put(key, bytes),
                  [&](const auto&) { return fmt::format("{} bytes", bytes.size()); });
  }

  Result<Bytes> Get(std::string_view key, uint64_t max_bytes) override {
    return Logged(StoreOperation::kGet, key, inner().Get(key, max_bytes),
                  [](const auto& content) { return fmt::format("{} bytes", content->size()); });
  }

  Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) override {
    return Logged(StoreOperation::kGetRange, key, inner().GetRange(key, offset, out),
                  [&](const auto&) { return fmt::format("{} bytes from {}", out.size(), offset); });
  }

  Result<ListPage> List(std::string_view prefix, std::string_view start_after,
                        size_t max_keys) override {
    return Logged(StoreOperation::kList, fmt::format("{}*", prefix),
                  inner().List(prefix, start_after, max_keys),
                  [](const auto& page) { return Count(page->objects.size(), "object"); });
  }

  Result<ObjectInfo> Head(std::string_view key) override {
    return Logged(StoreOperation::kHead, key, inner().Head(key),
                  [](const auto& info) { return fmt::format("{} bytes", info->size); });
  }

  Status Delete(std::string_view key) override {
    return Logged(StoreOperation::kDelete, key, inner().Delete(key),
                  [](const auto&) { return std::string("done"); });
  }

  Result<Timestamp> ServerTime() override {
    return Logged(StoreOperation::kServerTime, "", inner().ServerTime(),
                  [](const auto& time) { return FormatUtc(*time); });
  }

  Result<std::optional<uint64_t>> FreeBytes() override {
    return Logged(StoreOperation::kFreeBytes, "", inner().FreeBytes(),
                  [](const auto&) { return std::string("done"); });
  }

 private:
  // Arguments are made before this runs: the call is over.
  template <class Outcome, class Describe>
  static Outcome Logged(StoreOperation operation, std::string_view key, Outcome outcome,
                        Describe describe) {
    if (LogEnabled(LogLevel::kDebug)) {
      Log(LogLevel::kDebug, "store", "{}{}{}: {}", storage::StoreOperationName(operation),
          key.empty() ? "" : " ", key,
          outcome.ok() ? describe(outcome) : outcome.error().ToString());
    }
    return outcome;
  }

  const std::unique_ptr<storage::ObjectStore> owned_;
};

}  // namespace

std::unique_ptr<storage::ObjectStore> MakeLoggingStore(
    std::unique_ptr<storage::ObjectStore> inner) {
  return std::make_unique<LoggingStore>(std::move(inner));
}

}  // namespace pgkeep::cli

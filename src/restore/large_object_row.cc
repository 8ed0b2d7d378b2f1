#include "restore/large_object_row.h"

#include <charconv>
#include <optional>

namespace pgkeep::restore {
namespace {

constexpr std::string_view kHexMark = "\\\\x";  // COPY text doubles the backslash

std::optional<uint32_t> TakeNumber(std::string_view& row) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(row.data(), row.data() + row.size(), number);
  if (error != std::errc()) return std::nullopt;
  row.remove_prefix(static_cast<size_t>(end - row.data()));
  if (!row.starts_with('\t')) return std::nullopt;
  row.remove_prefix(1);
  return number;
}

}  // namespace

Result<LargeObjectPage> ParseLargeObjectRow(std::string_view row) {
  const auto refuse = [] {
    return Error(ErrorCode::kCorruption, "a row of the large objects is not one",
                 "run 'pgkeep verify' on the backup");
  };
  const std::optional<uint32_t> oid = TakeNumber(row);
  if (!oid || *oid == 0) return refuse();
  const std::optional<uint32_t> page = TakeNumber(row);
  if (!page || *page > 0x7fffffffU || !row.starts_with(kHexMark)) return refuse();
  row.remove_prefix(kHexMark.size());
  if (row.size() % 2 != 0 || row.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    return refuse();
  }
  if (row.size() / 2 > kLargeObjectPageBytes) {
    return Err(ErrorCode::kUnsupported,
               "large object {} comes from a server with blocks of another size than 8 KiB", *oid);
  }
  return LargeObjectPage{.oid = *oid, .page = *page, .hex = row};
}

}  // namespace pgkeep::restore

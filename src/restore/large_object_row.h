// Rows of pg_largeobject in COPY text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace pgkeep::restore {

// Bytes of a page: a quarter of the server's block, which has 8 KiB nearly everywhere. Servers that
// were built with other blocks are refused by their first page that is longer.
inline constexpr uint64_t kLargeObjectPageBytes = 2048;

// One page of a large object. Bytes that no page holds, between pages, are zeros.
struct LargeObjectPage {
  uint32_t oid = 0;
  uint32_t page = 0;     // counts from 0
  std::string_view hex;  // its bytes in hexadecimal; borrowed from the row

  uint64_t offset() const { return uint64_t{page} * kLargeObjectPageBytes; }
  uint64_t bytes() const { return hex.size() / 2; }
};

// Reads one row without its line feed; kCorruption if it is none, kUnsupported for longer pages.
Result<LargeObjectPage> ParseLargeObjectRow(std::string_view row);

}  // namespace pgkeep::restore

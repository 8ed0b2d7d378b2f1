#include "backup/large_objects.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "backup/row_cutter.h"

namespace pgkeep::backup {
namespace {

// Bytes of one question: a multiple of every page size that a server can have.
constexpr uint64_t kPortionBytes = uint64_t{1} << 20;
constexpr std::string_view kHexMark = "\\x";

// Writes the pages of objects as rows.
class PageWriter {
 public:
  PageWriter(UnitOutput& output, const crypto::SipHash128& hash, ReadCounters& counters,
             uint64_t page_bytes)
      : cutter_(output), sum_(hash), meter_(counters), page_bytes_(page_bytes) {}

  // Bytes of an object in hexadecimal, from page `page` on.
  Status Add(uint32_t oid, uint64_t page, std::string_view hex) {
    for (; !hex.empty(); ++page) {
      const std::string_view part = hex.substr(0, page_bytes_ * 2);
      hex.remove_prefix(part.size());
      // COPY text doubles the backslash.
      const std::string row = fmt::format("{}\t{}\t\\\\x{}\n", oid, page, part);
      const ByteSpan bytes = AsBytes(row);
      sum_.Add(bytes.first(bytes.size() - 1));
      meter_.AddRow(bytes.size());
      PGK_TRY(cutter_.Add(bytes));
    }
    return Ok();
  }

  Status Finish() { return cutter_.Finish(); }
  const logical::TableFingerprint& fingerprint() const { return sum_.value(); }

 private:
  SizeCutter cutter_;
  logical::FingerprintSum sum_;
  ReadMeter meter_;
  const uint64_t page_bytes_;
};

Status ReadObject(postgres::Connection& connection, uint32_t oid, uint64_t page_bytes,
                  PageWriter& pages) {
  const std::string number = std::to_string(oid);
  const std::string portion = std::to_string(kPortionBytes);
  for (uint64_t offset = 0;; offset += kPortionBytes) {
    const std::string from = std::to_string(offset);
    PGK_ASSIGN_OR_RETURN(
        const postgres::QueryResult result,
        connection.Query("SELECT pg_catalog.lo_get($1, $2, $3)", {number, from, portion}));
    PGK_TRY(result.ExpectRows(1));
    PGK_ASSIGN_OR_RETURN(std::string_view text, result.Text(0, 0));
    if (!text.starts_with(kHexMark) || text.size() % 2 != 0) {
      return Err(ErrorCode::kProtocol, "the bytes of large object {} are not in hexadecimal", oid);
    }
    text.remove_prefix(kHexMark.size());
    PGK_TRY(pages.Add(oid, offset / page_bytes, text));
    if (text.size() / 2 < kPortionBytes) return Ok();
  }
}

}  // namespace

Result<logical::TableFingerprint> ReadLargeObjects(postgres::Connection& connection,
                                                   std::span<const uint32_t> oids,
                                                   std::unique_ptr<repository::RangeWriter> range,
                                                   const crypto::SipHash128& hash,
                                                   ReadCounters& counters) {
  UnitOutput output(std::move(range));
  // A quarter of the server's block (LOBLKSIZE).
  PGK_ASSIGN_OR_RETURN(
      const int64_t page_bytes,
      QueryInt64(connection,
                 "SELECT pg_catalog.current_setting('block_size')::pg_catalog.int8 / 4"));
  if (page_bytes <= 0 || kPortionBytes % static_cast<uint64_t>(page_bytes) != 0) {
    return Err(ErrorCode::kProtocol, "the server's large objects have pages of {} bytes",
               page_bytes);
  }
  PageWriter pages(output, hash, counters, static_cast<uint64_t>(page_bytes));
  for (const uint32_t oid : oids) {
    PGK_TRY_CONTEXT(fmt::format("reading large object {}", oid),
                    ReadObject(connection, oid, static_cast<uint64_t>(page_bytes), pages));
  }
  PGK_TRY(pages.Finish());
  PGK_TRY(output.Close());
  return pages.fingerprint();
}

}  // namespace pgkeep::backup

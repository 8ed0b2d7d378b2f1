#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "restore/large_object_row.h"
#include "restore/row_target.h"

namespace pgkeep::restore {
namespace {

// Digits that are gathered before they are sent: half as many bytes.
constexpr size_t kBatchHexBytes = size_t{2} << 20;

// lo_put() needs no other right than writing to the object. An object number stands in it as often
// as it has pieces.
constexpr std::string_view kPutSql =
    "SELECT pg_catalog.lo_put(o.loid, o.start, o.piece) FROM ROWS FROM ("
    "pg_catalog.unnest($1::pg_catalog.oid[]), pg_catalog.unnest($2::pg_catalog.int8[]), "
    "pg_catalog.unnest($3::pg_catalog.bytea[])) AS o (loid, start, piece)";

// Makes an object longer: the only way to say that it ends with bytes that no page holds. 393216
// opens it for reading and writing; 2 seeks its end.
constexpr std::string_view kExtendSql =
    "SELECT pg_catalog.lo_truncate64(o.fd, $2) FROM (SELECT pg_catalog.lo_open($1, 393216) AS fd "
    "OFFSET 0) AS o WHERE pg_catalog.lo_lseek64(o.fd, 0, 2) < $2";

class LargeObjectTarget final : public RowTarget {
 public:
  explicit LargeObjectTarget(postgres::Connection& connection) : connection_(connection) {}

  Status Write(ByteSpan rows) override {
    std::string_view text = AsText(rows);
    while (!text.empty()) {
      const size_t end = text.find('\n');
      PGK_ASSIGN_OR_RETURN(const LargeObjectPage page, ParseLargeObjectRow(text.substr(0, end)));
      PGK_TRY(Add(page));
      text.remove_prefix(end + 1);
    }
    return Ok();
  }

  Result<uint64_t> Finish() override {
    PGK_TRY(Send());
    for (const auto& [oid, size] : ends_) {
      PGK_TRY(connection_.Query(kExtendSql, {std::to_string(oid), std::to_string(size)}));
    }
    return rows_;
  }

  void Abort(std::string_view /*reason*/) override {}

 private:
  Status Add(const LargeObjectPage& page) {
    ++rows_;
    if (page.hex.empty()) {
      ends_.emplace_back(page.oid, page.offset());
      return Ok();
    }
    const bool follows = !pieces_.empty() && page.oid == last_oid_ && page.offset() == next_offset_;
    if (!follows) {
      StartPiece(page);
      ++started_;
    }
    pieces_ += page.hex;
    last_oid_ = page.oid;
    next_offset_ = page.offset() + page.bytes();
    return pieces_.size() < kBatchHexBytes ? Ok() : Send();
  }

  void StartPiece(const LargeObjectPage& page) {
    const std::string_view comma = pieces_.empty() ? "" : ",";
    oids_ += fmt::format("{}{}", comma, page.oid);
    offsets_ += fmt::format("{}{}", comma, page.offset());
    // In an array a backslash is doubled in quotes.
    pieces_ += pieces_.empty() ? "\"\\\\x" : "\",\"\\\\x";
  }

  Status Send() {
    if (pieces_.empty()) return Ok();
    const std::string oids = "{" + std::exchange(oids_, {}) + "}";
    const std::string offsets = "{" + std::exchange(offsets_, {}) + "}";
    const std::string pieces = "{" + std::exchange(pieces_, {}) + "\"}";
    PGK_ASSIGN_OR_RETURN(const postgres::QueryResult result,
                         connection_.Query(kPutSql, {oids, offsets, pieces}));
    return result.ExpectRows(std::exchange(started_, 0));
  }

  postgres::Connection& connection_;
  uint64_t rows_ = 0;
  std::string oids_;
  std::string offsets_;
  std::string pieces_;  // in hexadecimal, without the last quote
  size_t started_ = 0;  // pieces in there
  uint32_t last_oid_ = 0;
  uint64_t next_offset_ = 0;
  std::vector<std::pair<uint32_t, uint64_t>> ends_;
};

}  // namespace

Result<std::unique_ptr<RowTarget>> OpenLargeObjects(postgres::Connection& connection) {
  return std::make_unique<LargeObjectTarget>(connection);
}

}  // namespace pgkeep::restore

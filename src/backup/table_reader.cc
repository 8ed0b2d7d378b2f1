#include "backup/table_reader.h"

#include <fmt/core.h>

#include <optional>
#include <utility>

#include "postgres/copy_out.h"
#include "postgres/quote.h"

namespace pgkeep::backup {
namespace {

constexpr uint64_t kFlushBytes = uint64_t{256} << 10;
constexpr uint64_t kFlushRows = 4'096;

std::string ColumnList(const TableInfo& table, bool with_ctid) {
  std::string list = with_ctid ? "ctid" : "";
  for (const std::string& column : table.columns) {
    if (!list.empty()) list += ", ";
    list += postgres::QuoteIdentifier(column);
  }
  return list;
}

std::string RangeCondition(const ReadTask& task) {
  std::string condition;
  if (task.first_block > 0) {
    condition = fmt::format(" WHERE ctid >= '({},0)'::pg_catalog.tid", task.first_block);
  }
  if (task.end_block) {
    condition += fmt::format("{} ctid < '({},0)'::pg_catalog.tid",
                             condition.empty() ? " WHERE" : " AND", *task.end_block);
  }
  return condition;
}

// Hands the rows of one COPY to a cutter and adds them up.
class RowFlow {
 public:
  RowFlow(postgres::CopyOut& copy, const crypto::SipHash128& hash, ReadCounters& counters)
      : copy_(copy), sum_(hash), meter_(counters) {}

  Status ByBlock(BlockCutter& cutter, const TableInfo& table, const ReadTask& task) {
    const uint64_t block_bytes = table.blocks == 0 ? 0 : table.bytes / table.blocks;
    while (true) {
      PGK_ASSIGN_OR_RETURN(const std::optional<ByteSpan> row, copy_.Next());
      if (!row) break;
      PGK_ASSIGN_OR_RETURN(const PlacedRow placed, TakeCtid(*row));
      PGK_TRY(Count(placed.rest));
      PGK_TRY(cutter.Add(placed));
      meter_.SetDisk((placed.place.block - task.first_block) * block_bytes);
    }
    meter_.SetDisk(task.disk_bytes);
    return cutter.Finish();
  }

  Status BySize(SizeCutter& cutter, const ReadTask& task) {
    while (true) {
      PGK_ASSIGN_OR_RETURN(const std::optional<ByteSpan> row, copy_.Next());
      if (!row) break;
      PGK_TRY(Count(*row));
      PGK_TRY(cutter.Add(*row));
    }
    meter_.SetDisk(task.disk_bytes);
    return cutter.Finish();
  }

  const logical::TableFingerprint& fingerprint() const { return sum_.value(); }

 private:
  Status Count(ByteSpan row) {
    if (row.empty() || row.back() != '\n') {
      return Error(ErrorCode::kProtocol, "a row does not end with a line feed");
    }
    sum_.Add(row.first(row.size() - 1));
    meter_.AddRow(row.size());
    return Ok();
  }

  postgres::CopyOut& copy_;
  logical::FingerprintSum sum_;
  ReadMeter meter_;
};

}  // namespace

void ReadMeter::AddRow(size_t bytes) {
  ++rows_;
  bytes_ += bytes;
  if (bytes_ >= kFlushBytes || rows_ >= kFlushRows) Flush();
}

void ReadMeter::SetDisk(uint64_t bytes) {
  if (bytes > disk_) disk_ = bytes;
}

void ReadMeter::Flush() {
  counters_.rows += std::exchange(rows_, 0);
  counters_.text_bytes += std::exchange(bytes_, 0);
  counters_.disk_bytes += disk_ - std::exchange(disk_reported_, disk_);
}

std::string CopyStatement(const TableInfo& table, const ReadTask& task) {
  if (!table.condition.empty()) {
    // As pg_dump: the extension's text stands behind the bare name.
    return fmt::format("COPY (SELECT {} FROM {} {}) TO STDOUT", ColumnList(table, false),
                       QualifiedName(table), table.condition);
  }
  return fmt::format("COPY (SELECT {} FROM ONLY {}{}) TO STDOUT",
                     ColumnList(table, table.has_blocks()), QualifiedName(table),
                     RangeCondition(task));
}

std::string ScanSettings(ReadMode mode, int server_version_num) {
  std::string sql =
      "SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off;";
  const bool ranges = mode == ReadMode::kParallel && server_version_num >= 140000;
  // A table that is not cut into ranges has no other way to be read, whatever this says.
  sql += ranges ? "SET enable_seqscan = off; SET enable_tidscan = on;" : "SET enable_seqscan = on;";
  return sql;
}

Result<logical::TableFingerprint> ReadTable(postgres::Connection& connection,
                                            const TableInfo& table, const ReadTask& task,
                                            std::unique_ptr<repository::RangeWriter> range,
                                            const crypto::SipHash128& hash,
                                            ReadCounters& counters) {
  UnitOutput output(std::move(range));
  PGK_ASSIGN_OR_RETURN(postgres::CopyOut copy,
                       postgres::CopyOut::Start(connection, CopyStatement(table, task)));
  RowFlow flow(copy, hash, counters);
  if (table.has_blocks()) {
    BlockCutter cutter(output, task.first_block, task.end_block);
    PGK_TRY(flow.ByBlock(cutter, table, task));
  } else {
    SizeCutter cutter(output);
    PGK_TRY(flow.BySize(cutter, task));
  }
  PGK_TRY(output.Close());
  return flow.fingerprint();
}

}  // namespace pgkeep::backup

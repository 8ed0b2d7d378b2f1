// From rows to units of a stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "repository/range_writer.h"

namespace pgkeep::backup {

// The place of a row in its table.
struct RowPlace {
  uint64_t block = 0;
  uint32_t offset = 0;  // in the block, from 1 on

  friend auto operator<=>(const RowPlace&, const RowPlace&) = default;
};

// A ctid at the front of a row, and what comes behind it.
struct PlacedRow {
  RowPlace place;
  ByteSpan rest;  // without the tab between them
};

// Takes "(12,3)" and the tab behind it off a row of COPY text; without a tab the row has no other
// column, and only its line feed is left. kProtocol for anything else.
Result<PlacedRow> TakeCtid(ByteSpan row);

// The range of a stream into which rows are written. When it goes without Close(), the stream
// cannot be finished: a table that failed is not in the backup.
class UnitOutput {
 public:
  explicit UnitOutput(std::unique_ptr<repository::RangeWriter> range) : range_(std::move(range)) {}

  bool in_unit() const { return in_unit_; }

  Status Append(ByteSpan part);
  Status EndUnit();
  // Empty units until `unit` is next. REQUIRES: no unit is open, and `unit` is not behind.
  Status SkipTo(uint64_t unit);
  Status Close() { return range_->Close(); }

 private:
  const std::unique_ptr<repository::RangeWriter> range_;
  bool in_unit_ = false;
};

// Cuts rows at the borders of heap blocks: the rows of block n are unit n of the stream, a block
// without rows is a hole. One thread at a time.
class BlockCutter {
 public:
  // Rows of the blocks from `first` to before `end`; without `end` to wherever the table ends.
  BlockCutter(UnitOutput& output, uint64_t first, std::optional<uint64_t> end)
      : output_(output), end_(end), last_{.block = first, .offset = 0} {}

  // The next row. kProtocol if it does not come after the one before, or not from these blocks:
  // then the server did not scan the table as it was told, and the blocks would be wrong.
  Status Add(const PlacedRow& row);

  // All rows came.
  Status Finish();

  uint64_t block() const { return last_.block; }

 private:
  UnitOutput& output_;
  const std::optional<uint64_t> end_;
  RowPlace last_;
};

// Cuts rows at about logical::kRowsUnitBytes. One thread at a time.
class SizeCutter {
 public:
  explicit SizeCutter(UnitOutput& output) : output_(output) {}

  Status Add(ByteSpan row);
  Status Finish();

 private:
  UnitOutput& output_;
  size_t unit_bytes_ = 0;
};

}  // namespace pgkeep::backup

#include "restore/row_source.h"

#include <string_view>

namespace pgkeep::restore {
namespace {

constexpr size_t kHandOutBytes = size_t{256} << 10;

}  // namespace

void RowSource::CountRows() {
  const std::string_view text = AsText(buffer_);
  while (true) {
    const size_t end = text.find('\n', scanned_);
    if (end == std::string_view::npos) break;
    sum_.Add(ByteSpan(buffer_).subspan(row_begin_, end - row_begin_));
    row_begin_ = scanned_ = end + 1;
  }
  scanned_ = buffer_.size();
}

Status RowSource::HandOut(const RowSink& sink) {
  if (row_begin_ == 0) return Ok();
  PGK_TRY(sink(ByteSpan(buffer_).first(row_begin_)));
  bytes_ += row_begin_;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(row_begin_));
  scanned_ -= row_begin_;
  row_begin_ = 0;
  return Ok();
}

Status RowSource::Take(const repository::UnitPart& part, const RowSink& sink) {
  if (part.hole) return Ok();
  Append(buffer_, part.bytes);
  CountRows();
  if (part.last() && row_begin_ != buffer_.size()) {
    return Err(ErrorCode::kCorruption, "unit {} ends inside a row", part.unit)
        .WithHint("run 'pgkeep verify' on the backup");
  }
  return row_begin_ < kHandOutBytes ? Ok() : HandOut(sink);
}

Status RowSource::Read(uint64_t first_unit, uint64_t units, const RowSink& sink) {
  PGK_TRY(
      reader_.ReadUnits(first_unit, units, [&](const repository::UnitPart& part) -> Result<bool> {
        PGK_TRY(Take(part, sink));
        return true;
      }));
  return HandOut(sink);
}

}  // namespace pgkeep::restore

#include "backup/row_cutter.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>

#include "logical/stream_format.h"

namespace pgkeep::backup {
namespace {

template <class Number>
bool TakeNumber(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

bool TakeCharacter(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Result<PlacedRow> TakeCtid(ByteSpan row) {
  // The longest is (4294967295,65535).
  const std::string_view head = AsText(row.first(std::min<size_t>(row.size(), 20)));
  std::string_view rest = head;
  uint32_t block = 0;
  uint16_t offset = 0;
  if (!TakeCharacter(rest, '(') || !TakeNumber(rest, block) || !TakeCharacter(rest, ',') ||
      !TakeNumber(rest, offset) || !TakeCharacter(rest, ')') || rest.empty() ||
      (rest.front() != '\t' && rest.front() != '\n')) {
    return Error(ErrorCode::kProtocol, "a row does not begin with its ctid");
  }
  if (rest.front() == '\t') rest.remove_prefix(1);
  const size_t taken = head.size() - rest.size();
  return PlacedRow{.place = {.block = block, .offset = offset}, .rest = row.subspan(taken)};
}

Status UnitOutput::Append(ByteSpan part) {
  in_unit_ = true;
  return range_->AppendPart(part);
}

Status UnitOutput::EndUnit() {
  in_unit_ = false;
  return range_->EndUnit();
}

Status UnitOutput::SkipTo(uint64_t unit) {
  const uint64_t count = unit - range_->next_unit();
  return count == 0 ? Ok() : range_->AppendHoles(count);
}

Status BlockCutter::Add(const PlacedRow& row) {
  if (row.place <= last_ || (end_ && row.place.block >= *end_)) {
    return Err(ErrorCode::kProtocol,
               "the server sent row ({},{}) where rows after ({},{}) were expected",
               row.place.block, row.place.offset, last_.block, last_.offset);
  }
  if (output_.in_unit() && row.place.block != last_.block) PGK_TRY(output_.EndUnit());
  if (!output_.in_unit()) PGK_TRY(output_.SkipTo(row.place.block));
  last_ = row.place;
  return output_.Append(row.rest);
}

Status BlockCutter::Finish() {
  if (output_.in_unit()) PGK_TRY(output_.EndUnit());
  // What follows begins at its own place.
  if (end_) PGK_TRY(output_.SkipTo(*end_));
  return Ok();
}

Status SizeCutter::Add(ByteSpan row) {
  PGK_TRY(output_.Append(row));
  unit_bytes_ += row.size();
  if (unit_bytes_ < logical::kRowsUnitBytes) return Ok();
  unit_bytes_ = 0;
  return output_.EndUnit();
}

Status SizeCutter::Finish() { return output_.in_unit() ? output_.EndUnit() : Ok(); }

}  // namespace pgkeep::backup

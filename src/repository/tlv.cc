#include "repository/tlv.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/endian.h"
#include "base/wire.h"
#include "repository/clean_text.h"

namespace pgkeep::repository {

void TlvWriter::Add(uint16_t tag, ByteSpan value) { AddBytes(tag, ToBytes(value)); }

void TlvWriter::AddBytes(uint16_t tag, Bytes value) {
  const bool added = fields_.emplace(tag, std::move(value)).second;
  PGK_CHECK(added, "a field is added once");
}

void TlvWriter::AddU8(uint16_t tag, uint8_t value) { AddBytes(tag, {value}); }

void TlvWriter::AddU16(uint16_t tag, uint16_t value) {
  Bytes bytes;
  ByteWriter(bytes).U16(value);
  AddBytes(tag, std::move(bytes));
}

void TlvWriter::AddU32(uint16_t tag, uint32_t value) {
  Bytes bytes;
  ByteWriter(bytes).U32(value);
  AddBytes(tag, std::move(bytes));
}

void TlvWriter::AddU64(uint16_t tag, uint64_t value) {
  Bytes bytes;
  ByteWriter(bytes).U64(value);
  AddBytes(tag, std::move(bytes));
}

void TlvWriter::AddTime(uint16_t tag, Timestamp time) {
  PGK_CHECK(time >= Timestamp{} && time <= kMaxObjectTime);
  AddU64(tag, static_cast<uint64_t>(time.time_since_epoch().count()));
}

void TlvWriter::AddText(uint16_t tag, std::string_view text) {
  if (!text.empty()) Add(tag, AsBytes(CleanText(text)));
}

void TlvWriter::AddOptionalTime(uint16_t tag, const std::optional<Timestamp>& time) {
  if (time) AddTime(tag, *time);
}

void TlvWriter::AddExtensions(const TlvExtensions& extensions) {
  for (const TlvField& field : extensions) {
    PGK_CHECK((field.tag & kTlvMandatoryBit) == 0);
    Add(field.tag, field.value);
  }
}

Bytes TlvWriter::Finish() {
  PGK_CHECK(fields_.size() <= kMaxTlvFields);
  Bytes body;
  ByteWriter writer(body);
  for (const auto& [tag, value] : std::exchange(fields_, {})) {
    writer.U16(tag);
    writer.VarBytes(value);
  }
  return body;
}

Result<TlvReader> TlvReader::Parse(ByteSpan body) {
  TlvReader parsed;
  ByteReader reader(body);
  while (reader.remaining() > 0) {
    PGK_ASSIGN_OR_RETURN(const uint16_t tag, reader.U16());
    PGK_ASSIGN_OR_RETURN(const ByteSpan value, reader.VarBytes(reader.remaining(), "field"));
    if (!parsed.entries_.empty() && parsed.entries_.back().tag >= tag) {
      return Err(ErrorCode::kCorruption, "field {:04x} is out of order or repeated", tag);
    }
    if (parsed.entries_.size() == kMaxTlvFields) {
      return Err(ErrorCode::kCorruption, "more than {} fields", kMaxTlvFields);
    }
    parsed.entries_.push_back({tag, value});
  }
  return parsed;
}

Result<TlvExtensions> TlvReader::Extensions(std::initializer_list<uint16_t> known) const {
  TlvExtensions extensions;
  for (const Entry& entry : entries_) {
    if (std::ranges::find(known, entry.tag) != known.end()) continue;
    if ((entry.tag & kTlvMandatoryBit) != 0) {
      return Err(ErrorCode::kUnsupportedVersion,
                 "was written by a newer pgkeep: it has the mandatory field {:04x}, which this one "
                 "does not know",
                 entry.tag);
    }
    extensions.push_back({entry.tag, ToBytes(entry.value)});
  }
  return extensions;
}

std::optional<ByteSpan> TlvReader::Find(uint16_t tag) const {
  const auto found = std::ranges::lower_bound(entries_, tag, {}, &Entry::tag);
  if (found == entries_.end() || found->tag != tag) return std::nullopt;
  return found->value;
}

Result<ByteSpan> TlvReader::Require(uint16_t tag, const char* what) const {
  if (const std::optional<ByteSpan> value = Find(tag)) return *value;
  return Err(ErrorCode::kCorruption, "{} is missing", what);
}

Result<ByteSpan> TlvReader::RequireSize(uint16_t tag, size_t size, const char* what) const {
  PGK_ASSIGN_OR_RETURN(const ByteSpan value, Require(tag, what));
  if (value.size() != size) {
    return Err(ErrorCode::kCorruption, "{} has {} bytes instead of {}", what, value.size(), size);
  }
  return value;
}

Result<uint8_t> TlvReader::RequireU8(uint16_t tag, const char* what) const {
  PGK_ASSIGN_OR_RETURN(const ByteSpan value, RequireSize(tag, 1, what));
  return value[0];
}

Result<uint16_t> TlvReader::RequireU16(uint16_t tag, const char* what) const {
  PGK_ASSIGN_OR_RETURN(const ByteSpan value, RequireSize(tag, 2, what));
  return LoadLe16(value.data());
}

Result<uint64_t> TlvReader::RequireU64(uint16_t tag, const char* what) const {
  PGK_ASSIGN_OR_RETURN(const ByteSpan value, RequireSize(tag, 8, what));
  return LoadLe64(value.data());
}

Result<Timestamp> TlvReader::RequireTime(uint16_t tag, const char* what) const {
  PGK_ASSIGN_OR_RETURN(const ByteSpan value, Require(tag, what));
  return DecodeTime(value, what);
}

Result<std::string> TlvReader::Text(uint16_t tag, const char* what) const {
  const std::optional<ByteSpan> value = Find(tag);
  if (!value) return std::string();
  if (value->empty()) return Err(ErrorCode::kCorruption, "{} is there but empty", what);
  if (!IsCleanText(AsText(*value))) {
    return Err(ErrorCode::kCorruption, "{} is too long or not plain text", what);
  }
  return std::string(AsText(*value));
}

Result<std::optional<Timestamp>> TlvReader::OptionalTime(uint16_t tag, const char* what) const {
  const std::optional<ByteSpan> value = Find(tag);
  if (!value) return std::optional<Timestamp>();
  PGK_ASSIGN_OR_RETURN(const Timestamp time, DecodeTime(*value, what));
  return std::optional<Timestamp>(time);
}

Result<Timestamp> DecodeTime(ByteSpan value, const char* what) {
  if (value.size() != 8) {
    return Err(ErrorCode::kCorruption, "{} has {} bytes instead of 8", what, value.size());
  }
  const uint64_t micros = LoadLe64(value.data());
  if (micros > static_cast<uint64_t>(kMaxObjectTime.time_since_epoch().count())) {
    return Err(ErrorCode::kCorruption, "{} is not between the years 1970 and 9999", what);
  }
  return Timestamp(Duration(static_cast<int64_t>(micros)));
}

}  // namespace pgkeep::repository

#include "base/wire.h"

#include "base/endian.h"

namespace pgkeep {

namespace {

// Makes room for `count` bytes at the end and returns where they begin.
uint8_t* Extend(Bytes& out, size_t count) {
  const size_t before = out.size();
  out.resize(before + count);
  return out.data() + before;
}

}  // namespace

void ByteWriter::U8(uint8_t value) { out_.push_back(value); }
void ByteWriter::U16(uint16_t value) { StoreLe16(Extend(out_, sizeof value), value); }
void ByteWriter::U32(uint32_t value) { StoreLe32(Extend(out_, sizeof value), value); }
void ByteWriter::U64(uint64_t value) { StoreLe64(Extend(out_, sizeof value), value); }

void ByteWriter::Varint(uint64_t value) {
  while (value >= 0x80) {
    out_.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  out_.push_back(static_cast<uint8_t>(value));
}

void ByteWriter::Raw(ByteSpan bytes) { Append(out_, bytes); }

void ByteWriter::VarBytes(ByteSpan bytes) {
  Varint(bytes.size());
  Raw(bytes);
}

Result<const uint8_t*> ByteReader::Take(size_t count) {
  if (count > remaining()) {
    return Err(ErrorCode::kCorruption, "data ends early: {} bytes needed at offset {}, {} left",
               count, position_, remaining());
  }
  const uint8_t* taken = input_.data() + position_;
  position_ += count;
  return taken;
}

Result<uint8_t> ByteReader::U8() {
  PGK_ASSIGN_OR_RETURN(const uint8_t* from, Take(1));
  return *from;
}

Result<uint16_t> ByteReader::U16() {
  PGK_ASSIGN_OR_RETURN(const uint8_t* from, Take(sizeof(uint16_t)));
  return LoadLe16(from);
}

Result<uint32_t> ByteReader::U32() {
  PGK_ASSIGN_OR_RETURN(const uint8_t* from, Take(sizeof(uint32_t)));
  return LoadLe32(from);
}

Result<uint64_t> ByteReader::U64() {
  PGK_ASSIGN_OR_RETURN(const uint8_t* from, Take(sizeof(uint64_t)));
  return LoadLe64(from);
}

Result<uint64_t> ByteReader::Varint() {
  uint64_t value = 0;
  for (size_t length = 1; length <= kVarintBytesMax; ++length) {
    if (length > remaining()) {
      return Err(ErrorCode::kCorruption, "data ends early: in a number at offset {}", position_);
    }
    const uint8_t group = input_[position_ + length - 1];
    value |= static_cast<uint64_t>(group & 0x7f) << (7 * (length - 1));
    if ((group & 0x80) != 0) continue;
    // A last group of zero adds nothing; the tenth has room for one bit only.
    if ((group == 0 && length > 1) || (length == kVarintBytesMax && group > 1)) break;
    position_ += length;
    return value;
  }
  return Err(ErrorCode::kCorruption, "number at offset {} is not in its shortest form", position_);
}

Result<uint64_t> ByteReader::VarintMax(uint64_t max, const char* what) {
  const size_t start = position_;
  PGK_ASSIGN_OR_RETURN(const uint64_t value, Varint());
  if (value > max) {
    position_ = start;
    return Err(ErrorCode::kCorruption, "{} at offset {} is {}, the limit is {}", what, start, value,
               max);
  }
  return value;
}

Result<ByteSpan> ByteReader::Raw(size_t count) {
  PGK_ASSIGN_OR_RETURN(const uint8_t* from, Take(count));
  return ByteSpan(from, count);
}

Result<ByteSpan> ByteReader::VarBytes(size_t max, const char* what) {
  const size_t start = position_;
  PGK_ASSIGN_OR_RETURN(const uint64_t length, VarintMax(max, what));
  Result<ByteSpan> bytes = Raw(static_cast<size_t>(length));
  if (!bytes.ok()) position_ = start;
  return bytes;
}

Status ByteReader::ExpectEnd() const {
  if (remaining() == 0) return Ok();
  return Err(ErrorCode::kCorruption, "{} bytes too many at offset {}", remaining(), position_);
}

}  // namespace pgkeep

// Writing and reading of binary structures: little-endian integers, LEB128 varints and runs of
// bytes. What ByteWriter writes has one form only, and ByteReader accepts no other, so that equal
// structures are equal bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace pgkeep {

// Longest varint: ten groups of seven bits hold 64.
inline constexpr size_t kVarintBytesMax = 10;

// Appends fields to a buffer that it borrows. One thread at a time. Cannot fail.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  void U8(uint8_t value);
  void U16(uint16_t value);
  void U32(uint32_t value);
  void U64(uint64_t value);

  // Unsigned LEB128 in its shortest form, 1 to 10 bytes.
  void Varint(uint64_t value);

  // The bytes alone; the reader has to know how many.
  void Raw(ByteSpan bytes);

  // The length as a varint, then the bytes.
  void VarBytes(ByteSpan bytes);

  // Length of the whole buffer, including what was in it before.
  size_t size() const { return out_.size(); }

 private:
  Bytes& out_;
};

// Takes fields off the front of bytes that it borrows, and trusts none of them: every read is
// checked against what is left, and no length makes it allocate. One thread at a time. Returned
// spans point into the input.
//
// Every failure is kCorruption and leaves the position where it was.
class ByteReader {
 public:
  explicit ByteReader(ByteSpan input) : input_(input) {}

  Result<uint8_t> U8();
  Result<uint16_t> U16();
  Result<uint32_t> U32();
  Result<uint64_t> U64();

  // A LEB128 number; longer forms than needed, and numbers beyond 64 bits, are refused.
  Result<uint64_t> Varint();

  // A varint of at most `max`; `what` names it in the error ("number of frames").
  Result<uint64_t> VarintMax(uint64_t max, const char* what);

  // The next `count` bytes.
  Result<ByteSpan> Raw(size_t count);

  // A varint length of at most `max`, then that many bytes; `what` names them in the error.
  Result<ByteSpan> VarBytes(size_t max, const char* what);

  size_t remaining() const { return input_.size() - position_; }
  size_t position() const { return position_; }

  // Fails if anything is left.
  Status ExpectEnd() const;

 private:
  Result<const uint8_t*> Take(size_t count);

  ByteSpan input_;
  size_t position_ = 0;
};

}  // namespace pgkeep

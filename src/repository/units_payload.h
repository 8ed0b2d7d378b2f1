// The payload of a units frame: lengths of up to 16 units, then their bytes (docs/format/pack.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/hmac.h"
#include "repository/limits.h"
#include "repository/pack_format.h"

namespace pgkeep::repository {

// Collects units until the frame is full. The bytes are stored once, behind room for the length
// table, which is written in front of them at the end; so a payload costs one copy of each unit and
// no allocation after the first. One thread at a time.
class UnitsPayloadBuilder {
 public:
  UnitsPayloadBuilder();

  // True if a unit of this length may be added: 1..1,048,576 bytes, at most 16 units, and beyond
  // the first unit at most 262,144 bytes of units in all.
  [[nodiscard]] bool Fits(size_t unit_bytes) const;

  // Adds a copy of `unit`. REQUIRES: Fits(unit.size()).
  void Add(ByteSpan unit);

  // Adds a unit of `unit_bytes` bytes that the caller fills in: valid until the next call.
  // REQUIRES: Fits(unit_bytes).
  MutableByteSpan AddForWriting(size_t unit_bytes);

  uint16_t units() const { return count_; }
  // Bytes of units, without the table.
  size_t unit_bytes() const { return end_ - kTableRoom; }
  bool empty() const { return count_ == 0; }

  // The unit with this index as added. REQUIRES: index < units().
  ByteSpan unit(size_t index) const;

  // The payload, valid until the next call. REQUIRES: at least one unit. Clear() before the next
  // Add.
  ByteSpan Finish();

  void Clear();

 private:
  // A length takes at most three bytes.
  static constexpr size_t kTableRoom = 3 * kMaxUnitsPerFrame;

  Bytes buffer_;
  size_t end_ = kTableRoom;
  uint16_t count_ = 0;
  std::array<uint32_t, kMaxUnitsPerFrame> lengths_{};
};

// The units of one payload, borrowed from it.
struct UnitsView {
  std::array<ByteSpan, kMaxUnitsPerFrame> spans;
  size_t count = 0;

  std::span<const ByteSpan> units() const { return {spans.data(), count}; }
};

// Splits a payload of `units` units (from the frame header). Errors: kCorruption when a rule of the
// document is broken, a length is not in its shortest form, or bytes are missing or left.
Result<UnitsView> SplitUnits(ByteSpan payload, uint16_t units);

// The content hash of a units payload.
ContentHash ComputeContentHash(const crypto::HmacSha256Key& content_key, ByteSpan payload);

// Length of the unit in a payload of `rlen` bytes with exactly one unit; nothing if no such payload
// has that length.
std::optional<uint32_t> SingleUnitBytes(uint32_t rlen);

// Payload length of one unit of `unit_bytes` (1..1,048,576) bytes; inverse of SingleUnitBytes.
uint32_t SingleUnitPayloadBytes(uint32_t unit_bytes);

}  // namespace pgkeep::repository

// Integers of the archive format. Internal to the room.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace pgkeep::archive {

// Bytes of an integer in the archives that are written here, as in those of pg_dump.
inline constexpr uint8_t kIntBytes = 4;
inline constexpr uint8_t kOffsetBytes = 8;

// Appends the low `size` bytes of a number, lowest first.
inline void AppendLittleEndian(Bytes& out, uint64_t value, uint8_t size) {
  for (uint8_t i = 0; i < size; ++i, value >>= 8) out.push_back(static_cast<uint8_t>(value));
}

// Appends an integer: a byte for the sign, then the magnitude.
inline void AppendInt(Bytes& out, int32_t value, uint8_t size = kIntBytes) {
  const int64_t wide = value;
  out.push_back(static_cast<uint8_t>(value < 0));
  AppendLittleEndian(out, static_cast<uint64_t>(wide < 0 ? -wide : wide), size);
}

}  // namespace pgkeep::archive

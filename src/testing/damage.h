// Damage to bytes, for tests that must notice all of it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "testing/seeded_random.h"

namespace pgkeep::testing {

// Inverts one bit.
inline void FlipBit(MutableByteSpan bytes, size_t bit) {
  bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ (1U << bit % 8));
}

// Calls `look` with the number of the bit, once for every bit of `bytes` while that bit alone is
// inverted.
template <class Look>
void ForEachFlippedBit(MutableByteSpan bytes, Look look) {
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    FlipBit(bytes, bit);
    look(bit);
    FlipBit(bytes, bit);
  }
}

// Changes `bytes` a little, as the generator decides: a bit, a byte, or their number.
inline void Damage(SeededRandom& random, Bytes& bytes) {
  if (bytes.empty()) return;
  const size_t at = random.Next() % bytes.size();
  const auto value = static_cast<uint8_t>(random.Next());
  switch (random.Next() % 5) {
    case 0:
      FlipBit(bytes, at * 8 + value % 8);
      break;
    case 1:
      bytes[at] = value;
      break;
    case 2:
      bytes[at] = static_cast<uint8_t>(bytes[at] + (value % 2 == 0 ? 1 : 255));
      break;
    case 3:
      bytes.resize(at);
      break;
    default:
      bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(at), value);
      break;
  }
}

}  // namespace pgkeep::testing

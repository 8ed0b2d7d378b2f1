#include "base/uuid.h"

#include <array>

#include "base/endian.h"
#include "base/hex.h"

namespace pgkeep {

std::string NewUuidV7(Clock& clock, const FillRandom& fill_random) {
  const auto since_1970 = clock.Now().time_since_epoch();
  const auto millis = std::chrono::floor<std::chrono::milliseconds>(since_1970).count();
  std::array<uint8_t, 16> uuid;
  // The low 48 bits of the time fill the first six bytes; the two that follow are overwritten.
  StoreBe64(uuid.data(), static_cast<uint64_t>(millis) << 16);
  fill_random(MutableByteSpan(uuid).subspan(6));
  uuid[6] = static_cast<uint8_t>((uuid[6] & 0x0f) | 0x70);  // version 7
  uuid[8] = static_cast<uint8_t>((uuid[8] & 0x3f) | 0x80);  // variant of RFC 9562
  std::string text = HexEncode(uuid);
  for (const size_t dash : {8U, 13U, 18U, 23U}) text.insert(dash, 1, '-');
  return text;
}

}  // namespace pgkeep

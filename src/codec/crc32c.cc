#include "codec/crc32c.h"

#include <array>

#include "base/endian.h"
#include "codec/crc32c_impl.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace pgkeep::codec {
namespace internal {
namespace {

constexpr uint32_t kPolynomialReversed = 0x82f63b78;  // 0x1edc6f41, bits reversed

using Table = std::array<uint32_t, 256>;

// tables[k][b] is the CRC of byte b followed by k zero bytes.
constexpr std::array<Table, 8> MakeTables() {
  std::array<Table, 8> tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomialReversed : 0);
    }
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < tables.size(); ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr std::array<Table, 8> kTables = MakeTables();

}  // namespace

uint32_t ExtendCrc32cTable(uint32_t crc, ByteSpan data) {
  uint32_t state = ~crc;
  for (; data.size() >= 8; data = data.subspan(8)) {
    const uint64_t word = LoadLe64(data.data()) ^ state;
    state = 0;
    for (size_t i = 0; i < 8; ++i) state ^= kTables[7 - i][(word >> (8 * i)) & 0xff];
  }
  for (const uint8_t byte : data) state = (state >> 8) ^ kTables[0][(state ^ byte) & 0xff];
  return ~state;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t ExtendCrc32cSse42(uint32_t crc, ByteSpan data) {
  uint64_t state = ~crc;
  for (; data.size() >= 8; data = data.subspan(8))
    state = _mm_crc32_u64(state, LoadLe64(data.data()));
  uint32_t tail = static_cast<uint32_t>(state);
  for (const uint8_t byte : data) tail = _mm_crc32_u8(tail, byte);
  return ~tail;
}
#endif

}  // namespace internal

uint32_t ExtendCrc32c(uint32_t crc, ByteSpan data) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return internal::ExtendCrc32cSse42(crc, data);
#endif
  return internal::ExtendCrc32cTable(crc, data);
}

uint32_t Crc32c(ByteSpan data) { return ExtendCrc32c(0, data); }

}  // namespace pgkeep::codec

#include "codec/crc32c.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <random>

#include "codec/crc32c_impl.h"

namespace pgkeep::codec {
namespace {

// RFC 3720 appendix B.4, and the check value of the CRC-32C catalogue entry.
TEST(Crc32c, GivesPublishedValues) {
  std::array<uint8_t, 32> data{};
  EXPECT_EQ(Crc32c(data), 0x8a9136aaU);
  data.fill(0xff);
  EXPECT_EQ(Crc32c(data), 0x62a8ab43U);
  std::iota(data.begin(), data.end(), uint8_t{0});
  EXPECT_EQ(Crc32c(data), 0x46dd794eU);
  std::reverse(data.begin(), data.end());
  EXPECT_EQ(Crc32c(data), 0x113fdb5cU);
  EXPECT_EQ(Crc32c(AsBytes("123456789")), 0xe3069283U);
  EXPECT_EQ(Crc32c({}), 0U);
}

TEST(Crc32c, ExtendingEqualsOneCallAtEverySplit) {
  Bytes data(67);
  std::iota(data.begin(), data.end(), uint8_t{3});
  const uint32_t whole = Crc32c(data);
  for (size_t split = 0; split <= data.size(); ++split) {
    const ByteSpan all(data);
    EXPECT_EQ(ExtendCrc32c(Crc32c(all.first(split)), all.subspan(split)), whole) << split;
  }
}

// The table runs where the instruction is missing, so no other test would notice a wrong one.
TEST(Crc32c, TableAgreesWithInstructionForAllLengthsAndAlignments) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("sse4.2")) GTEST_SKIP() << "no SSE 4.2 here";
  std::mt19937 random(20260101);
  Bytes data(8192 + 64);
  for (uint8_t& byte : data) byte = static_cast<uint8_t>(random());
  for (size_t offset = 0; offset < 8; ++offset) {
    for (size_t length = 0; length < 200; ++length) {
      const ByteSpan part = ByteSpan(data).subspan(offset, length);
      ASSERT_EQ(internal::ExtendCrc32cTable(7, part), internal::ExtendCrc32cSse42(7, part));
    }
  }
  EXPECT_EQ(internal::ExtendCrc32cTable(0, data), internal::ExtendCrc32cSse42(0, data));
#else
  GTEST_SKIP() << "only the table is built here";
#endif
}

TEST(Crc32c, TableGivesPublishedValue) {
  EXPECT_EQ(internal::ExtendCrc32cTable(0, AsBytes("123456789")), 0xe3069283U);
}

}  // namespace
}  // namespace pgkeep::codec

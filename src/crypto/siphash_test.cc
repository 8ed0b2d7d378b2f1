#include "crypto/siphash.h"

#include <gtest/gtest.h>

#include "crypto/test_hex.h"

namespace pgkeep::crypto {
namespace {

const char kKey[] = "000102030405060708090a0b0c0d0e0f";

// Aumasson and Bernstein, "SipHash: a fast short-input PRF", appendix A, and the authors'
// vectors.h.
TEST(SipHash24, GivesPublishedValues) {
  const SipHash24 hash(Hex(kKey));
  EXPECT_EQ(hash.Hash(Hex("000102030405060708090a0b0c0d0e")), 0xa129ca6149be45e5U);
  EXPECT_EQ(hash.Hash({}), 0x726fdb47dd0e0e31U);
  EXPECT_EQ(hash.Hash(Hex("00")), 0x74f839c593dc67fdU);
}

// The authors' vectors.h for 128 bits of output.
TEST(SipHash128, GivesPublishedValues) {
  const SipHash128 hash(Hex(kKey));
  EXPECT_EQ(hash.Hash({}),
            (SipHash128Value{.low = 0xe6a825ba047f81a3, .high = 0x930255c71472f66d}));
  EXPECT_EQ(hash.Hash(Hex("00")),
            (SipHash128Value{.low = 0x44af996bd8c187da, .high = 0x45fc229b11597634}));
}

TEST(SipHash24, DependsOnKeyAndData) {
  const Bytes page(8192, 1);
  Bytes changed = page;
  changed[4000] ^= 1;
  const SipHash24 hash(Hex(kKey));
  EXPECT_NE(hash.Hash(page), hash.Hash(changed));
  EXPECT_NE(hash.Hash(page), SipHash24(Bytes(16)).Hash(page));
  EXPECT_NE(hash.Hash(page), hash.Hash(Bytes(8193, 1)));
}

TEST(SipHash128, SumIsModulo2To128AndFreeOfOrder) {
  const uint64_t max = ~uint64_t{0};
  SipHash128Value carry = {.low = max, .high = 1};
  carry += {.low = 2, .high = 5};
  EXPECT_EQ(carry, (SipHash128Value{.low = 1, .high = 7}));
  SipHash128Value wrap = {.low = max, .high = max};
  wrap += {.low = 1, .high = 0};
  EXPECT_EQ(wrap, (SipHash128Value{}));
  SipHash128Value plain = {.low = 1, .high = 2};
  plain += {.low = 3, .high = 4};
  EXPECT_EQ(plain, (SipHash128Value{.low = 4, .high = 6}));

  const SipHash128 hash(Hex(kKey));
  SipHash128Value forward;
  SipHash128Value backward;
  for (uint8_t row = 0; row < 100; ++row) forward += hash.Hash(Bytes{row});
  for (uint8_t row = 100; row > 0; --row)
    backward += hash.Hash(Bytes{static_cast<uint8_t>(row - 1)});
  EXPECT_EQ(forward, backward);
}

TEST(SipHashDeathTest, AbortsOnKeysOfAnotherSize) {
  EXPECT_DEATH(SipHash24(Bytes(15)), "16 bytes");
  EXPECT_DEATH(SipHash128(Bytes(32)), "16 bytes");
}

}  // namespace
}  // namespace pgkeep::crypto

#include "crypto/hash.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "crypto/constant_time.h"
#include "crypto/test_hex.h"

namespace pgkeep::crypto {
namespace {

// FIPS 180-2 appendix B and NIST's example of the empty message.
TEST(Sha256, GivesPublishedValues) {
  EXPECT_EQ(HexEncode(Sha256({})),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(HexEncode(Sha256(AsBytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexEncode(Sha256(AsBytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(HexEncode(Sha256(AsBytes(std::string(1000000, 'a')))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Hasher, PiecesGiveTheValueOfTheWhole) {
  constexpr unsigned kSeed = 5;
  std::mt19937 random(kSeed);
  Sha256Hasher hasher;
  for (int round = 0; round < 50; ++round) {
    Bytes data;
    for (unsigned pieces = random() % 8; pieces > 0; --pieces) {
      const Bytes piece(random() % 300, static_cast<uint8_t>(random()));
      hasher.Update(piece);
      Append(data, piece);
    }
    ASSERT_EQ(hasher.Finish(), Sha256(data)) << "seed " << kSeed;
    hasher.Reset();
  }
}

TEST(Sha256Hasher, ResetForgetsAnUnfinishedMessage) {
  Sha256Hasher hasher;
  hasher.Update(AsBytes("left over"));
  hasher.Reset();
  hasher.Update(AsBytes("abc"));
  Sha256Hasher moved = std::move(hasher);
  EXPECT_EQ(moved.Finish(), Sha256(AsBytes("abc")));
}

TEST(Sha256HasherDeathTest, AbortsOnUseAfterFinish) {
  Sha256Hasher hasher;
  static_cast<void>(hasher.Finish());
  EXPECT_DEATH(hasher.Update(AsBytes("x")), "already finished");
  EXPECT_DEATH(static_cast<void>(hasher.Finish()), "already finished");
}

TEST(ConstantTimeEqual, ComparesLengthAndBytes) {
  EXPECT_TRUE(ConstantTimeEqual({}, {}));
  EXPECT_TRUE(ConstantTimeEqual(Bytes{1, 2}, Bytes{1, 2}));
  EXPECT_FALSE(ConstantTimeEqual(Bytes{1, 2}, Bytes{1, 3}));
  EXPECT_FALSE(ConstantTimeEqual(Bytes{1, 2}, Bytes{0, 2}));
  EXPECT_FALSE(ConstantTimeEqual(Bytes{1, 2}, Bytes{1, 2, 0}));
  EXPECT_FALSE(ConstantTimeEqual(Bytes{1, 2}, {}));
}

}  // namespace
}  // namespace pgkeep::crypto

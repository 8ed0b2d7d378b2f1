#include "crypto/kdf.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "crypto/hmac.h"
#include "crypto/test_hex.h"

namespace pgkeep::crypto {
namespace {

constexpr Argon2Params kCheapest = {.memory_bytes = kArgon2MemoryBytesMin, .passes = 3, .lanes = 1};

Bytes Sequence(uint8_t first, size_t size) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(first + i);
  return bytes;
}

// RFC 5869 appendix A, test cases 1 to 3 (the later ones are for SHA-1).
TEST(HkdfSha256, GivesPublishedValues) {
  EXPECT_EQ(
      HexEncode(HkdfSha256(Bytes(22, 0x0b), Sequence(0x00, 13), Sequence(0xf0, 10), 42).Expose()),
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(
      HexEncode(
          HkdfSha256(Sequence(0x00, 80), Sequence(0x60, 80), Sequence(0xb0, 80), 82).Expose()),
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
      "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
      "cc30c58179ec3e87c14c01d5c1f3434f1d87");
  EXPECT_EQ(HexEncode(HkdfSha256(Bytes(22, 0x0b), {}, {}, 42).Expose()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

// The PRK of RFC 5869 test case 1 expands to that case's output.
TEST(HkdfExpandSha256, GivesPublishedValue) {
  const Bytes prk = Hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
  EXPECT_EQ(HexEncode(HkdfExpandSha256(prk, Sequence(0xf0, 10), 42).Expose()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

TEST(HkdfExpandSha256, IsExtractAndExpandOfTheExtractedKey) {
  const Digest32 prk = HmacSha256Key(AsBytes("salt")).Mac(AsBytes("material"));
  EXPECT_EQ(
      HexEncode(HkdfExpandSha256(prk, AsBytes("info"), 8160).Expose()),
      HexEncode(HkdfSha256(AsBytes("material"), AsBytes("salt"), AsBytes("info"), 8160).Expose()));
}

TEST(HkdfSha256DeathTest, AbortsOnSizesOutsideTheRfc) {
  EXPECT_DEATH(static_cast<void>(HkdfSha256(AsBytes("k"), {}, {}, 0)), "8160");
  EXPECT_DEATH(static_cast<void>(HkdfSha256(AsBytes("k"), {}, {}, 8161)), "8160");
  EXPECT_DEATH(static_cast<void>(HkdfSha256({}, {}, {}, 32)), "key material");
  EXPECT_DEATH(static_cast<void>(HkdfExpandSha256(Bytes(31), {}, 32)), "32 bytes");
}

// Made with the Argon2 authors' reference program (Debian package argon2 0~20171227):
//   printf 'correct horse battery staple' | argon2 somesaltsomesalt -id -t 3 -k 65536 -p 1 -l 32
// The vector of RFC 9106 needs four lanes, a secret and associated data, which libsodium lacks.
TEST(Argon2id, AgreesWithTheReferenceProgram) {
  const auto key =
      Argon2id(AsBytes("correct horse battery staple"), AsBytes("somesaltsomesalt"), kCheapest, 32);
  ASSERT_TRUE(key.ok()) << key.error().Describe();
  EXPECT_EQ(HexEncode(key->Expose()),
            "ff8d56b4e28e52e1e6d9d33c87ec881a6ba8473e135972dc4b56d0e027c1811a");
}

TEST(Argon2id, TakesAnEmptyPassphrase) {
  Argon2Params once = kCheapest;
  once.passes = 1;
  EXPECT_TRUE(Argon2id({}, Bytes(16), once, 32).ok());
}

TEST(Argon2id, RefusesCostsBelowTheFloor) {
  for (Argon2Params params :
       {Argon2Params{.memory_bytes = kArgon2MemoryBytesMin - 1024}, Argon2Params{.memory_bytes = 0},
        Argon2Params{.passes = 0}, Argon2Params{.memory_bytes = kArgon2MemoryBytesMin + 1}}) {
    const auto key = Argon2id(AsBytes("pass"), Bytes(16), params, 32);
    ASSERT_FALSE(key.ok());
    EXPECT_EQ(key.error().code(), ErrorCode::kInvalidArgument) << key.error().ToString();
  }
}

// A slot written by somebody else must not make this machine allocate or burn what it asks for:
// each call returns at once.
TEST(Argon2id, RefusesCostsAboveTheCeiling) {
  for (Argon2Params params :
       {Argon2Params{.memory_bytes = kArgon2MemoryBytesMax + 1024},
        Argon2Params{.memory_bytes = ~uint64_t{1023}}, Argon2Params{.passes = kArgon2PassesMax + 1},
        Argon2Params{.passes = ~uint32_t{0}}}) {
    const auto key = Argon2id(AsBytes("pass"), Bytes(16), params, 32);
    ASSERT_FALSE(key.ok());
    EXPECT_EQ(key.error().code(), ErrorCode::kLimitExceeded) << key.error().ToString();
  }
}

TEST(Argon2id, RefusesLanesSaltAndOutputItCannotServe) {
  Argon2Params lanes = kCheapest;
  lanes.lanes = 4;
  EXPECT_EQ(Argon2id(AsBytes("p"), Bytes(16), lanes, 32).error().code(), ErrorCode::kUnsupported);
  for (const size_t salt : {size_t{0}, size_t{15}, size_t{17}}) {
    EXPECT_EQ(Argon2id(AsBytes("p"), Bytes(salt), kCheapest, 32).error().code(),
              ErrorCode::kInvalidArgument);
  }
  for (const size_t n : {size_t{0}, size_t{15}, size_t{1025}}) {
    EXPECT_EQ(Argon2id(AsBytes("p"), Bytes(16), kCheapest, n).error().code(),
              ErrorCode::kInvalidArgument);
  }
}

TEST(Argon2id, ErrorsDoNotShowThePassphrase) {
  const auto key = Argon2id(AsBytes("hunter2"), Bytes(3), kCheapest, 32);
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().Describe().find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace pgkeep::crypto

#include "crypto/sign.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "crypto/test_hex.h"

namespace pgkeep::crypto {
namespace {

struct SignVector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032 section 7.1, tests 1 to 3.
constexpr SignVector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(SigningKey, GivesPublishedKeysAndSignatures) {
  for (const SignVector& vector : kVectors) {
    const Bytes seed = Hex(vector.seed);
    const auto key = SigningKey::FromSeed(seed);
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(HexEncode(key->public_key()), vector.public_key);
    EXPECT_TRUE(BytesEqual(key->ExposeSeed(), seed));
    const Bytes message = Hex(vector.message);
    const Signature64 signature = Sign(*key, message);
    EXPECT_EQ(Bytes(signature.begin(), signature.end()), Hex(vector.signature));
    EXPECT_TRUE(VerifySignature(key->public_key(), message, signature));
  }
}

TEST(SigningKey, GeneratesFromTheSource) {
  FixedRandom random(Hex(kVectors[0].seed));
  EXPECT_EQ(HexEncode(SigningKey::Generate(random).public_key()), kVectors[0].public_key);
  EXPECT_NE(SigningKey::Generate().public_key(), SigningKey::Generate().public_key());
}

TEST(SigningKey, RefusesSeedsOfAnotherSize) {
  for (const size_t size : {size_t{0}, size_t{31}, size_t{33}, size_t{64}}) {
    EXPECT_EQ(SigningKey::FromSeed(Bytes(size)).error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(VerifySignature, RefusesAnotherKeyMessageOrSignature) {
  const SigningKey key = SigningKey::Generate();
  const Signature64 signature = Sign(key, AsBytes("manifest"));
  ASSERT_TRUE(VerifySignature(key.public_key(), AsBytes("manifest"), signature));
  EXPECT_FALSE(
      VerifySignature(SigningKey::Generate().public_key(), AsBytes("manifest"), signature));
  EXPECT_FALSE(VerifySignature(key.public_key(), AsBytes("manifesT"), signature));
  EXPECT_FALSE(VerifySignature(key.public_key(), AsBytes("manifest "), signature));
  EXPECT_FALSE(VerifySignature(key.public_key(), {}, signature));
  EXPECT_FALSE(VerifySignature(key.public_key(), AsBytes("manifest"), Signature64{}));
  for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
    Signature64 changed = signature;
    changed[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    ASSERT_FALSE(VerifySignature(key.public_key(), AsBytes("manifest"), changed)) << bit;
  }
}

// With the neutral element as key and R, and S = 0, the plain verification equation holds for every
// message: a "signature" that anybody can make.
TEST(VerifySignature, RefusesKeysOfSmallOrder) {
  PublicKey neutral{};
  neutral[0] = 1;
  Signature64 signature{};
  signature[0] = 1;
  EXPECT_FALSE(VerifySignature(neutral, AsBytes("anything"), signature));
}

// S and S + L satisfy the same equation; only the smaller one is a signature (RFC 8032
// section 5.1.7).
TEST(VerifySignature, RefusesTheNonCanonicalTwin) {
  const SigningKey key = SigningKey::Generate();
  Signature64 signature = Sign(key, AsBytes("manifest"));
  const Bytes order = Hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    carry += static_cast<unsigned>(signature[32 + i]) + order[i];
    signature[32 + i] = static_cast<uint8_t>(carry);
    carry >>= 8;
  }
  EXPECT_FALSE(VerifySignature(key.public_key(), AsBytes("manifest"), signature));
}

}  // namespace
}  // namespace pgkeep::crypto

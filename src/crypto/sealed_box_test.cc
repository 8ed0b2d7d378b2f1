#include "crypto/sealed_box.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "base/error.h"
#include "crypto/test_hex.h"

namespace pgkeep::crypto {
namespace {

// RFC 7748 section 6.1: Alice's and Bob's keys.
TEST(BoxKeyPair, GivesPublishedPublicKeys) {
  const auto alice = BoxKeyPair::FromSecret(
      Hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  ASSERT_TRUE(alice.ok());
  EXPECT_EQ(HexEncode(alice->public_key()),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  const auto bob = BoxKeyPair::FromSecret(
      Hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  ASSERT_TRUE(bob.ok());
  EXPECT_EQ(HexEncode(bob->public_key()),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
}

TEST(BoxKeyPair, SecretRoundTripsAndWrongSizesAreRefused) {
  const BoxKeyPair pair = BoxKeyPair::Generate();
  const auto again = BoxKeyPair::FromSecret(pair.ExposeSecret());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->public_key(), pair.public_key());
  EXPECT_NE(BoxKeyPair::Generate().public_key(), pair.public_key());
  for (const size_t size : {size_t{0}, size_t{31}, size_t{33}}) {
    EXPECT_EQ(BoxKeyPair::FromSecret(Bytes(size)).error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(SealTo, OnlyTheRecipientOpens) {
  const BoxKeyPair recipient = BoxKeyPair::Generate();
  const auto sealed = SealTo(recipient.public_key(), AsBytes("session key"));
  ASSERT_TRUE(sealed.ok());
  EXPECT_EQ(sealed->size(), 11 + kSealedBoxOverheadBytes);
  const auto opened = OpenSealed(recipient, *sealed);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(AsText(opened->Expose()), "session key");

  const auto stranger = OpenSealed(BoxKeyPair::Generate(), *sealed);
  ASSERT_FALSE(stranger.ok());
  EXPECT_EQ(stranger.error().code(), ErrorCode::kWrongKey);
}

// The format is libsodium's own, so that another program can open a box with nothing but libsodium.
TEST(SealTo, IsLibsodiumsSealedBoxInBothDirections) {
  const BoxKeyPair pair = BoxKeyPair::Generate();
  const auto ours = SealTo(pair.public_key(), AsBytes("hello"));
  ASSERT_TRUE(ours.ok());
  Bytes opened(5);
  ASSERT_EQ(crypto_box_seal_open(opened.data(), ours->data(), ours->size(),
                                 pair.public_key().data(), pair.ExposeSecret().data()),
            0);
  EXPECT_EQ(AsText(opened), "hello");

  Bytes theirs(5 + crypto_box_SEALBYTES);
  ASSERT_EQ(crypto_box_seal(theirs.data(), opened.data(), 5, pair.public_key().data()), 0);
  const auto secret = OpenSealed(pair, theirs);
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(AsText(secret->Expose()), "hello");
}

TEST(SealTo, TakesItsEphemeralKeyFromTheSource) {
  const BoxKeyPair pair = BoxKeyPair::Generate();
  FixedRandom first(Bytes(32, 1));
  FixedRandom same(Bytes(32, 1));
  FixedRandom other(Bytes(32, 2));
  const Bytes sealed = SealTo(pair.public_key(), AsBytes("x"), first).value();
  EXPECT_EQ(SealTo(pair.public_key(), AsBytes("x"), same).value(), sealed);
  EXPECT_NE(SealTo(pair.public_key(), AsBytes("x"), other).value(), sealed);
  EXPECT_NE(SealTo(pair.public_key(), AsBytes("x")).value(), sealed);
}

TEST(SealTo, RefusesKeysThatNoOwnerCanHave) {
  // Points of small order: zero and one (RFC 7748 section 6.1 asks to check for them).
  Bytes one(32);
  one[0] = 1;
  for (const Bytes& key : {Bytes(32), one, Bytes(31, 5), Bytes{}}) {
    const auto sealed = SealTo(key, AsBytes("secret"));
    ASSERT_FALSE(sealed.ok());
    EXPECT_EQ(sealed.error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(OpenSealed, RefusesEveryFlippedBitAndTruncation) {
  const BoxKeyPair pair = BoxKeyPair::Generate();
  const Bytes sealed = SealTo(pair.public_key(), AsBytes("k")).value();
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    // The top bit of an X25519 public key is ignored by the curve, but it is part of the nonce.
    Bytes changed = sealed;
    changed[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    ASSERT_FALSE(OpenSealed(pair, changed).ok()) << bit;
  }
  for (size_t size = 0; size < sealed.size(); ++size) {
    const auto opened = OpenSealed(pair, ByteSpan(sealed).first(size));
    ASSERT_FALSE(opened.ok()) << size;
    EXPECT_EQ(opened.error().code(),
              size < kSealedBoxOverheadBytes ? ErrorCode::kCorruption : ErrorCode::kWrongKey);
  }
}

TEST(OpenSealed, OpensAnEmptyMessage) {
  const BoxKeyPair pair = BoxKeyPair::Generate();
  const auto opened = OpenSealed(pair, SealTo(pair.public_key(), {}).value());
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(opened->empty());
}

}  // namespace
}  // namespace pgkeep::crypto

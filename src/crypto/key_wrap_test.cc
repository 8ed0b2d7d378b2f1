#include "crypto/key_wrap.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "crypto/test_hex.h"

namespace pgkeep::crypto {
namespace {

// draft-irtf-cfrg-xchacha-03 appendix A.3.1.
TEST(WrapKey, GivesThePublishedCiphertextAfterItsNonce) {
  const Bytes kek = Hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const Bytes nonce = Hex("404142434445464748494a4b4c4d4e4f5051525354555657");
  const Bytes aad = Hex("50515253c0c1c2c3c4c5c6c7");
  const std::string_view plain =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  Bytes expected = nonce;
  Append(expected, Hex("bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
                       "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
                       "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
                       "21f9664c97637da9768812f615c68b13b52e"
                       "c0875924c1c7987947deafd8780acf49"));
  FixedRandom random(nonce);
  EXPECT_EQ(WrapKey(kek, aad, AsBytes(plain), random), expected);
  const auto secret = UnwrapKey(kek, aad, expected);
  ASSERT_TRUE(secret.ok());
  EXPECT_EQ(AsText(secret->Expose()), plain);
}

TEST(WrapKey, DrawsANewNonceEachTime) {
  const Bytes kek(32, 1);
  EXPECT_NE(WrapKey(kek, {}, Bytes(32)), WrapKey(kek, {}, Bytes(32)));
}

TEST(UnwrapKey, RefusesAnotherKeyOrAadAsWrongKey) {
  const Bytes wrapped = WrapKey(Bytes(32, 1), AsBytes("slot 1"), Bytes(32, 2));
  ASSERT_TRUE(UnwrapKey(Bytes(32, 1), AsBytes("slot 1"), wrapped).ok());
  for (const auto& result : {UnwrapKey(Bytes(32, 9), AsBytes("slot 1"), wrapped),
                             UnwrapKey(Bytes(32, 1), AsBytes("slot 2"), wrapped),
                             UnwrapKey(Bytes(32, 1), {}, wrapped)}) {
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code(), ErrorCode::kWrongKey);
    EXPECT_NE(result.error().hint(), "");
  }
}

TEST(UnwrapKey, RefusesEveryFlippedBitAndTruncation) {
  const Bytes kek(32, 1);
  const Bytes wrapped = WrapKey(kek, {}, Bytes(32, 2));
  for (size_t bit = 0; bit < wrapped.size() * 8; ++bit) {
    Bytes changed = wrapped;
    changed[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    ASSERT_FALSE(UnwrapKey(kek, {}, changed).ok()) << bit;
  }
  for (size_t size = 0; size < wrapped.size(); ++size) {
    const auto result = UnwrapKey(kek, {}, ByteSpan(wrapped).first(size));
    ASSERT_FALSE(result.ok()) << size;
    EXPECT_EQ(result.error().code(),
              size < kWrapOverheadBytes ? ErrorCode::kCorruption : ErrorCode::kWrongKey);
  }
}

TEST(WrapKey, TakesAnEmptySecret) {
  const Bytes kek(32, 1);
  const auto secret = UnwrapKey(kek, {}, WrapKey(kek, {}, {}));
  ASSERT_TRUE(secret.ok());
  EXPECT_TRUE(secret->empty());
}

}  // namespace
}  // namespace pgkeep::crypto

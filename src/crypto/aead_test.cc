#include "crypto/aead.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <algorithm>
#include <random>

#include "base/error.h"
#include "crypto/test_hex.h"

namespace pgkeep::crypto {
namespace {

struct GcmVector {
  const char* key;
  const char* nonce;
  const char* aad;
  const char* plain;
  const char* sealed;  // ciphertext and tag
};

// The first four: McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", test cases 13
// to 16. The last: NIST CAVP, gcmEncryptExtIV256.rsp, 128-bit plaintext with 160-bit AAD.
constexpr GcmVector kGcmVectors[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18 d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    {"83688deb4af8007f9b713b47cfa6c73e35ea7a3aa4ecdb414dded03bf7a0fd3a", "0b459724904e010a46901cf3",
     "794a14ccd178c8ebfd1379dc704c5e208f9d8424", "33d893a2114ce06fc15d55e454cf90c3",
     "cc66bee423e3fcd4c0865715e9586696 0fb291bd3dba94a1dfd8b286cfb97ac5"},
};

Bytes Sealed(Aes256Gcm& cipher, ByteSpan nonce, ByteSpan aad, ByteSpan plain) {
  Bytes out(plain.size() + kAes256GcmTagBytes);
  cipher.Seal(nonce, aad, plain, out);
  return out;
}

// Expects a refusal that leaves nothing but zeros in the output.
void ExpectRefused(Aes256Gcm& cipher, ByteSpan nonce, ByteSpan aad, ByteSpan sealed) {
  Bytes out(sealed.size() - std::min(sealed.size(), kAes256GcmTagBytes), 0xee);
  const Status status = cipher.Open(nonce, aad, sealed, out);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(out, Bytes(out.size(), 0));
}

class Aes256GcmSeal : public testing::Test {
 protected:
  Bytes key_ = Bytes(32, 1);
  Bytes nonce_ = Bytes(12, 2);
  Bytes aad_ = Bytes(20, 3);
  Bytes plain_ = Bytes(100, 4);
  Aes256Gcm cipher_ = Aes256Gcm(key_);
  Bytes sealed_ = Sealed(cipher_, nonce_, aad_, plain_);
};

TEST(Aes256Gcm, GivesPublishedValues) {
  Aes256Gcm cipher(Bytes(32, 0xff));
  for (const GcmVector& vector : kGcmVectors) {
    SCOPED_TRACE(vector.sealed);
    const Bytes plain = Hex(vector.plain);
    const Bytes expected = Hex(vector.sealed);
    cipher.SetKey(Hex(vector.key));
    EXPECT_EQ(Sealed(cipher, Hex(vector.nonce), Hex(vector.aad), plain), expected);
    Bytes opened(plain.size());
    EXPECT_TRUE(cipher.Open(Hex(vector.nonce), Hex(vector.aad), expected, opened).ok());
    EXPECT_EQ(opened, plain);
  }
}

TEST_F(Aes256GcmSeal, RefusesEveryFlippedBit) {
  for (size_t bit = 0; bit < sealed_.size() * 8; ++bit) {
    Bytes changed = sealed_;
    changed[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    ExpectRefused(cipher_, nonce_, aad_, changed);
    if (HasFailure()) break;
  }
}

TEST_F(Aes256GcmSeal, RefusesEveryTruncationAndAnExtension) {
  for (size_t size = 0; size < sealed_.size(); ++size) {
    ExpectRefused(cipher_, nonce_, aad_, ByteSpan(sealed_).first(size));
    if (HasFailure()) break;
  }
  Bytes longer = sealed_;
  longer.push_back(0);
  ExpectRefused(cipher_, nonce_, aad_, longer);
}

TEST_F(Aes256GcmSeal, RefusesAnotherNonceAadOrKey) {
  ExpectRefused(cipher_, Bytes(12, 9), aad_, sealed_);
  ExpectRefused(cipher_, nonce_, Bytes(20, 9), sealed_);
  ExpectRefused(cipher_, nonce_, ByteSpan(aad_).first(19), sealed_);
  ExpectRefused(cipher_, nonce_, {}, sealed_);
  cipher_.SetKey(Bytes(32, 9));
  ExpectRefused(cipher_, nonce_, aad_, sealed_);
  cipher_.SetKey(key_);
  Bytes opened(plain_.size());
  EXPECT_TRUE(cipher_.Open(nonce_, aad_, sealed_, opened).ok()) << "the right key opens it again";
}

TEST_F(Aes256GcmSeal, LeavesNoErrorInTheThreadsQueueOfOpenSsl) {
  ERR_clear_error();
  sealed_[0] ^= 1;
  ExpectRefused(cipher_, nonce_, aad_, sealed_);
  EXPECT_EQ(ERR_peek_error(), 0U) << "it would surface in an unrelated TLS call";
}

// Frame after frame under one key: a reused context must give what a fresh one gives, whatever was
// sealed, opened or refused before.
TEST(Aes256Gcm, ReusedContextGivesTheSameAsAFreshOne) {
  constexpr unsigned kSeed = 99;
  std::mt19937 random(kSeed);
  const Bytes key(32, 7);
  Aes256Gcm reused(key);
  for (uint8_t frame = 0; frame < 100; ++frame) {
    Bytes nonce(12);
    nonce[0] = frame;
    const Bytes aad(random() % 130, frame);
    const Bytes plain(random() % 5000, frame);
    Aes256Gcm fresh(key);
    const Bytes sealed = Sealed(reused, nonce, aad, plain);
    ASSERT_EQ(sealed, Sealed(fresh, nonce, aad, plain)) << "seed " << kSeed;
    Bytes opened(plain.size());
    ASSERT_TRUE(reused.Open(nonce, aad, sealed, opened).ok());
    ASSERT_EQ(opened, plain);
    if (frame % 3 == 0) ExpectRefused(reused, nonce, Bytes(131, 1), sealed);
  }
}

TEST(Aes256Gcm, MovedCipherKeepsItsKey) {
  const Bytes nonce(12);
  Aes256Gcm first(Bytes(32, 5));
  const Bytes sealed = Sealed(first, nonce, {}, AsBytes("frame"));
  Aes256Gcm second = std::move(first);
  EXPECT_EQ(Sealed(second, nonce, {}, AsBytes("frame")), sealed);
}

TEST(Aes256GcmDeathTest, AbortsOnWrongSizes) {
  Aes256Gcm cipher(Bytes(32, 5));
  Bytes out(16);
  EXPECT_DEATH(Aes256Gcm(Bytes(16)), "32 bytes");
  EXPECT_DEATH(cipher.Seal(Bytes(11), {}, {}, out), "12 bytes");
  EXPECT_DEATH(cipher.Seal(Bytes(12), {}, AsBytes("x"), out), "a tag");
}

}  // namespace
}  // namespace pgkeep::crypto

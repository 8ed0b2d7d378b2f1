#include "repository/pack_keys.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "crypto/kdf.h"
#include "testing/damage.h"
#include "testing/seeded_random.h"

namespace pgkeep::repository {
namespace {

constexpr ByteArray<16> kSalt = {9, 8, 7, 6, 5, 4, 3, 2, 1};

struct Subject {
  RepositoryId repository;
  PackName name;
  Bytes prk = Bytes(kKeyBytes, 0x5c);
};

Subject Sample() {
  Subject subject;
  subject.repository.bytes.fill(0x11);
  subject.name = {.writer = {}, .kind = PackKind::kData, .seq = 7};
  subject.name.writer.bytes.fill(0x22);
  return subject;
}

ErrorCode CodeOf(const Result<PackKeys>& keys) {
  EXPECT_FALSE(keys.ok());
  return keys.ok() ? ErrorCode::kInternal : keys.error().code();
}

TEST(PackKeys, ComeFromTheDocumentedDerivation) {
  const Subject subject = Sample();
  const PackKeys keys = NewPackKeys(subject.name, subject.repository, kSalt, subject.prk);
  Bytes info = ToBytes(AsBytes("pgkeep1 pack"));
  Append(info, Bytes{1, 1});  // suite, data
  Append(info, Bytes(16, 0x11));
  Append(info, Bytes(16, 0x22));
  Append(info, Bytes{7, 0, 0, 0});
  Append(info, kSalt);
  const SecretBytes derived = crypto::HkdfExpandSha256(subject.prk, info, 48);
  EXPECT_TRUE(BytesEqual(keys.ExposeKey(), derived.Expose().first(32)));
  EXPECT_TRUE(BytesEqual(ByteSpan(keys.header()).subspan(72, 16), derived.Expose().subspan(32)));
  EXPECT_TRUE(BytesEqual(ByteSpan(keys.header()).subspan(56, 16), kSalt));
}

TEST(PackKeys, AReaderFindsTheWritersKey) {
  const Subject subject = Sample();
  const PackKeys written = NewPackKeys(subject.name, subject.repository, kSalt, subject.prk);
  const auto read = OpenPackHeader(written.header(), subject.name, subject.repository, subject.prk);
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(BytesEqual(read->ExposeKey(), written.ExposeKey()));
  EXPECT_EQ(read->header(), written.header());
  EXPECT_EQ(read->name(), subject.name);
}

TEST(PackKeys, AnotherKeyIsTheWrongKey) {
  const Subject subject = Sample();
  const PackKeys keys = NewPackKeys(subject.name, subject.repository, kSalt, subject.prk);
  Bytes prk = subject.prk;
  testing::ForEachFlippedBit(prk, [&](size_t bit) {
    ASSERT_EQ(CodeOf(OpenPackHeader(keys.header(), subject.name, subject.repository, prk)),
              ErrorCode::kWrongKey)
        << bit;
  });
}

TEST(PackKeys, DamageIsNeverTakenForAWrongKey) {
  const Subject subject = Sample();
  PackHeaderBytes header =
      NewPackKeys(subject.name, subject.repository, kSalt, subject.prk).header();
  testing::ForEachFlippedBit(header, [&](size_t bit) {
    ASSERT_EQ(CodeOf(OpenPackHeader(header, subject.name, subject.repository, subject.prk)),
              ErrorCode::kCorruption)
        << bit;
  });
}

TEST(PackKeys, AnotherPackIsNotTheExpectedOne) {
  const Subject subject = Sample();
  const auto open = [&](const PackName& name, const RepositoryId& repository) {
    const PackKeys keys = NewPackKeys(subject.name, subject.repository, kSalt, subject.prk);
    return CodeOf(OpenPackHeader(keys.header(), name, repository, subject.prk));
  };
  PackName other = subject.name;
  other.seq = 8;
  EXPECT_EQ(open(other, subject.repository), ErrorCode::kCorruption);
  other = subject.name;
  other.kind = PackKind::kMeta;
  EXPECT_EQ(open(other, subject.repository), ErrorCode::kCorruption);
  other = subject.name;
  other.writer.bytes[15] = 0;
  EXPECT_EQ(open(other, subject.repository), ErrorCode::kCorruption);
  RepositoryId repository = subject.repository;
  repository.bytes[0] = 0;
  EXPECT_EQ(open(subject.name, repository), ErrorCode::kCorruption);
}

// Each input of the derivation alone makes another key, so packs never share one by accident.
TEST(PackKeys, DifferForEveryInput) {
  const Subject subject = Sample();
  const PackKeys base = NewPackKeys(subject.name, subject.repository, kSalt, subject.prk);
  const auto differs = [&](const PackKeys& keys) {
    return !BytesEqual(keys.ExposeKey(), base.ExposeKey());
  };
  Subject other = Sample();
  other.name.seq = 6;
  EXPECT_TRUE(differs(NewPackKeys(other.name, other.repository, kSalt, other.prk)));
  other = Sample();
  other.name.kind = PackKind::kMeta;
  EXPECT_TRUE(differs(NewPackKeys(other.name, other.repository, kSalt, other.prk)));
  other = Sample();
  other.name.writer.bytes[0] = 0;
  EXPECT_TRUE(differs(NewPackKeys(other.name, other.repository, kSalt, other.prk)));
  other = Sample();
  other.repository.bytes[0] = 0;
  EXPECT_TRUE(differs(NewPackKeys(other.name, other.repository, kSalt, other.prk)));
  ByteArray<16> salt = kSalt;
  salt[15] = 1;
  EXPECT_TRUE(differs(NewPackKeys(subject.name, subject.repository, salt, subject.prk)));
}

TEST(FrameNonce, IsNumberThenTail) {
  FrameHeader header;
  header.number = 0x01020304;
  header.nonce_tail = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(HexEncode(FrameNonce(header)), "040302010102030405060708");
}

TEST(FrameAad, IsPackHeaderThenFrameHeaderWithoutChecksum) {
  Bytes pack(kPackHeaderBytes, 0xaa);
  Bytes frame(kFrameHeaderBytes, 0xbb);
  frame[27] = 0xcc;
  frame[28] = 0xdd;
  EXPECT_EQ(HexEncode(FrameAad(pack, frame)),
            HexEncode(pack) + HexEncode(ByteSpan(frame).first(27)) + "cc");
}

}  // namespace
}  // namespace pgkeep::repository

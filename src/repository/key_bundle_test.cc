#include "repository/key_bundle.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "crypto/kdf.h"
#include "repository/key_ring.h"
#include "repository/limits.h"
#include "repository/tlv.h"
#include "testing/control_samples.h"

namespace pgkeep::repository {
namespace {

using testing::ControlFixture;
using testing::SeededRandom;

std::string Hex(const SecretBytes& secret) { return HexEncode(secret.Expose()); }

TEST(KeyBundle, IsReadBackInItsOneEncoding) {
  ControlFixture fixture(1);
  const KeyBundle host = fixture.bundle.ToHostBundle(fixture.repository);
  const KeyBundle rotated = fixture.bundle.Rotated(fixture.random, true);
  for (const KeyBundle* bundle : {&std::as_const(fixture.bundle), &host, &rotated}) {
    const SecretBytes bytes = bundle->Encode();
    const Result<KeyBundle> decoded = KeyBundle::Decode(bytes.Expose());
    ASSERT_TRUE(decoded.ok()) << decoded.error().Describe();
    EXPECT_EQ(Hex(decoded->Encode()), Hex(bytes));
    EXPECT_EQ(decoded->kind(), bundle->kind());
    EXPECT_EQ(Hex(bundle->Clone().Encode()), Hex(bytes));
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(KeyBundle::Decode(bytes.Expose().first(size)).ok()) << size;
    }
  }
}

TEST(KeyBundle, RefusesFieldsOfANewerProgram) {
  const ControlFixture fixture(1);
  for (const uint16_t tag : {uint16_t{0x8009}, uint16_t{0xffff}}) {
    Bytes bytes = ToBytes(fixture.bundle.Encode().Expose());
    TlvWriter more;
    more.AddU8(tag, 1);
    Append(bytes, more.Finish());
    EXPECT_EQ(KeyBundle::Decode(bytes).error().code(), ErrorCode::kUnsupportedVersion);
  }
  // An optional one too: a rotation would lose it.
  Bytes bytes = ToBytes(fixture.bundle.Encode().Expose());
  bytes.insert(bytes.begin() + 1, {0x01, 0x00, 0x00});
  EXPECT_EQ(KeyBundle::Decode(bytes).error().code(), ErrorCode::kUnsupportedVersion);
  bytes = {9};
  EXPECT_EQ(KeyBundle::Decode(bytes).error().code(), ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(KeyBundle::Decode({}).error().code(), ErrorCode::kCorruption);
}

TEST(KeyBundle, RefusesImpossibleListsOfDataKeys) {
  const auto body = [](size_t data_bytes) {
    TlvWriter fields;
    fields.Add(0x8001, Bytes(32, 1));
    fields.Add(0x8002, Bytes(data_bytes, 2));
    fields.Add(0x8003, Bytes(32, 3));
    Bytes bytes = {1};
    Append(bytes, fields.Finish());
    return bytes;
  };
  EXPECT_TRUE(KeyBundle::Decode(body(32)).ok());
  EXPECT_TRUE(KeyBundle::Decode(body(32 * kMaxDataPrivateKeys)).ok());
  for (const size_t size : {size_t{0}, size_t{31}, size_t{33}, 32 * (kMaxDataPrivateKeys + 1)}) {
    EXPECT_EQ(KeyBundle::Decode(body(size)).error().code(), ErrorCode::kCorruption) << size;
  }
}

TEST(KeyBundle, OfAHostHoldsNothingThatReadsData) {
  const ControlFixture fixture(1);
  const KeyBundle host = fixture.bundle.ToHostBundle(fixture.repository);
  const std::string bytes = Hex(host.Encode());
  EXPECT_EQ(bytes.find(Hex(fixture.bundle.full()->root)), std::string::npos);
  EXPECT_EQ(bytes.find(Hex(fixture.bundle.full()->data_private[0])), std::string::npos);
  EXPECT_NE(bytes.find(Hex(fixture.bundle.full()->signing_seed)), std::string::npos);
}

TEST(KeyBundle, RotationKeepsWhatOldBackupsNeed) {
  ControlFixture fixture(1);
  const KeyBundle rotated = fixture.bundle.Rotated(fixture.random, false);
  ASSERT_EQ(rotated.full()->data_private.size(), 2U);
  EXPECT_EQ(Hex(rotated.full()->data_private[0]), Hex(fixture.bundle.full()->data_private[0]));
  EXPECT_EQ(Hex(rotated.full()->root), Hex(fixture.bundle.full()->root));
  EXPECT_EQ(Hex(rotated.full()->signing_seed), Hex(fixture.bundle.full()->signing_seed));
  const KeyBundle again = fixture.bundle.Rotated(fixture.random, true);
  EXPECT_NE(Hex(again.full()->signing_seed), Hex(fixture.bundle.full()->signing_seed));
}

// The texts and salts of keys.md, spelled out once more: with other ones old repositories are lost.
TEST(KeyRing, DerivesTheKeysOfTheFormat) {
  const ControlFixture fixture(1);
  const ByteSpan root = fixture.bundle.full()->root.Expose();
  const auto derive = [&](std::string_view info) {
    return crypto::HkdfSha256(root, fixture.repository.bytes, AsBytes(info), 32);
  };
  EXPECT_TRUE(BytesEqual(fixture.keys->meta_key(), derive("pgkeep1 meta").Expose()));
  const SecretBytes hash = derive("pgkeep1 hash");
  const auto expand = [&hash](std::string_view info, size_t size) {
    return crypto::HkdfExpandSha256(hash.Expose(), AsBytes(info), size);
  };
  const Bytes text = ToBytes(AsBytes("some unit"));
  EXPECT_EQ(fixture.keys->content_hmac().Mac(text),
            crypto::HmacSha256Key(expand("pgkeep1 content", 32).Expose()).Mac(text));
  EXPECT_EQ(fixture.keys->node_hmac().Mac(text),
            crypto::HmacSha256Key(expand("pgkeep1 node", 32).Expose()).Mac(text));
  EXPECT_EQ(fixture.keys->fingerprint_hash().Hash(text),
            crypto::SipHash24(expand("pgkeep1 fingerprint", 16).Expose()).Hash(text));
  EXPECT_EQ(fixture.keys->operator_public_key(),
            crypto::SigningKey::FromSeed(derive("pgkeep1 operator").Expose())->public_key());
}

TEST(KeyRing, OfAHostDerivesTheSameKeys) {
  const ControlFixture fixture(1);
  const auto host =
      KeyRing::FromBundle(fixture.bundle.ToHostBundle(fixture.repository), fixture.repository)
          .value();
  const Bytes text = ToBytes(AsBytes("some unit"));
  EXPECT_TRUE(BytesEqual(host->meta_key(), fixture.keys->meta_key()));
  EXPECT_EQ(host->content_hmac().Mac(text), fixture.keys->content_hmac().Mac(text));
  EXPECT_EQ(host->node_hmac().Mac(text), fixture.keys->node_hmac().Mac(text));
  EXPECT_EQ(host->fingerprint_hash().Hash(text), fixture.keys->fingerprint_hash().Hash(text));
  EXPECT_EQ(host->operator_public_key(), fixture.keys->operator_public_key());
  EXPECT_EQ(host->host_signing_key().public_key(), fixture.keys->host_signing_key().public_key());
  EXPECT_TRUE(host->data_public_keys().empty());
  EXPECT_EQ(host->kind(), KeyKind::kHost);
}

TEST(KeyRing, OfAnotherRepositoryHasOtherKeys) {
  const ControlFixture fixture(1);
  SeededRandom random(5);
  const auto other = KeyRing::FromBundle(fixture.bundle, RepositoryId::New(random)).value();
  EXPECT_FALSE(BytesEqual(other->meta_key(), fixture.keys->meta_key()));
  EXPECT_NE(other->operator_public_key(), fixture.keys->operator_public_key());
}

TEST(KeyIds, NameKeysByTheirPublicParts) {
  ControlFixture fixture(1);
  const KeyBundle host = fixture.bundle.ToHostBundle(fixture.repository);
  const KeyBundle rotated = fixture.bundle.Rotated(fixture.random, false);
  SeededRandom random(5);
  const std::set<std::string> ids = {ComputeKeyId(fixture.bundle, fixture.repository),
                                     ComputeKeyId(host, fixture.repository),
                                     ComputeKeyId(rotated, fixture.repository),
                                     ComputeKeyId(fixture.bundle, RepositoryId::New(random))};
  EXPECT_EQ(ids.size(), 4U);
  for (const std::string& id : ids) EXPECT_EQ(id.size(), 16U);
  EXPECT_EQ(fixture.keys->key_id(), ComputeKeyId(fixture.bundle, fixture.repository));
}

}  // namespace
}  // namespace pgkeep::repository

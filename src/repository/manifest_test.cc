#include "repository/manifest.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "repository/limits.h"
#include "testing/control_samples.h"

namespace pgkeep::repository {
namespace {

using testing::ControlFixture;
using testing::SampleManifest;
using testing::SeededRandom;

Bytes Encode(ControlFixture& fixture) {
  return EncodeManifest(SampleManifest(fixture), fixture.identity(), *fixture.keys, fixture.random)
      .value();
}

TEST(Manifest, IsReadByBothKindsOfKeys) {
  ControlFixture fixture(1);
  const Manifest manifest = SampleManifest(fixture);
  const Bytes object =
      EncodeManifest(manifest, fixture.identity(), *fixture.keys, fixture.random).value();
  const auto host =
      KeyRing::FromBundle(fixture.bundle.ToHostBundle(fixture.repository), fixture.repository)
          .value();
  for (const auto& keys : {fixture.keys, host}) {
    const auto decoded = DecodeManifest(object, fixture.identity(), *keys, fixture.signers);
    ASSERT_TRUE(decoded.ok()) << decoded.error().Describe();
    EXPECT_EQ(*decoded, manifest);
  }
}

TEST(Manifest, TellsTheWrongKeyFromDamage) {
  ControlFixture fixture(1);
  const ControlFixture stranger(2);
  const Error error =
      DecodeManifest(Encode(fixture), fixture.identity(), *stranger.keys, fixture.signers).error();
  EXPECT_EQ(error.code(), ErrorCode::kWrongKey) << error.Describe();
  EXPECT_FALSE(error.hint().empty());
}

// The host's signature does not help a thief of the host key to pass off changed ciphertext as
// authentic: every part of the sealed body is authenticated, and so is the envelope's header.
TEST(Manifest, AuthenticatesEachByteOfItsSealedPart) {
  ControlFixture fixture(1);
  const Bytes plaintext = EncodeManifestPlaintext(SampleManifest(fixture));
  const ObjectIdentity identity = fixture.identity();
  const ByteSpan key = fixture.keys->meta_key();
  const Bytes sealed = SealManifestBody(plaintext, identity, key, fixture.random);
  EXPECT_EQ(sealed.size(), SealedManifestBodyBytes(plaintext.size()));
  EXPECT_EQ(OpenManifestBody(sealed, identity, key).value(), plaintext);
  for (size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 0x10;
    const ErrorCode code = OpenManifestBody(changed, identity, key).error().code();
    // A changed salt or commitment looks like another key.
    EXPECT_EQ(code, i < 32 ? ErrorCode::kWrongKey : ErrorCode::kCorruption) << i;
  }
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(OpenManifestBody(ByteSpan(sealed).first(size), identity, key).ok()) << size;
  }
  SeededRandom random(3);
  const ObjectIdentity moved{identity.repository, WriterId::New(random)};
  EXPECT_FALSE(OpenManifestBody(sealed, moved, key).ok());
}

TEST(Manifest, IsSealedAnewEachTime) {
  ControlFixture fixture(1);
  const Bytes first = Encode(fixture);
  const Bytes second = Encode(fixture);
  EXPECT_NE(ToBytes(ByteSpan(first).subspan(48, 44)), ToBytes(ByteSpan(second).subspan(48, 44)));
}

TEST(Manifest, HidesItsContent) {
  ControlFixture fixture(1);
  const Bytes object = Encode(fixture);
  for (const std::string_view secret : {"production", "shop", "db1.example", "upgrade"}) {
    EXPECT_EQ(AsText(object).find(secret), std::string_view::npos) << secret;
  }
}

TEST(Manifest, IsEncodedOnlyWhenItCanBeReadAgain) {
  ControlFixture fixture(1);
  const auto encode = [&fixture](const std::function<void(Manifest&)>& change) {
    Manifest manifest = SampleManifest(fixture);
    change(manifest);
    return EncodeManifest(manifest, fixture.identity(), *fixture.keys, fixture.random);
  };
  EXPECT_TRUE(encode([](Manifest&) {}).ok());
  const std::vector<std::pair<const char*, std::function<void(Manifest&)>>> changes = {
      {"order", [](Manifest& m) { std::swap(m.subtrees[0], m.subtrees[1]); }},
      {"name twice", [](Manifest& m) { m.subtrees[0].name = m.subtrees[1].name; }},
      {"no name", [](Manifest& m) { m.subtrees[0].name.clear(); }},
      {"long name", [](Manifest& m) { m.subtrees[1].name.assign(kMaxSubtreeNameBytes + 1, 'x'); }},
      {"streams without directory", [](Manifest& m) { m.subtrees[0].streams = 1; }},
      {"directory without streams", [](Manifest& m) { m.subtrees[1].streams = 0; }},
      {"long attributes",
       [](Manifest& m) { m.subtrees[0].attributes.resize(kMaxSubtreeAttributesBytes + 1); }},
      {"long attributes",
       [](Manifest& m) { m.attributes.resize(kMaxManifestAttributesBytes + 1); }},
      {"base twice", [](Manifest& m) { m.bases.push_back(m.bases[0]); }},
      {"zero base", [](Manifest& m) { m.bases = {BackupId{}}; }},
      {"before 1970", [](Manifest& m) { m.started = Timestamp{Duration{-1}}; }},
      {"after 9999", [](Manifest& m) { m.subtrees[0].snapshot_time = Timestamp::max(); }},
      {"kind", [](Manifest& m) { m.kind = BackupKind{4}; }},
      {"state", [](Manifest& m) { m.state = BackupState{3}; }},
  };
  for (const auto& [what, change] : changes) {
    const Result<Bytes> result = encode(change);
    ASSERT_FALSE(result.ok()) << what;
    EXPECT_EQ(result.error().code(), ErrorCode::kInvalidArgument) << what;
  }
}

TEST(Manifest, MayHaveNoSubtreesAndNoOptionalFields) {
  ControlFixture fixture(1);
  const Manifest manifest;
  const Bytes object =
      EncodeManifest(manifest, fixture.identity(), *fixture.keys, fixture.random).value();
  EXPECT_EQ(DecodeManifest(object, fixture.identity(), *fixture.keys, fixture.signers).value(),
            manifest);
}

// A truncated or changed plaintext never gets through the cipher; this is about a writer with a
// defect.
TEST(Manifest, PlaintextIsReadStrictly) {
  ControlFixture fixture(1);
  const Bytes plaintext = EncodeManifestPlaintext(SampleManifest(fixture));
  for (size_t size = 0; size < plaintext.size(); ++size) {
    EXPECT_FALSE(DecodeManifestPlaintext(ByteSpan(plaintext).first(size)).ok()) << size;
  }
  for (size_t bit = 0; bit < plaintext.size() * 8; ++bit) {
    Bytes changed = plaintext;
    changed[bit / 8] ^= static_cast<uint8_t>(1U << (bit % 8));
    const Result<Manifest> manifest = DecodeManifestPlaintext(changed);
    if (manifest.ok()) {
      EXPECT_EQ(EncodeManifestPlaintext(*manifest), changed) << bit;
    }
  }
}

}  // namespace
}  // namespace pgkeep::repository

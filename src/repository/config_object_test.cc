#include "repository/config_object.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "testing/control_samples.h"

namespace pgkeep::repository {
namespace {

using testing::ControlFixture;
using testing::SampleConfig;

TEST(ConfigObject, IsEncodedOnlyWhenItCanBeReadAgain) {
  const ControlFixture fixture(1);
  const auto encode = [&fixture](const std::function<void(ConfigObject&)>& change) {
    ConfigObject config = SampleConfig(fixture);
    change(config);
    return EncodeConfig(config, fixture.repository, *fixture.keys->operator_signing_key());
  };
  EXPECT_TRUE(encode([](ConfigObject&) {}).ok());
  const std::vector<std::pair<const char*, std::function<void(ConfigObject&)>>> changes = {
      {"no recipient", [](ConfigObject& c) { c.recipients.clear(); }},
      {"recipient twice", [](ConfigObject& c) { c.recipients.push_back(c.recipients[0]); }},
      {"too many recipients",
       [](ConfigObject& c) {
         for (size_t i = 0; i <= kMaxRecipients; ++i) {
           c.recipients.push_back(crypto::Sha256(Bytes(i)));
         }
       }},
      {"no signer", [](ConfigObject& c) { c.signers.clear(); }},
      {"signer twice",
       [](ConfigObject& c) {
         c.signers.push_back({c.signers[0].public_key, SignerState::kRetired});
       }},
      {"generation 0", [](ConfigObject& c) { c.generation = 0; }},
      {"small packs", [](ConfigObject& c) { c.pack_bytes = kMinPackTargetBytes - 1; }},
      {"large packs", [](ConfigObject& c) { c.pack_bytes = kMaxPackBytes + 1; }},
      {"zstd level", [](ConfigObject& c) { c.zstd_level = int8_t{13}; }},
      {"zstd level", [](ConfigObject& c) { c.zstd_level = int8_t{-8}; }},
      {"newer format", [](ConfigObject& c) { c.format_major = 2; }},
      {"other suite", [](ConfigObject& c) { c.suite = 2; }},
      {"other operator", [](ConfigObject& c) { c.operator_public_key[0] ^= 1; }},
  };
  for (const auto& [what, change] : changes) {
    const Result<Bytes> result = encode(change);
    ASSERT_FALSE(result.ok()) << what;
    EXPECT_EQ(result.error().code(), ErrorCode::kInvalidArgument) << what;
  }
}

// Another program wrote format 2 with fields of its own: what must come first is the advice to
// upgrade.
TEST(ConfigObject, AsksForAnUpgradeBeforeItLooksAtUnknownFields) {
  const ControlFixture fixture(1);
  ConfigObject config = SampleConfig(fixture);
  config.format_major = 2;
  Bytes body = EncodeConfigBody(config);
  TlvWriter more;
  more.Add(0xfff0, AsBytes("x"));
  Append(body, more.Finish());
  const Error error = DecodeConfigBody(body).error();
  EXPECT_EQ(error.code(), ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(error.message(), "was written by a newer pgkeep: format 2, this one reads up to 1");
}

TEST(ConfigObject, TellsAnotherOperatorFromDamage) {
  ControlFixture fixture(1);
  const ControlFixture other(2);
  const Bytes object =
      EncodeConfig(SampleConfig(fixture), fixture.repository, *fixture.keys->operator_signing_key())
          .value();
  const auto decode = [&](uint64_t generation, const crypto::PublicKey* key) {
    return DecodeConfig(object, fixture.repository, generation, key);
  };
  EXPECT_TRUE(decode(3, &fixture.keys->operator_public_key()).ok());
  EXPECT_TRUE(decode(3, nullptr).ok());
  EXPECT_EQ(decode(3, &other.keys->operator_public_key()).error().code(), ErrorCode::kWrongKey);
  EXPECT_EQ(decode(4, nullptr).error().code(), ErrorCode::kCorruption);

  // Signed by a stranger who leaves the operator's name in it: found even without any key.
  const Bytes forged =
      SealEnvelope(ObjectClass::kConfig, {fixture.repository, {}},
                   EncodeConfigBody(SampleConfig(fixture)), other.keys->operator_signing_key());
  EXPECT_EQ(DecodeConfig(forged, fixture.repository, 3, nullptr).error().code(),
            ErrorCode::kCorruption);
}

TEST(ConfigObject, IsSignedByTheKeyThatAHostKeyKnows) {
  const ControlFixture fixture(1);
  const auto host =
      KeyRing::FromBundle(fixture.bundle.ToHostBundle(fixture.repository), fixture.repository)
          .value();
  const Bytes object =
      EncodeConfig(SampleConfig(fixture), fixture.repository, *fixture.keys->operator_signing_key())
          .value();
  EXPECT_TRUE(DecodeConfig(object, fixture.repository, 3, &host->operator_public_key()).ok());
  EXPECT_EQ(host->operator_signing_key(), nullptr);
}

TEST(ConfigObject, FeatureFlagsBindEachUseApart) {
  const ControlFixture fixture(1);
  ConfigObject config = SampleConfig(fixture);
  const std::vector<FeatureUse> uses = {FeatureUse::kRead, FeatureUse::kWrite, FeatureUse::kCollect,
                                        FeatureUse::kCheck};
  for (const FeatureUse use : uses) EXPECT_TRUE(RequireFeatures(config, use).ok());
  config.features = {.read = 0, .write = 1U << 31, .collect = 4, .check = 0};
  EXPECT_TRUE(RequireFeatures(config, FeatureUse::kRead).ok());
  EXPECT_TRUE(RequireFeatures(config, FeatureUse::kCheck).ok());
  const Error error = RequireFeatures(config, FeatureUse::kWrite).error();
  EXPECT_EQ(error.code(), ErrorCode::kUnsupportedVersion);
  EXPECT_NE(error.message().find("80000000"), std::string::npos) << error.message();
  EXPECT_EQ(error.hint(), "upgrade pgkeep on this machine");
  EXPECT_FALSE(RequireFeatures(config, FeatureUse::kCollect).ok());
}

TEST(ConfigObject, LetsAnybodySeeWhichRepositoryItIs) {
  const ControlFixture fixture(1);
  Bytes object =
      EncodeConfig(SampleConfig(fixture), fixture.repository, *fixture.keys->operator_signing_key())
          .value();
  EXPECT_EQ(PeekRepositoryId(object, ObjectClass::kConfig, "config.3").value(), fixture.repository);
  EXPECT_FALSE(PeekRepositoryId(object, ObjectClass::kPin, "pin/x").ok());
  object[20] ^= 1;
  EXPECT_EQ(PeekRepositoryId(object, ObjectClass::kConfig, "config.3").error().code(),
            ErrorCode::kCorruption);
}

TEST(SignerSet, LetsOnlyActiveSignersWrite) {
  const ControlFixture fixture(1);
  const auto& key = fixture.keys->host_signing_key().public_key();
  EXPECT_TRUE(fixture.signers.RequireActive(key).ok());
  const Error error = SignerSet().RequireActive(key).error();
  EXPECT_EQ(error.code(), ErrorCode::kRefused);
  EXPECT_FALSE(error.hint().empty());
}

}  // namespace
}  // namespace pgkeep::repository

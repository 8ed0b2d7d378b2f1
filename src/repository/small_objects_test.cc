// What is particular to single classes of small objects; what all have in common is in
// control_objects_test.cc.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/wire.h"
#include "repository/decision_object.h"
#include "repository/expiry_object.h"
#include "repository/gc_plan_object.h"
#include "repository/limits.h"
#include "repository/pin_object.h"
#include "testing/control_samples.h"

namespace pgkeep::repository {
namespace {

using testing::ControlFixture;

TEST(DecisionObject, CommitMustBeSignedButAbortNeedNot) {
  const ControlFixture fixture(1);
  const Bytes commit = EncodeDecisionBody(testing::SampleCommit());
  const Bytes unsigned_commit =
      SealEnvelope(ObjectClass::kDecision, fixture.identity(), commit, nullptr);
  const Error error = DecodeDecision(unsigned_commit, fixture.identity(), fixture.signers).error();
  EXPECT_EQ(error.code(), ErrorCode::kCorruption);
  EXPECT_NE(error.ToString().find("not signed"), std::string::npos) << error.ToString();

  const Bytes abort = EncodeDecision(testing::SampleAbort(), fixture.identity(), nullptr);
  const auto decoded = DecodeDecision(abort, fixture.identity(), fixture.signers);
  ASSERT_TRUE(decoded.ok()) << decoded.error().Describe();
  EXPECT_EQ(*decoded, testing::SampleAbort());
}

// A collector without keys signs nothing, but what is signed must be right: a forged ABORT with a
// listed signer's name would otherwise look like that host's own word.
TEST(DecisionObject, SignatureOfAnAbortIsChecked) {
  const ControlFixture fixture(1);
  Bytes abort =
      EncodeDecision(testing::SampleAbort(), fixture.identity(), &fixture.keys->host_signing_key());
  EXPECT_TRUE(DecodeDecision(abort, fixture.identity(), fixture.signers).ok());
  abort[abort.size() - 10] ^= 1;
  testing::MendCrc(abort);
  EXPECT_EQ(DecodeDecision(abort, fixture.identity(), fixture.signers).error().code(),
            ErrorCode::kCorruption);
}

TEST(DecisionObject, FieldsOfTheOtherVerdictAreRefused) {
  const auto body = [](uint8_t verdict, bool hashes, bool reason) {
    TlvWriter fields;
    fields.AddU8(0x8001, verdict);
    if (hashes) {
      fields.Add(0x8002, Bytes(32, 1));
      fields.Add(0x8003, Bytes(32, 2));
    }
    if (reason) fields.AddText(0x0005, "because");
    return fields.Finish();
  };
  EXPECT_TRUE(DecodeDecisionBody(body(1, true, false)).ok());
  EXPECT_TRUE(DecodeDecisionBody(body(2, false, true)).ok());
  EXPECT_TRUE(DecodeDecisionBody(body(2, false, false)).ok());
  for (const Bytes& bad : {body(1, true, true), body(1, false, false), body(2, true, false),
                           body(0, false, false), body(3, false, false)}) {
    EXPECT_EQ(DecodeDecisionBody(bad).error().code(), ErrorCode::kCorruption);
  }
}

TEST(PinObject, IsNoHeartbeatAndTheReverse) {
  ControlFixture fixture(1);
  const auto& key = fixture.keys->host_signing_key();
  const ObjectIdentity identity = fixture.identity();
  const Bytes pin = EncodePin(testing::SamplePin(fixture), identity, key);
  const Bytes heartbeat = EncodeHeartbeat({.time = std::nullopt, .extensions = {}}, identity, key);
  EXPECT_TRUE(DecodePin(pin, identity, fixture.signers).ok());
  EXPECT_TRUE(DecodeHeartbeat(heartbeat, identity, 1, fixture.signers).ok());
  EXPECT_EQ(DecodePin(heartbeat, identity, fixture.signers).error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(DecodeHeartbeat(pin, identity, 1, fixture.signers).error().code(),
            ErrorCode::kCorruption);
}

TEST(PinObject, HasUpToSixteenDistinctBases) {
  ControlFixture fixture(1);
  const auto body = [](const std::vector<BackupId>& bases) {
    Bytes value;
    for (const BackupId& base : bases) Append(value, base.bytes);
    TlvWriter fields;
    fields.Add(0x8001, value);
    return fields.Finish();
  };
  std::vector<BackupId> bases;
  EXPECT_TRUE(DecodePinBody(body(bases))->bases.empty());
  for (size_t i = 0; i < kMaxBases; ++i) bases.push_back(BackupId::New(fixture.random));
  EXPECT_EQ(DecodePinBody(body(bases))->bases, bases);
  EXPECT_FALSE(DecodePinBody(body({bases[0], bases[0]})).ok());
  EXPECT_FALSE(DecodePinBody(body({BackupId{}})).ok());
  bases.push_back(BackupId::New(fixture.random));
  EXPECT_FALSE(DecodePinBody(body(bases)).ok());
  TlvWriter half;
  half.Add(0x8001, Bytes(24, 1));
  EXPECT_FALSE(DecodePinBody(half.Finish()).ok());
}

TEST(GcPlanObject, RefusesImpossibleKeysAndCounts) {
  const auto body = [](uint64_t count, std::string_view key, std::string_view reason) {
    Bytes entries;
    ByteWriter writer(entries);
    writer.Varint(count);
    writer.VarBytes(AsBytes(key));
    writer.VarBytes(AsBytes(reason));
    TlvWriter fields;
    fields.AddBytes(0x0002, entries);
    return fields.Finish();
  };
  EXPECT_TRUE(DecodeGcPlanBody(body(1, "p/a", "why")).ok());
  for (const Bytes& bad :
       {body(0, "p/a", "why"), body(2, "p/a", "why"), body(UINT64_MAX, "p/a", "why"),
        body(kMaxGcPlanEntries, "p/a", "why"), body(1, "", "why"), body(1, "../etc", "why"),
        body(1, "/a", "why"), body(1, "a\n", "why"), body(1, "p/a", "\x1b[2J")}) {
    EXPECT_EQ(DecodeGcPlanBody(bad).error().code(), ErrorCode::kCorruption);
  }
}

TEST(GcPlanObject, OfTwoCollectorsDiffer) {
  ControlFixture fixture(1);
  const GcPlanObject plan = testing::SampleGcPlan(fixture);
  const auto encode = [&] {
    return EncodeGcPlan(plan, fixture.repository, fixture.random, nullptr).value();
  };
  const Bytes first = encode();
  const Bytes second = encode();
  EXPECT_NE(first, second);
  EXPECT_EQ(DecodeGcPlan(first, fixture.repository, 1, fixture.signers).value(), plan);
  EXPECT_EQ(DecodeGcPlan(second, fixture.repository, 1, fixture.signers).value(), plan);
}

TEST(GcPlanObject, TooLargeForOneObjectIsRefused) {
  ControlFixture fixture(1);
  GcPlanObject plan;
  plan.entries.assign(kMaxGcPlanEntries + 1, {"a", ""});
  EXPECT_EQ(EncodeGcPlan(plan, fixture.repository, fixture.random, nullptr).error().code(),
            ErrorCode::kLimitExceeded);
}

TEST(ExpiryObject, CleansTheReason) {
  const ControlFixture fixture(1);
  const ExpiryObject expiry{
      .time = std::nullopt, .reason = "policy \"30 days\"\n", .extensions = {}};
  const Bytes object = EncodeExpiry(expiry, fixture.identity(), nullptr);
  EXPECT_EQ(DecodeExpiry(object, fixture.identity(), fixture.signers)->reason,
            "policy \"30 days\"?");
}

}  // namespace
}  // namespace pgkeep::repository

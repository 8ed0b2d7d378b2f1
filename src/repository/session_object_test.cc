#include "repository/session_object.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/wire.h"
#include "repository/limits.h"
#include "testing/control_samples.h"

namespace pgkeep::repository {
namespace {

using testing::ControlFixture;
using testing::SeededRandom;

SecretBytes WriterKey() { return SecretBytes(Bytes(kKeyBytes, 0x42)); }

SessionObject Seal(ControlFixture& fixture, const ObjectIdentity& identity) {
  return SealWriterKey(WriterKey(), fixture.keys->data_public_keys(), identity, fixture.random)
      .value();
}

TEST(WriterKeys, AreOpenedByEveryRecipient) {
  ControlFixture fixture(1);
  const auto second = crypto::BoxKeyPair::Generate(fixture.random);
  auto recipients = fixture.keys->data_public_keys();
  recipients.push_back(second.public_key());
  const SessionObject session =
      SealWriterKey(WriterKey(), recipients, fixture.identity(), fixture.random).value();
  const Result<SecretBytes> by_ring =
      fixture.keys->OpenWriterKey(session, fixture.repository, fixture.writer);
  ASSERT_TRUE(by_ring.ok()) << by_ring.error().Describe();
  EXPECT_TRUE(BytesEqual(by_ring->Expose(), WriterKey().Expose()));
  EXPECT_TRUE(OpenSealedWriterKey(session, second, fixture.identity()).ok());
}

TEST(WriterKeys, StayReadableAfterARotation) {
  ControlFixture fixture(1);
  const SessionObject old = Seal(fixture, fixture.identity());
  const KeyBundle rotated = fixture.bundle.Rotated(fixture.random, true);
  const auto ring = KeyRing::FromBundle(rotated, fixture.repository).value();
  EXPECT_TRUE(ring->OpenWriterKey(old, fixture.repository, fixture.writer).ok());
  // What is sealed to the new key only, the old key file does not open.
  const SessionObject fresh =
      SealWriterKey(WriterKey(), std::vector{ring->data_public_keys().back()}, fixture.identity(),
                    fixture.random)
          .value();
  EXPECT_TRUE(ring->OpenWriterKey(fresh, fixture.repository, fixture.writer).ok());
  const auto refused =
      fixture.keys->OpenWriterKey(fresh, fixture.repository, fixture.writer).error();
  EXPECT_EQ(refused.code(), ErrorCode::kWrongKey);
  EXPECT_FALSE(refused.hint().empty());
}

// With split keys a stolen host has this ring: it says so in one sentence and opens nothing.
TEST(WriterKeys, AreNotOpenedByAHostKey) {
  ControlFixture fixture(1);
  const SessionObject session = Seal(fixture, fixture.identity());
  const auto host =
      KeyRing::FromBundle(fixture.bundle.ToHostBundle(fixture.repository), fixture.repository)
          .value();
  EXPECT_FALSE(host->can_read_data());
  const Error error = host->OpenWriterKey(session, fixture.repository, fixture.writer).error();
  EXPECT_EQ(error.code(), ErrorCode::kRefused);
  EXPECT_EQ(error.message(),
            "reading backed-up data needs the full key, and this is a host key, which can back up "
            "but not read");
  EXPECT_NE(error.hint().find("recovery kit"), std::string::npos);
  EXPECT_EQ(host->RequireReadData("restoring").error().code(), ErrorCode::kRefused);
}

// A sealed box binds nothing by itself; what is in it does.
TEST(WriterKeys, OfAnotherWriterOrRepositoryAreRefused) {
  ControlFixture fixture(1);
  SeededRandom random(9);
  const ObjectIdentity own = fixture.identity();
  for (const ObjectIdentity& other : {ObjectIdentity{own.repository, WriterId::New(random)},
                                      ObjectIdentity{RepositoryId::New(random), own.subject}}) {
    const SessionObject moved = Seal(fixture, other);
    const Error error = fixture.keys->OpenWriterKey(moved, own.repository, own.subject).error();
    EXPECT_EQ(error.code(), ErrorCode::kCorruption) << error.Describe();
    EXPECT_NE(error.ToString().find(SessionKey(own.subject)), std::string::npos);
  }
}

TEST(WriterKeys, OfAnotherRecipientAreTheWrongKey) {
  ControlFixture fixture(1);
  const ControlFixture stranger(2);
  const SessionObject session = Seal(fixture, fixture.identity());
  EXPECT_EQ(
      stranger.keys->OpenWriterKey(session, fixture.repository, fixture.writer).error().code(),
      ErrorCode::kWrongKey);
}

TEST(WriterKeys, NeedRecipientsThatDiffer) {
  ControlFixture fixture(1);
  const auto seal = [&fixture](const std::vector<crypto::BoxPublicKey>& recipients) {
    return SealWriterKey(WriterKey(), recipients, fixture.identity(), fixture.random);
  };
  const crypto::BoxPublicKey own = fixture.keys->data_public_keys()[0];
  EXPECT_EQ(seal({}).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(seal({own, own}).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(seal({crypto::BoxPublicKey{}}).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(seal(std::vector(kMaxRecipients + 1, own)).error().code(), ErrorCode::kInvalidArgument);
}

TEST(SessionObject, RefusesBoxesOfAWrongLengthOrTwice) {
  ControlFixture fixture(1);
  const SessionObject good = Seal(fixture, fixture.identity());
  EXPECT_TRUE(DecodeSessionBody(EncodeSessionBody(good)).ok());
  for (const int change : {-1, 1}) {
    SessionObject bad = good;
    bad.boxes[0].box.resize(bad.boxes[0].box.size() + static_cast<size_t>(change));
    EXPECT_EQ(DecodeSessionBody(EncodeSessionBody(bad)).error().code(), ErrorCode::kCorruption);
  }
  SessionObject twice = good;
  twice.boxes.push_back(twice.boxes[0]);
  EXPECT_EQ(DecodeSessionBody(EncodeSessionBody(twice)).error().code(), ErrorCode::kCorruption);
  TlvWriter none;
  none.Add(0x8001, {});
  EXPECT_EQ(DecodeSessionBody(none.Finish()).error().code(), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace pgkeep::repository

#include "repository/writer_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "repository/config_object.h"
#include "repository/control_access.h"
#include "repository/key_bundle.h"
#include "repository/limits.h"
#include "repository/protocol_test_kit.h"
#include "repository/session_object.h"
#include "storage/counting_store.h"
#include "storage/unconditional_store.h"
#include "testing/faulty_store.h"

namespace pgkeep::repository {
namespace {

using storage::StoreOperation;
using ::testing::ElementsAre;
using testing::FaultAction;
using ::testing::HasSubstr;

class WriterProtocol : public ::testing::Test {
 protected:
  HandmadeRepository memory_;
  TestRepository& repository_ = memory_.repository;
  RepositoryContext context_ = repository_.Context();

  DecisionObject Decision(const WriterId& writer) {
    Result<DecisionObject> decision = ControlAccess(context_).ReadDecision(writer);
    EXPECT_TRUE(decision.ok()) << decision.error().Describe();
    return decision.ok() ? *decision : DecisionObject{};
  }
};

TEST_F(WriterProtocol, BeginsWithPinThenSessionAndNothingElse) {
  HookStore hook(memory_.store);
  std::vector<std::string> created;
  hook.SetHook([&](std::string_view operation, std::string_view key) {
    if (operation == "create") created.emplace_back(key);
    EXPECT_NE(operation, "delete");
    EXPECT_NE(operation, "put");
  });
  const Result<WriterTicket> ticket =
      BeginWriter(repository_.Context(&hook), {.bases = {}, .client_version = "1.2"});
  ASSERT_TRUE(ticket.ok()) << ticket.error().Describe();
  EXPECT_THAT(created, ElementsAre(PinKey(ticket->writer), SessionKey(ticket->writer)));
  const Result<PinObject> pin = ControlAccess(context_).ReadPin(ticket->writer);
  ASSERT_TRUE(pin.ok());
  EXPECT_TRUE(pin->bases.empty());
  EXPECT_EQ(pin->client_version, "1.2");
}

TEST_F(WriterProtocol, SessionHoldsTheWriterKeyForReaders) {
  const Result<WriterTicket> ticket = BeginWriter(context_, {});
  ASSERT_TRUE(ticket.ok());
  const Result<Bytes> object = memory_.store.Get(SessionKey(ticket->writer), 1 << 16);
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(crypto::Sha256(*object), ticket->session_sha256);
  const Result<SessionObject> session =
      DecodeSession(*object, {context_.id, ticket->writer}, SignerSet(context_.config->signers));
  ASSERT_TRUE(session.ok());
  const Result<SecretBytes> key =
      context_.keys->OpenWriterKey(*session, context_.id, ticket->writer);
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(BytesEqual(key->Expose(), ticket->writer_key.Expose()));
}

TEST_F(WriterProtocol, TwoWritersDifferInIdAndKey) {
  const Result<WriterTicket> first = BeginWriter(context_, {});
  const Result<WriterTicket> second = BeginWriter(context_, {});
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first->writer, second->writer);
  EXPECT_FALSE(BytesEqual(first->writer_key.Expose(), second->writer_key.Expose()));
}

TEST_F(WriterProtocol, BaseIsPinnedAndHandedOver) {
  const DummyBackup base = repository_.MakeBackup();
  const Result<WriterTicket> ticket = BeginWriter(context_, {.bases = {base.id}});
  ASSERT_TRUE(ticket.ok()) << ticket.error().Describe();
  ASSERT_EQ(ticket->bases.size(), 1u);
  EXPECT_EQ(ticket->bases[0].references, base.references);
  EXPECT_EQ(ticket->bases[0].manifest.source, "app");
  EXPECT_THAT(ControlAccess(context_).ReadPin(ticket->writer)->bases, ElementsAre(base.id));
}

TEST_F(WriterProtocol, ExpiredBaseIsRefusedAndTheAttemptAborted) {
  const DummyBackup base = repository_.MakeBackup();
  repository_.Expire(base.id);
  const Result<WriterTicket> ticket = BeginWriter(context_, {.bases = {base.id}});
  ASSERT_FALSE(ticket.ok());
  EXPECT_EQ(ticket.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(ticket.error().message(),
            "base backup " + base.id.Hex() + " expired while this backup was starting");
  EXPECT_EQ(ticket.error().hint(), "start the backup again; it will choose another base");
  // The pin of the attempt must not hold the base.
  std::vector<std::string> pins = KeysBelow(memory_.store, kPinPrefix);
  std::erase(pins, PinKey(base.id));
  ASSERT_EQ(pins.size(), 1u);
  EXPECT_EQ(Decision(ObjectName::Parse(pins[0])->writer).verdict, Verdict::kAbort);
}

// The race for which the check comes after the pin: the expiry arrives at the last moment before
// it.
TEST_F(WriterProtocol, BaseThatExpiresJustBeforeThePinIsNoticed) {
  const DummyBackup base = repository_.MakeBackup();
  HookStore hook(memory_.store);
  hook.Before("create", "pin/", 1, [&] { repository_.Expire(base.id); });
  const Result<WriterTicket> ticket = BeginWriter(repository_.Context(&hook), {.bases = {base.id}});
  ASSERT_TRUE(hook.fired());
  ASSERT_FALSE(ticket.ok());
  EXPECT_EQ(ticket.error().code(), ErrorCode::kConflict);
}

TEST_F(WriterProtocol, BaseWithDamagedManifestEndsTheAttempt) {
  const DummyBackup base = repository_.MakeBackup();
  memory_.store.Tamper(ManifestKey(base.id), [](Bytes& bytes) { bytes[60] ^= 1; });
  const Result<WriterTicket> ticket = BeginWriter(context_, {.bases = {base.id}});
  ASSERT_FALSE(ticket.ok());
  EXPECT_EQ(ticket.error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(KeysBelow(memory_.store, kDecisionPrefix).size(), 2u) << "base and aborted attempt";
}

TEST_F(WriterProtocol, BaseThatLostItsManifestIsDamageAndNotAnExpiry) {
  const DummyBackup base = repository_.MakeBackup();
  ASSERT_TRUE(memory_.store.Delete(ManifestKey(base.id)).ok());
  const Result<WriterTicket> ticket = BeginWriter(context_, {.bases = {base.id}});
  ASSERT_FALSE(ticket.ok());
  EXPECT_EQ(ticket.error().code(), ErrorCode::kCorruption);
}

// An aborted writer's pin holds nothing, so its base may go while it begins.
TEST_F(WriterProtocol, MissingManifestIsNoDamageForAWriterThatWasAborted) {
  const DummyBackup base = repository_.MakeBackup();
  HookStore hook(memory_.store);
  hook.Before("get", "man/", 1, [&] {
    std::vector<std::string> pins = KeysBelow(memory_.store, kPinPrefix);
    std::erase(pins, PinKey(base.id));
    ASSERT_TRUE(AbortWriter(context_, ObjectName::Parse(pins.at(0))->writer, "by order").ok());
    ASSERT_TRUE(memory_.store.Delete(ManifestKey(base.id)).ok());
  });
  const Result<WriterTicket> ticket = BeginWriter(repository_.Context(&hook), {.bases = {base.id}});
  ASSERT_TRUE(hook.fired());
  ASSERT_FALSE(ticket.ok());
  EXPECT_EQ(ticket.error().code(), ErrorCode::kConflict);
  EXPECT_THAT(ticket.error().message(), HasSubstr("was aborted while it was being written"));
}

TEST_F(WriterProtocol, UnknownOrAbortedBaseLeavesNoTrace) {
  const WriterId aborted = repository_.MakeDeadWriter();
  ASSERT_TRUE(AbortWriter(context_, aborted, "test").ok());
  const std::vector<std::string> before = memory_.store.Keys();
  for (const BackupId& base : {aborted, WriterId{{1, 2, 3}}}) {
    const Result<WriterTicket> ticket = BeginWriter(context_, {.bases = {base}});
    ASSERT_FALSE(ticket.ok());
    EXPECT_EQ(ticket.error().code(), ErrorCode::kNotFound);
  }
  EXPECT_EQ(memory_.store.Keys(), before) << "a pin on a non-backup would stop the collector";
}

TEST_F(WriterProtocol, TooManyBasesAreRefused) {
  const std::vector<BackupId> bases(kMaxBases + 1);
  const Result<WriterTicket> ticket = BeginWriter(context_, {.bases = bases});
  ASSERT_FALSE(ticket.ok());
  EXPECT_EQ(ticket.error().code(), ErrorCode::kLimitExceeded);
}

TEST_F(WriterProtocol, RetiredHostMayNotBegin) {
  ConfigObject config = *context_.config;
  config.signers[0].state = SignerState::kRetired;
  context_.config = std::make_shared<const ConfigObject>(config);
  const Result<WriterTicket> ticket = BeginWriter(context_, {});
  ASSERT_FALSE(ticket.ok());
  EXPECT_EQ(ticket.error().code(), ErrorCode::kRefused);
}

TEST_F(WriterProtocol, UnknownFeatureStopsTheWriter) {
  ConfigObject config = *context_.config;
  config.features.write = 0x8000'0000;
  context_.config = std::make_shared<const ConfigObject>(config);
  const Result<WriterTicket> ticket = BeginWriter(context_, {});
  ASSERT_FALSE(ticket.ok());
  EXPECT_EQ(ticket.error().code(), ErrorCode::kUnsupportedVersion);
}

TEST_F(WriterProtocol, StoreWithoutConditionalCreateNeedsExclusiveMode) {
  storage::UnconditionalStore store(memory_.store);
  const Result<WriterTicket> ticket = BeginWriter(repository_.Context(&store), {});
  ASSERT_FALSE(ticket.ok());
  EXPECT_EQ(ticket.error().code(), ErrorCode::kUnsupported);
}

TEST_F(WriterProtocol, CommitMakesTheBackupExist) {
  const DummyBackup backup = repository_.MakeBackup();
  const DecisionObject decision = Decision(backup.id);
  EXPECT_EQ(decision.verdict, Verdict::kCommit);
  const Result<Bytes> manifest = memory_.store.Get(ManifestKey(backup.id), 1 << 20);
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(decision.manifest_sha256, crypto::Sha256(*manifest));
  EXPECT_THAT(MissingLiveObjects(context_), ElementsAre());
}

// Every creation of a backup's life loses its answer once; retries find out what happened.
TEST_F(WriterProtocol, LostAnswersAreResolved) {
  const DummyBackup base = repository_.MakeBackup();
  for (uint64_t nth = 1;; ++nth) {
    testing::FaultyStore faulty(memory_.store, memory_.clock);
    const size_t rule = faulty.AddRule({.action = FaultAction::kFailAfter,
                                        .operation = StoreOperation::kCreateIfAbsent,
                                        .nth = nth});
    const RepositoryContext context = repository_.Context(&faulty);
    Result<TestRepository::Writer> writer = repository_.Begin(context, {base.id});
    ASSERT_TRUE(writer.ok()) << nth << ": " << writer.error().Describe();
    ASSERT_TRUE(repository_.StorePacks(context, *writer, 1).ok());
    TestRepository::Reuse(*writer, 0);
    const Result<DummyBackup> backup = repository_.Commit(context, *writer);
    ASSERT_TRUE(backup.ok()) << nth << ": " << backup.error().Describe();
    EXPECT_EQ(Decision(backup->id).verdict, Verdict::kCommit);
    if (faulty.fired(rule) == 0) {
      EXPECT_EQ(nth, 8u) << "pin, session, two packs, manifest, references, decision";
      break;
    }
  }
  EXPECT_THAT(MissingLiveObjects(context_), ElementsAre());
}

// The decision was made and can be read back, but no create has confirmed it: what a store shows
// may be in a cache that a power failure empties.
TEST_F(WriterProtocol, DecisionThatIsOnlyVisibleIsNoProof) {
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  const RepositoryContext context = repository_.Context(&faulty);
  Result<TestRepository::Writer> writer = repository_.Begin(context);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(repository_.StorePacks(context, *writer, 1).ok());
  const size_t rule = faulty.AddRule({.action = FaultAction::kFailAfter,
                                      .operation = StoreOperation::kCreateIfAbsent,
                                      .key_contains = "dec/",
                                      .times = 1});
  // The later tries fail before they reach the store.
  faulty.AddRule({.action = FaultAction::kFailBefore,
                  .operation = StoreOperation::kCreateIfAbsent,
                  .key_contains = "dec/",
                  .nth = 2,
                  .times = 100});
  const Result<DummyBackup> backup = repository_.Commit(context, *writer);
  EXPECT_EQ(faulty.fired(rule), 1u);
  EXPECT_EQ(Decision(writer->ticket.writer).verdict, Verdict::kCommit);
  ASSERT_FALSE(backup.ok());
  EXPECT_THAT(backup.error().ToString(), HasSubstr("outcome unknown"));
}

// The decision of this writer is refused for a reason that says nothing about who has decided.
TEST_F(WriterProtocol, ConflictWithoutForeignDecisionIsNoAbort) {
  for (const bool answer_lost : {true, false}) {
    testing::FaultyStore faulty(memory_.store, memory_.clock);
    const RepositoryContext context = repository_.Context(&faulty);
    Result<TestRepository::Writer> writer = repository_.Begin(context);
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(repository_.StorePacks(context, *writer, 1).ok());
    if (answer_lost) {
      faulty.AddRule({.action = FaultAction::kFailBefore,
                      .operation = StoreOperation::kCreateIfAbsent,
                      .key_contains = "dec/"});
    }
    const size_t rule = faulty.AddRule({.action = FaultAction::kFailBefore,
                                        .operation = StoreOperation::kCreateIfAbsent,
                                        .key_contains = "dec/",
                                        .nth = answer_lost ? 2u : 1u,
                                        .code = ErrorCode::kConflict});
    const Result<DummyBackup> backup = repository_.Commit(context, *writer);
    EXPECT_EQ(faulty.fired(rule), 1u);
    ASSERT_FALSE(backup.ok());
    EXPECT_THAT(backup.error().ToString(), Not(HasSubstr("aborted")));
    if (answer_lost) {
      EXPECT_THAT(backup.error().ToString(), HasSubstr("outcome unknown"));
    } else {
      EXPECT_THAT(backup.error().ToString(), Not(HasSubstr("outcome unknown")));
    }
  }
}

TEST_F(WriterProtocol, UnknownOutcomeIsCalledUnknown) {
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  const RepositoryContext context = repository_.Context(&faulty);
  Result<TestRepository::Writer> writer = repository_.Begin(context);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(repository_.StorePacks(context, *writer, 1).ok());
  faulty.AddRule({.action = FaultAction::kFailBefore,
                  .operation = StoreOperation::kCreateIfAbsent,
                  .key_contains = "dec/",
                  .times = 100});
  const Result<DummyBackup> backup = repository_.Commit(context, *writer);
  ASSERT_FALSE(backup.ok());
  EXPECT_EQ(backup.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(backup.error().ToString(), HasSubstr("outcome unknown"));
  EXPECT_THAT(backup.error().hint(), HasSubstr("it may still appear"));
}

// A lost answer, then a refusal: the refusal says nothing about the request that was lost.
TEST_F(WriterProtocol, RefusalAfterLostAnswerIsUnknownToo) {
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  const RepositoryContext context = repository_.Context(&faulty);
  Result<TestRepository::Writer> writer = repository_.Begin(context);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(repository_.StorePacks(context, *writer, 1).ok());
  faulty.AddRule({.action = FaultAction::kFailBefore,
                  .operation = StoreOperation::kCreateIfAbsent,
                  .key_contains = "dec/"});
  faulty.AddRule({.action = FaultAction::kFailBefore,
                  .operation = StoreOperation::kCreateIfAbsent,
                  .key_contains = "dec/",
                  .nth = 2,
                  .code = ErrorCode::kPermission});
  const Result<DummyBackup> backup = repository_.Commit(context, *writer);
  ASSERT_FALSE(backup.ok());
  EXPECT_THAT(backup.error().ToString(), HasSubstr("outcome unknown"));
}

TEST_F(WriterProtocol, PlainRefusalIsNotUnknown) {
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  const RepositoryContext context = repository_.Context(&faulty);
  Result<TestRepository::Writer> writer = repository_.Begin(context);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(repository_.StorePacks(context, *writer, 1).ok());
  faulty.AddRule({.action = FaultAction::kOutOfSpace,
                  .operation = StoreOperation::kCreateIfAbsent,
                  .key_contains = "dec/"});
  const Result<DummyBackup> backup = repository_.Commit(context, *writer);
  ASSERT_FALSE(backup.ok());
  EXPECT_EQ(backup.error().code(), ErrorCode::kOutOfSpace);
  EXPECT_THAT(backup.error().ToString(), Not(HasSubstr("outcome unknown")));
}

TEST_F(WriterProtocol, AbortedWriterCannotCommit) {
  Result<TestRepository::Writer> writer = repository_.Begin(context_);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(repository_.StorePacks(context_, *writer, 1).ok());
  ASSERT_TRUE(AbortWriter(repository_.KeylessContext(), writer->ticket.writer,
                          "no sign of life since 2026-01-01T00:00:00Z")
                  .ok());
  const Result<DummyBackup> backup = repository_.Commit(context_, *writer);
  ASSERT_FALSE(backup.ok());
  EXPECT_EQ(backup.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(
      backup.error().Describe(),
      "backup " + writer->ticket.writer.Hex() +
          " was aborted while it was being written: no sign of life since "
          "2026-01-01T00:00:00Z\n"
          "hint: start the backup again; what it had stored is freed by the next 'pgkeep gc'");
  EXPECT_EQ(Decision(writer->ticket.writer).verdict, Verdict::kAbort);
}

TEST_F(WriterProtocol, MissingPackPreventsTheCommit) {
  Result<TestRepository::Writer> writer = repository_.Begin(context_);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(repository_.StorePacks(context_, *writer, 2).ok());
  const std::string victim = writer->entries[1].name.Key();
  ASSERT_TRUE(memory_.store.Delete(victim).ok());
  const Result<DummyBackup> backup = repository_.Commit(context_, *writer);
  ASSERT_FALSE(backup.ok());
  EXPECT_EQ(backup.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(
      backup.error().message(),
      "1 of 3 packs that this backup needs are missing or have another size, first " + victim);
  EXPECT_THAT(KeysBelow(memory_.store, kDecisionPrefix), ElementsAre());
}

TEST_F(WriterProtocol, PackOfAnotherSizeCountsAsMissing) {
  const DummyBackup backup = repository_.MakeBackup();
  memory_.store.Tamper(backup.references.entries()[0].name.Key(),
                       [](Bytes& bytes) { bytes.push_back(0); });
  const Result<std::vector<PackEntry>> missing = FindMissingPacks(context_, backup.references);
  ASSERT_TRUE(missing.ok());
  EXPECT_THAT(*missing, ElementsAre(backup.references.entries()[0]));
}

TEST_F(WriterProtocol, FindsExactlyTheMissingPacksInOrder) {
  const DummyBackup first = repository_.MakeBackup({}, 20);
  const DummyBackup second = repository_.MakeBackup({first.id}, 20);
  const std::vector<PackEntry>& entries = second.references.entries();
  std::vector<PackEntry> deleted;
  for (size_t i = 0; i < entries.size(); i += 3) {
    ASSERT_TRUE(memory_.store.Delete(entries[i].name.Key()).ok());
    deleted.push_back(entries[i]);
  }
  const Result<std::vector<PackEntry>> missing = FindMissingPacks(context_, second.references);
  ASSERT_TRUE(missing.ok());
  EXPECT_EQ(*missing, deleted);
}

TEST_F(WriterProtocol, PresenceCheckCostsOneListingPerWriterAndKind) {
  const DummyBackup first = repository_.MakeBackup({}, 20);
  const DummyBackup second = repository_.MakeBackup({first.id}, 20);
  storage::CountingStore counting(memory_.store);
  ASSERT_TRUE(CheckPacksPresent(repository_.Context(&counting), second.references).ok());
  EXPECT_EQ(counting.Counts().Of(StoreOperation::kList).calls, 4u);
  EXPECT_EQ(counting.Counts().Total().calls, 4u);
}

TEST_F(WriterProtocol, PackOfNoBaseIsRefused) {
  const DummyBackup stranger = repository_.MakeBackup();
  Result<TestRepository::Writer> writer = repository_.Begin(context_);
  ASSERT_TRUE(writer.ok());
  for (const PackEntry& entry : stranger.references.entries()) writer->entries.push_back(entry);
  const Result<DummyBackup> backup = repository_.Commit(context_, *writer);
  ASSERT_FALSE(backup.ok());
  EXPECT_EQ(backup.error().code(), ErrorCode::kInternal);
  EXPECT_FALSE(memory_.store.Head(ManifestKey(writer->ticket.writer)).ok());
}

TEST_F(WriterProtocol, ManifestOfOtherReferencesIsRefused) {
  Result<TestRepository::Writer> writer = repository_.Begin(context_);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(repository_.StorePacks(context_, *writer, 1).ok());
  const Bytes manifest = repository_.MakeCommitObjects(*writer).manifest;
  ASSERT_TRUE(writer->entries.size() == 2);
  writer->entries[1].live_units = 0;
  const Bytes references = repository_.MakeCommitObjects(*writer).references;
  const auto receipt = CommitWriter(context_, writer->ticket, manifest, references);
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.error().code(), ErrorCode::kInternal);
  EXPECT_THAT(KeysBelow(memory_.store, kDecisionPrefix), ElementsAre());
}

TEST_F(WriterProtocol, AbortIsRepeatableAndCommitIsFinal) {
  const WriterId dead = repository_.MakeDeadWriter();
  ASSERT_TRUE(AbortWriter(context_, dead, "first").ok());
  memory_.clock.Advance(std::chrono::seconds(5));
  ASSERT_TRUE(AbortWriter(context_, dead, "second").ok());
  EXPECT_EQ(Decision(dead).reason, "first");

  const DummyBackup backup = repository_.MakeBackup();
  const Status aborted = AbortWriter(context_, backup.id, "too late");
  ASSERT_FALSE(aborted.ok());
  EXPECT_EQ(aborted.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(Decision(backup.id).verdict, Verdict::kCommit);
}

// The store dies at each request in turn, for good: what is there afterwards is either no backup,
// or a whole one.
TEST_F(WriterProtocol, DyingAnywhereLeavesNoHalfBackup) {
  const DummyBackup base = repository_.MakeBackup();
  int committed = 0;
  for (uint64_t nth = 1; committed == 0; ++nth) {
    const auto snapshot = memory_.store.Save();
    testing::FaultyStore faulty(memory_.store, memory_.clock);
    faulty.AddRule({.action = FaultAction::kFailBefore, .nth = nth, .times = 1'000'000});
    const RepositoryContext context = repository_.Context(&faulty);
    Result<TestRepository::Writer> writer = repository_.Begin(context, {base.id});
    if (writer.ok() && repository_.StorePacks(context, *writer, 1).ok()) {
      TestRepository::Reuse(*writer, 0);
      if (repository_.Commit(context, *writer).ok()) ++committed;
    }
    const size_t decisions = KeysBelow(memory_.store, kDecisionPrefix).size();
    EXPECT_EQ(decisions, committed == 0 ? 1u : 2u) << "died at request " << nth;
    EXPECT_THAT(MissingLiveObjects(context_), ElementsAre()) << "died at request " << nth;
    EXPECT_THAT(KeysBelow(memory_.store, kExpiryPrefix), ElementsAre());
    memory_.store.Restore(*snapshot);
    ASSERT_LT(nth, 100u);
  }
}

}  // namespace
}  // namespace pgkeep::repository

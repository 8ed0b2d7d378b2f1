#include "repository/garbage_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "repository/control_access.h"
#include "repository/gc_keep.h"
#include "repository/gc_plan_object.h"
#include "repository/heartbeat_thread.h"
#include "repository/limits.h"
#include "repository/protocol_test_kit.h"
#include "storage/counting_store.h"
#include "testing/faulty_store.h"

namespace pgkeep::repository {
namespace {

using std::chrono::hours;
using storage::StoreOperation;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class GarbageCollector : public ::testing::Test {
 protected:
  GcReport Collect(const GcOptions& options = {}, storage::ObjectStore* store = nullptr) {
    Result<GcReport> report = CollectGarbage(repository_.KeylessContext(store), options);
    EXPECT_TRUE(report.ok()) << report.error().Describe();
    return report.ok() ? std::move(*report) : GcReport{};
  }

  // Two cycles: the first plans, the second deletes.
  GcReport CollectTwice(const GcOptions& options = {}) {
    Collect(options);
    return Collect(options);
  }

  bool Exists(const std::string& key) { return memory_.store.Head(key).ok(); }

  std::vector<std::string> KeysOf(const WriterId& writer) {
    std::vector<std::string> keys = memory_.store.Keys();
    std::erase_if(
        keys, [&](const std::string& key) { return key.find(writer.Hex()) == std::string::npos; });
    return keys;
  }

  HandmadeRepository memory_;
  TestRepository& repository_ = memory_.repository;
  // Something that stays, so that the brake on the share of bytes is not what is tested.
  const DummyBackup anchor_ = repository_.MakeBackup({}, 40, "anchor");
};

TEST_F(GarbageCollector, SweepsADeadWriterInTwoCycles) {
  const WriterId dead = repository_.MakeDeadWriter();
  memory_.clock.Advance(hours(25));
  const GcReport first = Collect();
  ASSERT_THAT(first.aborted, SizeIs(1));
  EXPECT_EQ(first.aborted[0].writer, dead);
  EXPECT_EQ(first.aborted[0].reason, "no sign of life since 2026-01-01T00:00:00Z");
  EXPECT_EQ(first.candidates, 6u) << "three packs, session, pin; the pin of the anchor";
  EXPECT_EQ(first.deleted, 0u) << "an unversioned store cannot undo: one cycle to think";
  EXPECT_EQ(first.deferred, first.candidates);
  const GcReport second = Collect();
  EXPECT_EQ(second.deleted, 6u);
  EXPECT_EQ(second.deleted_bytes, 3000u);
  EXPECT_TRUE(second.Outcome().ok());
  EXPECT_THAT(KeysOf(dead), ElementsAre(DecisionKey(dead)));
  EXPECT_THAT(MissingLiveObjects(repository_.Context()), IsEmpty());
}

TEST_F(GarbageCollector, CountsWhatItDeletes) {
  repository_.MakeDeadWriter();
  memory_.clock.Advance(hours(25));
  Progress progress;
  std::vector<std::string> phases;
  progress.SetPhaseListener([&](std::string_view phase) { phases.emplace_back(phase); });
  Collect({.progress = &progress});
  EXPECT_THAT(phases, ElementsAre("reading_decisions", "reading_lists", "planning", "deleting"));
  EXPECT_EQ(progress.Snapshot().total_objects, 0u) << "this cycle only plans";
  const GcReport report = Collect({.progress = &progress});
  EXPECT_EQ(report.deleted, 6u);
  EXPECT_EQ(progress.Snapshot().objects, 6u);
  EXPECT_EQ(progress.Snapshot().total_objects, 6u);
  phases.clear();
  Collect({.dry_run = true, .progress = &progress});
  EXPECT_THAT(phases, ElementsAre("reading_decisions", "reading_lists", "planning"));
}

TEST_F(GarbageCollector, LeavesAWriterAliveUntilADayHasPassed) {
  const WriterId writer = repository_.MakeDeadWriter();
  const std::vector<std::string> before = KeysOf(writer);
  memory_.clock.Advance(hours(24));
  EXPECT_THAT(CollectTwice().aborted, IsEmpty());
  EXPECT_EQ(KeysOf(writer), before);
}

TEST_F(GarbageCollector, HeartbeatKeepsAWriterAlive) {
  const WriterId writer = repository_.MakeDeadWriter();
  Heartbeat heartbeat(repository_.Context(), writer);
  memory_.clock.Advance(hours(20));
  ASSERT_TRUE(heartbeat.Beat().ok());
  memory_.clock.Advance(hours(20));
  EXPECT_THAT(Collect().aborted, IsEmpty());
  memory_.clock.Advance(hours(5));
  EXPECT_THAT(Collect().aborted, SizeIs(1));
  Collect();
  EXPECT_THAT(KeysOf(writer), ElementsAre(DecisionKey(writer))) << "heartbeats go as well";
}

// The collector's machine sleeps between listing the pins and asking for the time.
TEST_F(GarbageCollector, CollectorThatSleepsDoesNotTakeAHealthyWriterForDead) {
  const WriterId writer = repository_.MakeDeadWriter();
  Heartbeat heartbeat(repository_.Context(), writer);
  memory_.clock.Advance(hours(20));
  HookStore hook(memory_.store);
  hook.Before("list", "dec/", 1, [&] {
    memory_.clock.Advance(hours(15));
    ASSERT_TRUE(heartbeat.Beat().ok());
  });
  const GcReport report = Collect({}, &hook);
  ASSERT_TRUE(hook.fired());
  EXPECT_THAT(report.aborted, IsEmpty());
}

TEST_F(GarbageCollector, HeartbeatFromTheFutureProtectsItsWriter) {
  const WriterId writer = repository_.MakeDeadWriter();
  memory_.clock.Advance(hours(48));
  memory_.store.SetModified(PinKey(writer), memory_.clock.Now() + hours(2));
  const GcReport report = Collect();
  EXPECT_THAT(report.aborted, IsEmpty());
  EXPECT_THAT(report.warnings,
              ElementsAre(AllOf(HasSubstr(writer.Hex()), HasSubstr("in the future"))));
}

TEST_F(GarbageCollector, StoreWithoutClockAbortsNobody) {
  repository_.MakeDeadWriter();
  memory_.clock.Advance(hours(48));
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                                      .operation = StoreOperation::kServerTime,
                                      .times = 100});
  const GcReport report = Collect({}, &faulty);
  EXPECT_EQ(faulty.fired(rule), 1u);
  EXPECT_THAT(report.aborted, IsEmpty());
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("the store tells no time")));
}

TEST_F(GarbageCollector, ExpiredBackupGoesAndSharedPacksStay) {
  const DummyBackup base = repository_.MakeBackup({}, 3);
  const DummyBackup next = repository_.MakeBackup({base.id}, 1);
  repository_.Expire(base.id);
  CollectTwice();
  EXPECT_FALSE(Exists(ManifestKey(base.id)));
  EXPECT_FALSE(Exists(ReferenceListKey(base.id)));
  EXPECT_TRUE(Exists(SessionKey(base.id))) << "its packs are read with this key";
  EXPECT_THAT(MissingLiveObjects(repository_.Context()), IsEmpty());

  repository_.Expire(next.id);
  CollectTwice();
  for (const BackupId& gone : {base.id, next.id}) {
    EXPECT_THAT(KeysOf(gone), ElementsAre(DecisionKey(gone), ExpiryKey(gone)));
  }
}

// Whoever has a host key can expire; this is the operator's time to notice.
TEST_F(GarbageCollector, ExpiryThatIsTooYoungDoesNotCountYet) {
  const DummyBackup backup = repository_.MakeBackup();
  memory_.clock.Advance(hours(100));
  repository_.Expire(backup.id);
  const GcOptions patient{.min_expiry_age = hours(48)};
  memory_.clock.Advance(hours(47));
  EXPECT_EQ(CollectTwice(patient).live_backups, 2u);
  EXPECT_TRUE(Exists(ManifestKey(backup.id)));
  memory_.clock.Advance(hours(1));
  EXPECT_EQ(CollectTwice(patient).live_backups, 1u);
  EXPECT_THAT(KeysOf(backup.id), ElementsAre(DecisionKey(backup.id), ExpiryKey(backup.id)));
}

TEST_F(GarbageCollector, OnlyUnsharedPacksOfAnExpiredBackupGo) {
  const DummyBackup base = repository_.MakeBackup({}, 3);
  Result<TestRepository::Writer> writer = repository_.Begin(repository_.Context(), {base.id});
  ASSERT_TRUE(writer.ok());
  TestRepository::Reuse(*writer, 0, false);
  ASSERT_TRUE(repository_.Commit(repository_.Context(), *writer).ok());
  repository_.Expire(base.id);
  const GcReport report = CollectTwice();
  EXPECT_EQ(report.deleted_bytes, 2000u) << "the second and third data pack";
  EXPECT_THAT(KeysBelow(memory_.store, "p/" + base.id.Hex()),
              ElementsAre(base.references.entries()[0].name.Key()));
  EXPECT_THAT(MissingLiveObjects(repository_.Context()), IsEmpty());
}

TEST_F(GarbageCollector, SessionOfALiveBackupWithoutPacksStays) {
  const DummyBackup base = repository_.MakeBackup({}, 3);
  const DummyBackup same = repository_.MakeBackup({base.id}, 0);
  repository_.Expire(base.id);
  CollectTwice();
  EXPECT_TRUE(Exists(SessionKey(same.id))) << "its manifest names the hash";
  EXPECT_THAT(MissingLiveObjects(repository_.Context()), IsEmpty());
}

TEST_F(GarbageCollector, BaseOfAnUndecidedWriterStaysWhole) {
  const DummyBackup base = repository_.MakeBackup({}, 3);
  Result<TestRepository::Writer> writer = repository_.Begin(repository_.Context(), {base.id});
  ASSERT_TRUE(writer.ok());
  repository_.Expire(base.id);
  const std::vector<std::string> before = KeysOf(base.id);
  CollectTwice();
  std::vector<std::string> without_pin = before;
  std::erase(without_pin, PinKey(base.id));
  EXPECT_EQ(KeysOf(base.id), without_pin);
  TestRepository::Reuse(*writer, 0);
  ASSERT_TRUE(repository_.Commit(repository_.Context(), *writer).ok());
  CollectTwice();
  EXPECT_THAT(MissingLiveObjects(repository_.Context()), IsEmpty());
}

TEST_F(GarbageCollector, PackThatItsOwnBackupDoesNotNameGoes) {
  Result<TestRepository::Writer> writer = repository_.Begin(repository_.Context());
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(repository_.StorePacks(repository_.Context(), *writer, 3).ok());
  const std::string unused = writer->entries.back().name.Key();
  writer->entries.pop_back();
  ASSERT_TRUE(repository_.Commit(repository_.Context(), *writer).ok());
  CollectTwice();
  EXPECT_FALSE(Exists(unused));
  EXPECT_THAT(MissingLiveObjects(repository_.Context()), IsEmpty());
}

TEST_F(GarbageCollector, PacksOfUnknownWritersAreNeverTouched) {
  const WriterId archiver{{7, 7, 7}};
  const std::string pack = PackName{archiver, PackKind::kData, 0}.Key();
  ASSERT_TRUE(memory_.store.CreateIfAbsent(pack, AsBytes("wal")).ok());
  memory_.clock.Advance(hours(1000));
  CollectTwice();
  EXPECT_TRUE(Exists(pack));
}

TEST_F(GarbageCollector, NothingToDoWritesNothing) {
  CollectTwice();
  const std::vector<std::string> before = memory_.store.Keys();
  const GcReport report = Collect();
  EXPECT_EQ(report.candidates, 0u);
  EXPECT_EQ(report.plan_key, "");
  EXPECT_EQ(memory_.store.Keys(), before);
}

TEST_F(GarbageCollector, DryRunOnlyTells) {
  const WriterId dead = repository_.MakeDeadWriter();
  const DummyBackup expired = repository_.MakeBackup();
  repository_.Expire(expired.id);
  memory_.clock.Advance(hours(25));
  const std::vector<std::string> before = memory_.store.Keys();
  const GcReport report = Collect({.dry_run = true});
  EXPECT_EQ(memory_.store.Keys(), before);
  ASSERT_THAT(report.aborted, SizeIs(1));
  EXPECT_EQ(report.aborted[0].writer, dead);
  EXPECT_EQ(report.candidate_pack_bytes, 3000u);
  EXPECT_EQ(report.live_backups, 1u);
  EXPECT_EQ(report.undecided_writers, 1u);
}

TEST_F(GarbageCollector, OperatorAbortsAFreshWriter) {
  const WriterId writer = repository_.MakeDeadWriter();
  const GcReport report = Collect({.abort_writers = {writer}});
  ASSERT_THAT(report.aborted, SizeIs(1));
  EXPECT_EQ(ControlAccess(repository_.Context()).ReadDecision(writer)->reason,
            "by order of the operator");
}

TEST_F(GarbageCollector, OperatorCannotAbortWhatIsNotAtWork) {
  for (const auto& [writer, code] : {std::pair{anchor_.id, ErrorCode::kConflict},
                                     std::pair{WriterId{{9}}, ErrorCode::kNotFound}}) {
    const Result<GcReport> report =
        CollectGarbage(repository_.Context(), {.abort_writers = {writer}});
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code(), code);
  }
  EXPECT_FALSE(Exists(DecisionKey(WriterId{{9}}))) << "an archiver must never be aborted";
}

TEST_F(GarbageCollector, PlanIsWrittenBeforeAnythingIsDeleted) {
  const DummyBackup expired = repository_.MakeBackup();
  repository_.Expire(expired.id);
  Collect();
  HookStore hook(memory_.store);
  std::vector<std::string> settled;
  std::vector<std::string> changes;
  hook.SetHook([&](std::string_view operation, std::string_view key) {
    // A create of what is there changes nothing; it asks whether that is durable.
    if (operation == "create" && Exists(std::string(key)))
      settled.emplace_back(key);
    else if (operation == "create" || operation == "delete")
      changes.emplace_back(key);
  });
  const GcReport report = Collect({}, &hook);
  EXPECT_THAT(settled, UnorderedElementsAre(DecisionKey(anchor_.id), DecisionKey(expired.id),
                                            ExpiryKey(expired.id)))
      << "what the deletions rest on";
  ASSERT_THAT(changes, Not(IsEmpty()));
  EXPECT_EQ(changes.front(), "gcplan/00000002");
  EXPECT_EQ(report.plan_key, "gcplan/00000002");

  const Result<Bytes> object = memory_.store.Get(report.plan_key, kMaxGcPlanObjectBytes);
  ASSERT_TRUE(object.ok());
  const Result<GcPlanObject> plan = DecodeGcPlan(*object, repository_.id(), 2, SignerSet());
  ASSERT_TRUE(plan.ok());
  std::vector<std::string> planned;
  for (const GcPlanEntry& entry : plan->entries) {
    planned.push_back(entry.key);
    EXPECT_EQ(entry.reason, entry.key == PinKey(anchor_.id) ? "unused" : "expired") << entry.key;
  }
  EXPECT_EQ(std::vector(changes.begin() + 1, changes.end()), planned) << "in the order of the plan";
}

TEST_F(GarbageCollector, OrderWithinAWriterIsPacksThenListsThenPin) {
  const DummyBackup expired = repository_.MakeBackup({}, 1);
  ASSERT_TRUE(Heartbeat(repository_.Context(), expired.id).Beat().ok());
  repository_.Expire(expired.id);
  Collect();
  HookStore hook(memory_.store);
  std::vector<std::string> deleted;
  hook.SetHook([&](std::string_view operation, std::string_view key) {
    if (operation == "delete" && key.find(expired.id.Hex()) != std::string_view::npos) {
      deleted.emplace_back(key);
    }
  });
  Collect({}, &hook);
  EXPECT_THAT(deleted,
              ElementsAre(PackName{expired.id, PackKind::kData, 0}.Key(),
                          PackName{expired.id, PackKind::kMeta, 0}.Key(), ManifestKey(expired.id),
                          ReferenceListKey(expired.id), SessionKey(expired.id),
                          HeartbeatKey(expired.id, 1), PinKey(expired.id)));
}

TEST_F(GarbageCollector, UnversionedStoreDeletesOnlyWhatTheLastPlanHad) {
  const DummyBackup first = repository_.MakeBackup();
  const DummyBackup second = repository_.MakeBackup();
  repository_.Expire(first.id);
  Collect();
  repository_.Expire(second.id);
  const GcReport report = Collect();
  EXPECT_FALSE(Exists(ManifestKey(first.id)));
  EXPECT_TRUE(Exists(ManifestKey(second.id)));
  EXPECT_EQ(report.deferred, 7u) << "three packs, manifest, references, session, pin";
}

TEST_F(GarbageCollector, VersionedStoreDeletesAtOnce) {
  const DummyBackup expired = repository_.MakeBackup();
  repository_.Expire(expired.id);
  HookStore versioned(memory_.store);
  storage::StoreFeatures features = memory_.store.features();
  features.versioned = true;
  versioned.SetFeatures(features);
  const GcReport report = Collect({}, &versioned);
  EXPECT_EQ(report.deferred, 0u);
  EXPECT_EQ(report.deleted, report.candidates);
  EXPECT_THAT(KeysOf(expired.id), ElementsAre(DecisionKey(expired.id), ExpiryKey(expired.id)));
}

// What does not fit into one cycle goes in the next ones, and a writer that does not fit whole
// keeps its lists until its last packs go.
TEST_F(GarbageCollector, CyclesOfLimitedSizeGetEverything) {
  const DummyBackup first = repository_.MakeBackup({}, 4);
  const DummyBackup second = repository_.MakeBackup({}, 4);
  repository_.Expire(first.id);
  repository_.Expire(second.id);
  const GcOptions options{.max_objects = 4};
  const GcReport report = CollectTwice(options);
  EXPECT_EQ(report.deleted, 4u);
  EXPECT_THAT(report.warnings,
              ElementsAre(HasSubstr("19 objects could go, but one cycle plans 4")));
  int cycles = 2;
  for (; Collect(options).candidates > 0; ++cycles) {
    for (const DummyBackup& backup : {first, second}) {
      const bool packs_left = !KeysBelow(memory_.store, "p/" + backup.id.Hex()).empty() ||
                              !KeysBelow(memory_.store, "m/" + backup.id.Hex()).empty();
      EXPECT_TRUE(!packs_left || Exists(ReferenceListKey(backup.id)));
    }
    ASSERT_LT(cycles, 30);
  }
  EXPECT_THAT(KeysOf(first.id), ElementsAre(DecisionKey(first.id), ExpiryKey(first.id)));
  EXPECT_THAT(KeysOf(second.id), ElementsAre(DecisionKey(second.id), ExpiryKey(second.id)));
}

TEST_F(GarbageCollector, DamagedOldPlanOnlyDelays) {
  const DummyBackup expired = repository_.MakeBackup();
  repository_.Expire(expired.id);
  Collect();
  memory_.store.Tamper("gcplan/00000001", [](Bytes& bytes) { bytes[50] ^= 1; });
  const GcReport second = Collect();
  EXPECT_EQ(second.deleted, 0u);
  EXPECT_THAT(second.warnings, ElementsAre(HasSubstr("gcplan/00000001")));
  EXPECT_EQ(Collect().deleted, second.candidates);
}

TEST_F(GarbageCollector, TakenPlanNumberIsSkipped) {
  const DummyBackup expired = repository_.MakeBackup();
  repository_.Expire(expired.id);
  HookStore hook(memory_.store);
  hook.Before("create", "gcplan/", 1, [&] { Collect(); });
  const GcReport report = Collect({}, &hook);
  ASSERT_TRUE(hook.fired());
  EXPECT_EQ(report.plan_key, "gcplan/00000002");
}

// A refusal that no other plan explains ends the cycle at once.
TEST_F(GarbageCollector, PlanThatIsRefusedWithoutARivalEndsTheCycle) {
  repository_.Expire(repository_.MakeBackup().id);
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                                      .operation = StoreOperation::kCreateIfAbsent,
                                      .key_contains = "gcplan/",
                                      .times = 1'000'000'000,
                                      .code = ErrorCode::kConflict});
  const auto report = CollectGarbage(repository_.KeylessContext(&faulty), {});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(faulty.fired(rule), 1u);
}

TEST_F(GarbageCollector, FailingDeleteKeepsTheRestOfItsWriterAndNothingElse) {
  const DummyBackup first = repository_.MakeBackup();
  const DummyBackup second = repository_.MakeBackup();
  repository_.Expire(first.id);
  repository_.Expire(second.id);
  Collect();
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  const std::string locked = first.references.entries()[0].name.Key();
  faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                  .operation = StoreOperation::kDelete,
                  .key_contains = locked,
                  .code = ErrorCode::kPermission});
  const GcReport report = Collect({}, &faulty);
  ASSERT_THAT(report.failures, SizeIs(1));
  EXPECT_EQ(report.failures[0].key, locked);
  const Status outcome = report.Outcome();
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code(), ErrorCode::kPermission);
  EXPECT_THAT(outcome.error().ToString(), HasSubstr("deleting " + locked));
  EXPECT_THAT(KeysOf(second.id), ElementsAre(DecisionKey(second.id), ExpiryKey(second.id)));
  EXPECT_TRUE(Exists(ReferenceListKey(first.id)));
  EXPECT_FALSE(Exists(first.references.entries()[1].name.Key()));
  CollectTwice();
  EXPECT_THAT(KeysOf(first.id), ElementsAre(DecisionKey(first.id), ExpiryKey(first.id)));
}

TEST_F(GarbageCollector, LostAnswerOfADeleteIsRepeated) {
  const DummyBackup expired = repository_.MakeBackup();
  repository_.Expire(expired.id);
  Collect();
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  const size_t rule = faulty.AddRule(
      {.action = testing::FaultAction::kFailAfter, .operation = StoreOperation::kDelete});
  EXPECT_TRUE(Collect({}, &faulty).Outcome().ok());
  EXPECT_EQ(faulty.fired(rule), 1u);
}

TEST_F(GarbageCollector, CancelledRunSaysSo) {
  const DummyBackup expired = repository_.MakeBackup();
  repository_.Expire(expired.id);
  Collect();
  std::stop_source stop;
  HookStore hook(memory_.store);
  hook.Before("delete", "", 2, [&] { stop.request_stop(); });
  RepositoryContext context = repository_.KeylessContext(&hook);
  context.stop = stop.get_token();
  const Result<GcReport> report = CollectGarbage(context, {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->Outcome().error().code(), ErrorCode::kCancelled);
  EXPECT_LT(report->deleted, report->candidates);
}

// Without keys, by listings, and one read per object that it must see into.
TEST_F(GarbageCollector, RequestsStayWithinTheBudget) {
  constexpr uint64_t kLive = 5;
  constexpr uint64_t kAborted = 3;
  for (uint64_t i = 1; i < kLive; ++i) repository_.MakeBackup({anchor_.id}, 1);
  for (uint64_t i = 0; i < kAborted; ++i) {
    ASSERT_TRUE(AbortWriter(repository_.Context(), repository_.MakeDeadWriter(), "test").ok());
  }
  Result<TestRepository::Writer> undecided = repository_.Begin(repository_.Context(), {anchor_.id});
  ASSERT_TRUE(undecided.ok());
  const DummyBackup expired = repository_.MakeBackup();
  repository_.Expire(expired.id);
  Collect();
  storage::CountingStore counting(memory_.store);
  const GcReport report = Collect({.dry_run = true}, &counting);
  EXPECT_EQ(report.live_backups, kLive);
  const storage::StoreCounts counts = counting.Counts();
  EXPECT_EQ(counts.Of(StoreOperation::kList).calls, 11u) << "2 to abort, 4 in order, 5 to find";
  EXPECT_EQ(counts.Of(StoreOperation::kGet, "dec").calls, kLive + kAborted + 1);
  EXPECT_EQ(counts.Of(StoreOperation::kGet, "ref").calls, kLive);
  EXPECT_EQ(counts.Of(StoreOperation::kGet, "pin").calls, 1u);
  EXPECT_EQ(counts.Of(StoreOperation::kGet, "exp").calls, 1u);
  EXPECT_EQ(counts.Of(StoreOperation::kGet).calls, 2 * kLive + kAborted + 3);
  EXPECT_EQ(counts.Of(StoreOperation::kHead).calls, 0u);
  EXPECT_EQ(counts.Total().calls, 11 + 2 * kLive + kAborted + 3 + 1) << "and the store's clock";
}

TEST(KeepSet, FindsPacksAndWritersAndWhatWasNotListed) {
  HandmadeRepository memory;
  const DummyBackup first = memory.repository.MakeBackup({}, 2);
  const DummyBackup second = memory.repository.MakeBackup({first.id}, 2);
  KeepSet keep;
  keep.Add(first.references, false);
  keep.Add(second.references, true);
  keep.Add(second.references, false);
  keep.Seal();
  EXPECT_EQ(keep.size(), second.references.entries().size());
  EXPECT_TRUE(keep.HoldsPackOf(first.id));
  EXPECT_FALSE(keep.HoldsPackOf(WriterId{{1}}));
  EXPECT_FALSE(keep.ContainsListed({first.id, PackKind::kData, 77}));
  for (const PackEntry& entry : second.references.entries()) {
    EXPECT_NE(keep.FirstUnlisted(), nullptr);
    EXPECT_TRUE(keep.ContainsListed(entry.name));
  }
  EXPECT_EQ(keep.FirstUnlisted(), nullptr);
}

TEST(KeepSet, PacksOfUndecidedWritersNeedNotBeListed) {
  HandmadeRepository memory;
  KeepSet keep;
  keep.Add(memory.repository.MakeBackup().references, false);
  keep.Seal();
  EXPECT_EQ(keep.FirstUnlisted(), nullptr);
}

}  // namespace
}  // namespace pgkeep::repository

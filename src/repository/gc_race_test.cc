// Writers, expiries and collectors put between each other's requests by hand: the cases of the
// proof in docs/format/protocol.md, then many more from a seed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "repository/control_access.h"
#include "repository/garbage_collector.h"
#include "repository/heartbeat_thread.h"
#include "repository/protocol_test_kit.h"
#include "testing/faulty_store.h"

namespace pgkeep::repository {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Two plain cycles by another collector, with force: everything that may go, goes.
void OtherCollector(const TestRepository& repository, const GcOptions& options = {.force = true}) {
  for (int i = 0; i < 2; ++i) {
    const Result<GcReport> report = CollectGarbage(repository.KeylessContext(), options);
    EXPECT_TRUE(report.ok()) << report.error().Describe();
  }
}

class GcRace : public ::testing::Test {
 protected:
  Result<GcReport> Collect() {
    return CollectGarbage(repository_.KeylessContext(&hook_), {.force = true});
  }

  // A writer that reuses all of `base` and stores one pack.
  Result<DummyBackup> WriteAll(const BackupId& base) {
    const RepositoryContext context = repository_.Context();
    PGK_ASSIGN_OR_RETURN(TestRepository::Writer writer, repository_.Begin(context, {base}));
    PGK_TRY(repository_.StorePacks(context, writer, 1));
    TestRepository::Reuse(writer, 0);
    return repository_.Commit(context, writer);
  }

  HandmadeRepository memory_;
  TestRepository& repository_ = memory_.repository;
  HookStore hook_{memory_.store};
  const DummyBackup base_ = repository_.MakeBackup();
};

// (ii) of the proof: the pin comes after P was listed, hence after E; the base was not expired in
// E.
TEST_F(GcRace, WriterThatPinsAfterThePinsWereListed) {
  hook_.Before("list", "dec/", 3, [&] {  // D2: after P
    const Result<DummyBackup> backup = WriteAll(base_.id);
    EXPECT_TRUE(backup.ok());
    repository_.Expire(base_.id);
  });
  ASSERT_TRUE(Collect().ok());
  ASSERT_TRUE(hook_.fired());
  ASSERT_TRUE(Collect().ok());
  EXPECT_THAT(MissingLiveObjects(repository_.Context()), IsEmpty());
}

// The writer pins before P, and the base expires after E: both listings show half of it.
TEST_F(GcRace, BaseThatExpiresBetweenTheListings) {
  Result<TestRepository::Writer> writer = repository_.Begin(repository_.Context(), {base_.id});
  ASSERT_TRUE(writer.ok());
  hook_.Before("list", "pin/", 2, [&] { repository_.Expire(base_.id); });
  ASSERT_TRUE(Collect().ok());
  ASSERT_TRUE(hook_.fired());
  ASSERT_TRUE(Collect().ok());
  TestRepository::Reuse(*writer, 0);
  EXPECT_TRUE(repository_.Commit(repository_.Context(), *writer).ok());
  EXPECT_THAT(MissingLiveObjects(repository_.Context()), IsEmpty());
}

// The writer commits between P and D2: it is in P, and decided in D2.
TEST_F(GcRace, WriterThatCommitsBeforeTheSecondListingOfDecisions) {
  Result<TestRepository::Writer> writer = repository_.Begin(repository_.Context(), {base_.id});
  ASSERT_TRUE(writer.ok());
  repository_.Expire(base_.id);
  TestRepository::Reuse(*writer, 0);
  hook_.Before("list", "dec/", 3,
               [&] { EXPECT_TRUE(repository_.Commit(repository_.Context(), *writer).ok()); });
  ASSERT_TRUE(Collect().ok());
  ASSERT_TRUE(hook_.fired());
  ASSERT_TRUE(Collect().ok());
  EXPECT_THAT(MissingLiveObjects(repository_.Context()), IsEmpty());
}

// The writer commits after D2 and before anything is deleted.
TEST_F(GcRace, WriterThatCommitsAfterTheListings) {
  Result<TestRepository::Writer> writer = repository_.Begin(repository_.Context(), {base_.id});
  ASSERT_TRUE(writer.ok());
  repository_.Expire(base_.id);
  TestRepository::Reuse(*writer, 0);
  hook_.Before("list", "p/", 1,
               [&] { EXPECT_TRUE(repository_.Commit(repository_.Context(), *writer).ok()); });
  ASSERT_TRUE(Collect().ok());
  ASSERT_TRUE(hook_.fired());
  ASSERT_TRUE(Collect().ok());
  EXPECT_THAT(MissingLiveObjects(repository_.Context()), IsEmpty());
}

// (iv): a stalled writer cannot commit once it is aborted, whenever it wakes up.
TEST_F(GcRace, StalledWriterWakesUpAfterItsPacksAreGone) {
  Result<TestRepository::Writer> writer = repository_.Begin(repository_.Context(), {base_.id});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(repository_.StorePacks(repository_.Context(), *writer, 1).ok());
  repository_.Expire(base_.id);
  memory_.clock.Advance(std::chrono::hours(25));
  OtherCollector(repository_);
  EXPECT_THAT(KeysBelow(memory_.store, "p/"), IsEmpty());
  TestRepository::Reuse(*writer, 0);
  const Result<DummyBackup> backup = repository_.Commit(repository_.Context(), *writer);
  ASSERT_FALSE(backup.ok());
  EXPECT_EQ(backup.error().code(), ErrorCode::kConflict);
  EXPECT_THAT(MissingLiveObjects(repository_.Context()), IsEmpty());
  // What it wrote after its abortion is swept like everything else.
  OtherCollector(repository_);
  EXPECT_FALSE(memory_.store.Head(ManifestKey(writer->ticket.writer)).ok());
}

// The abort arrives while the writer looks for its packs: presence was true, the commit fails.
TEST_F(GcRace, AbortBetweenPresenceCheckAndDecision) {
  const RepositoryContext context = repository_.Context(&hook_);
  Result<TestRepository::Writer> writer = repository_.Begin(context, {base_.id});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(repository_.StorePacks(context, *writer, 1).ok());
  TestRepository::Reuse(*writer, 0);
  hook_.Before("create", "dec/", 1, [&] {
    memory_.clock.Advance(std::chrono::hours(25));
    OtherCollector(repository_);
  });
  const Result<DummyBackup> backup = repository_.Commit(context, *writer);
  ASSERT_TRUE(hook_.fired());
  ASSERT_FALSE(backup.ok());
  EXPECT_THAT(backup.error().message(), HasSubstr("was aborted while it was being written"));
}

// Another collector deletes the reference list of a backup that expired after this cycle's E.
TEST_F(GcRace, YieldsWhenALiveBackupIsBeingDeletedByAnother) {
  hook_.Before("get", "ref/", 1, [&] {
    repository_.Expire(base_.id);
    OtherCollector(repository_);
  });
  const Result<GcReport> report = Collect();
  ASSERT_TRUE(hook_.fired());
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  ASSERT_TRUE(report->yielded.has_value());
  EXPECT_THAT(*report->yielded, HasSubstr(base_.id.Hex()));
  EXPECT_EQ(report->plan_key, "");
}

// The same a little later: the list was read, its packs are gone before they are listed.
TEST_F(GcRace, YieldsWhenPacksVanishBecauseTheirBackupExpired) {
  hook_.Before("list", "p/", 1, [&] {
    repository_.Expire(base_.id);
    OtherCollector(repository_);
  });
  const Result<GcReport> report = Collect();
  ASSERT_TRUE(hook_.fired());
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  ASSERT_TRUE(report->yielded.has_value());
  EXPECT_EQ(report->deleted, 0u);
}

TEST_F(GcRace, YieldsWhenAnotherDeletesThePinOfAWriterThatWasDecided) {
  const WriterId writer = repository_.MakeDeadWriter();
  hook_.Before("get", "pin/", 1, [&] {
    ASSERT_TRUE(AbortWriter(repository_.Context(), writer, "test").ok());
    OtherCollector(repository_);
  });
  const Result<GcReport> report = Collect();
  ASSERT_TRUE(hook_.fired());
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  ASSERT_TRUE(report->yielded.has_value());
  EXPECT_THAT(*report->yielded, HasSubstr(PinKey(writer)));
}

// A heartbeat that arrives after its writer was aborted and swept: swept in its turn.
TEST_F(GcRace, LateHeartbeatOfASweptWriterHoldsNothingUp) {
  const WriterId writer = repository_.MakeDeadWriter();
  memory_.clock.Advance(std::chrono::hours(25));
  OtherCollector(repository_);
  ASSERT_TRUE(Heartbeat(repository_.Context(), writer).Beat().ok());
  OtherCollector(repository_);
  EXPECT_THAT(KeysBelow(memory_.store, kPinPrefix), IsEmpty());
}

// A writer with a base that is gone: it pinned after the expiry and has not noticed yet.
class GcLatePin : public GcRace {
 protected:
  // Pins base_, which expires and is deleted before the pin is there; dies right after the pin.
  WriterId MakeLatePin() {
    repository_.Expire(base_.id);
    OtherCollector(repository_);
    const WriterId writer{{42}};
    const PinObject pin{.bases = {base_.id}, .client_version = "", .started = {}, .extensions = {}};
    const Bytes object =
        EncodePin(pin, {repository_.id(), writer}, repository_.Context().keys->host_signing_key());
    EXPECT_TRUE(memory_.store.CreateIfAbsent(PinKey(writer), object).ok());
    return writer;
  }
};

TEST_F(GcLatePin, IsAbortedSinceItsBaseIsGone) {
  const WriterId writer = MakeLatePin();
  const Result<GcReport> report = Collect();
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_FALSE(report->yielded.has_value());
  ASSERT_THAT(report->aborted, SizeIs(1));
  EXPECT_EQ(report->aborted[0].writer, writer);
  OtherCollector(repository_);
  EXPECT_THAT(KeysBelow(memory_.store, kPinPrefix), IsEmpty());
}

TEST_F(GcLatePin, WithoutWinningTheAbortTheCycleYields) {
  const WriterId writer = MakeLatePin();
  hook_.Before("create", DecisionKey(writer), 1,
               [&] { ASSERT_TRUE(AbortWriter(repository_.Context(), writer, "own accord").ok()); });
  const Result<GcReport> report = Collect();
  ASSERT_TRUE(hook_.fired());
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_TRUE(report->yielded.has_value());
}

// Done, but the answer is lost: nobody knows who won, so nothing is deleted; the next cycle sees
// it.
TEST_F(GcLatePin, LostAnswerOfTheAbortYields) {
  const WriterId writer = MakeLatePin();
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFailAfter,
                                      .operation = storage::StoreOperation::kCreateIfAbsent,
                                      .key_contains = "dec/"});
  const Result<GcReport> report = CollectGarbage(repository_.KeylessContext(&faulty), {});
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_EQ(faulty.fired(rule), 1u);
  EXPECT_TRUE(report->yielded.has_value());
  EXPECT_TRUE(memory_.store.Head(DecisionKey(writer)).ok());
  const Result<GcReport> next = Collect();
  ASSERT_TRUE(next.ok());
  EXPECT_FALSE(next->yielded.has_value());
}

TEST_F(GcLatePin, DryRunAbortsNobody) {
  const WriterId writer = MakeLatePin();
  const Result<GcReport> report =
      CollectGarbage(repository_.KeylessContext(), {.dry_run = true, .force = true});
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_THAT(report->aborted, SizeIs(1));
  EXPECT_FALSE(memory_.store.Head(DecisionKey(writer)).ok());
}

// Actions of other processes fall between the requests of two cycles, at places drawn from a seed.
class GcSchedule : public ::testing::TestWithParam<int> {};

TEST_P(GcSchedule, LosesNothingThatIsLive) {
  constexpr int kRunsPerCase = 40;
  for (int run = 0; run < kRunsPerCase; ++run) {
    const auto seed = static_cast<uint64_t>(GetParam() * kRunsPerCase + run);
    SCOPED_TRACE("seed " + std::to_string(seed));
    HandmadeRepository memory(seed + 1);
    const TestRepository& repository = memory.repository;
    const DummyBackup first = repository.MakeBackup({}, 1);
    const DummyBackup second = repository.MakeBackup({first.id}, 1);
    std::vector<TestRepository::Writer> writers;

    std::mt19937_64 random(seed);
    const std::vector<std::function<void()>> actions = {
        [&] { repository.Expire(first.id); },
        [&] { repository.Expire(second.id); },
        [&] {
          for (const BackupId& base : {first.id, second.id}) {
            Result<TestRepository::Writer> writer = repository.Begin(repository.Context(), {base});
            if (writer.ok()) writers.push_back(std::move(*writer));
          }
        },
        [&] {
          if (writers.empty()) return;
          TestRepository::Writer writer = std::move(writers.back());
          writers.pop_back();
          if (!repository.StorePacks(repository.Context(), writer, 1).ok()) return;
          TestRepository::Reuse(writer, 0);
          (void)repository.Commit(repository.Context(), writer);
        },
        [&] { memory.clock.Advance(std::chrono::hours(25)); },
        [&] {
          const Result<GcReport> other =
              CollectGarbage(repository.KeylessContext(), {.force = true});
          EXPECT_TRUE(other.ok()) << other.error().Describe();
        },
    };
    std::vector<size_t> order = {0, 1, 2, 2, 3, 3, 3, 4, 5, 5};
    std::ranges::shuffle(order, random);
    HookStore hook(memory.store);
    hook.SetHook([&](std::string_view, std::string_view) {
      if (order.empty() || random() % 5 != 0) return;
      const size_t action = order.back();
      order.pop_back();
      if (action < 2) {  // expiries are made once
        actions[action]();
        return;
      }
      actions[action]();
    });
    for (int cycle = 0; cycle < 3; ++cycle) {
      const Result<GcReport> report =
          CollectGarbage(repository.KeylessContext(&hook), {.force = true});
      ASSERT_TRUE(report.ok()) << report.error().Describe();
      ASSERT_THAT(MissingLiveObjects(repository.Context()), IsEmpty());
    }
    for (size_t action : order) actions[action]();
    OtherCollector(repository);
    ASSERT_THAT(MissingLiveObjects(repository.Context()), IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, GcSchedule, ::testing::Range(0, 10));

}  // namespace
}  // namespace pgkeep::repository

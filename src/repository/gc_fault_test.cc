// Death of a process and lost answers at every request of writers and collectors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "repository/garbage_collector.h"
#include "repository/object_names.h"
#include "repository/protocol_test_kit.h"
#include "testing/faulty_store.h"

namespace pgkeep::repository {
namespace {

using testing::FaultAction;
using ::testing::IsEmpty;

// What a sweep must leave: the decided, the expired, plans, configuration, and what live backups
// need.
std::vector<std::string> Rubbish(const HandmadeRepository& memory, const DummyBackup& live) {
  std::vector<std::string> rubbish = memory.store.Keys();
  std::erase_if(rubbish, [&](const std::string& key) {
    for (const std::string_view prefix :
         {kDecisionPrefix, kExpiryPrefix, kGcPlanPrefix, kConfigPrefix, kConfigCopyPrefix}) {
      if (key.starts_with(prefix)) return true;
    }
    return key.find(live.id.Hex()) != std::string::npos;
  });
  return rubbish;
}

void Sweep(HandmadeRepository& memory) {
  memory.clock.Advance(std::chrono::hours(25));
  for (int cycle = 0; cycle < 2; ++cycle) {
    const Result<GcReport> report =
        CollectGarbage(memory.repository.KeylessContext(), {.force = true});
    ASSERT_TRUE(report.ok()) << report.error().Describe();
    ASSERT_TRUE(report->Outcome().ok());
  }
}

// One writer's whole life.
Status Write(const TestRepository& repository, storage::ObjectStore& store) {
  const RepositoryContext context = repository.Context(&store);
  PGK_ASSIGN_OR_RETURN(TestRepository::Writer writer, repository.Begin(context));
  PGK_TRY(repository.StorePacks(context, writer, 2));
  PGK_TRY(repository.Commit(context, writer));
  return Ok();
}

TEST(GcFault, TwoCyclesSweepAWriterThatDiedAtAnyRequest) {
  bool finished = false;
  for (uint64_t nth = 1; !finished; ++nth) {
    SCOPED_TRACE("died at request " + std::to_string(nth));
    HandmadeRepository memory;
    const DummyBackup live = memory.repository.MakeBackup();
    testing::FaultyStore faulty(memory.store, memory.clock);
    faulty.AddRule({.action = FaultAction::kFailBefore, .nth = nth, .times = 1'000'000});
    finished = Write(memory.repository, faulty).ok();
    Sweep(memory);
    if (!finished) {
      EXPECT_THAT(Rubbish(memory, live), IsEmpty());
    }
    EXPECT_THAT(MissingLiveObjects(memory.repository.Context()), IsEmpty());
    ASSERT_LT(nth, 100u);
  }
}

// A store with rubbish of every kind, and a base that an undecided writer stands on.
struct Littered {
  Littered() {
    memory.repository.Expire(expired.id);
    EXPECT_TRUE(
        AbortWriter(memory.repository.Context(), memory.repository.MakeDeadWriter(), "test").ok());
    memory.repository.MakeDeadWriter({live.id});
    memory.clock.Advance(std::chrono::hours(25));
  }

  HandmadeRepository memory;
  const DummyBackup live = memory.repository.MakeBackup();
  const DummyBackup expired = memory.repository.MakeBackup();
};

// Two cycles, of which one is hit at its n-th request, then two healthy ones.
void SweepWithFault(FaultAction action, uint64_t times) {
  bool finished = false;
  for (uint64_t nth = 1; !finished; ++nth) {
    SCOPED_TRACE("fault at request " + std::to_string(nth));
    Littered littered;
    HandmadeRepository& memory = littered.memory;
    testing::FaultyStore faulty(memory.store, memory.clock);
    const size_t rule = faulty.AddRule({.action = action, .nth = nth, .times = times});
    for (int cycle = 0; cycle < 2; ++cycle) {
      const Result<GcReport> report =
          CollectGarbage(memory.repository.KeylessContext(&faulty), {.force = true});
      if (report.ok() && times == 1 && report->Outcome().ok()) continue;
      EXPECT_THAT(MissingLiveObjects(memory.repository.Context()), IsEmpty());
    }
    finished = faulty.fired(rule) == 0;
    EXPECT_THAT(MissingLiveObjects(memory.repository.Context()), IsEmpty());
    Sweep(memory);
    EXPECT_THAT(Rubbish(memory, littered.live), IsEmpty());
    EXPECT_THAT(MissingLiveObjects(memory.repository.Context()), IsEmpty());
    ASSERT_LT(nth, 300u);
  }
}

TEST(GcFault, DeathOfTheCollectorAtAnyRequestIsHarmless) {
  SweepWithFault(FaultAction::kFailBefore, 1'000'000);
}

TEST(GcFault, LostAnswerAtAnyRequestIsHarmless) { SweepWithFault(FaultAction::kFailAfter, 1); }

TEST(GcFault, LastingLossOfAnswersAtAnyRequestIsHarmless) {
  SweepWithFault(FaultAction::kFailAfter, 1'000'000);
}

}  // namespace
}  // namespace pgkeep::repository

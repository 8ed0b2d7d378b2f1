#include "repository/exclusive_switch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "repository/config_store.h"
#include "repository/control_access.h"
#include "repository/exclusive_lease.h"
#include "repository/garbage_collector.h"
#include "repository/protocol_test_kit.h"
#include "storage/unconditional_store.h"
#include "testing/faulty_store.h"
#include "testing/temporary_directory.h"

namespace pgkeep::repository {
namespace {

using testing::FaultAction;
using testing::FaultyStore;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TemporaryDirectory;

// A repository that was made in conditional mode, in a store that has ceased to create so.
class ExclusiveSwitchTest : public ::testing::Test {
 protected:
  ExclusiveSwitchTest() {
    PGK_CHECK(WriteConfig(memory_.repository.Context(), *memory_.repository.config()).ok(), "");
  }

  RepositoryContext Before(storage::ObjectStore* store = nullptr) {
    RepositoryContext context = memory_.repository.Context(store != nullptr ? store : &store_);
    context.state_directory = state_.path();
    context.newest_generation = context.config->generation;
    return context;
  }

  // As who opens it now.
  RepositoryContext Now() {
    RepositoryContext context = Before();
    const auto current = ReadConfig(store_, context.id, context.keys.get(), context.retry,
                                    memory_.clock, context.stop);
    PGK_CHECK(current.ok() && current->outdated.empty(), "");
    context.config = std::make_shared<const ConfigObject>(current->config);
    context.newest_generation = current->newest_generation;
    return context;
  }

  static std::string Outcome(const Status& status) {
    return status.ok() ? "ok" : std::string(CodeName(status.error().code()));
  }

  HandmadeRepository memory_;
  storage::UnconditionalStore store_{memory_.store};
  TemporaryDirectory state_;
};

TEST_F(ExclusiveSwitchTest, WhoOpensItThenWorksUnderTheLease) {
  const DummyBackup backup = memory_.repository.MakeBackup();
  memory_.clock.Advance(kRequestLifetime);
  EXPECT_EQ(Outcome(CheckCanCreate(Before())), "unsupported");
  const Status switched = SwitchToExclusive(Before(), "test");
  ASSERT_TRUE(switched.ok()) << switched.error().Describe();
  EXPECT_THAT(KeysBelow(memory_.store, kLeasePrefix), IsEmpty());

  const RepositoryContext now = Now();
  EXPECT_EQ(now.config->mode, RepositoryMode::kExclusive);
  EXPECT_EQ(now.config->generation, memory_.repository.config()->generation + 1);
  const auto lease = AcquireExclusiveLease(now, "backup");
  ASSERT_TRUE(lease.ok()) << lease.error().Describe();
  const RepositoryContext leased = WithLease(now, **lease);
  EXPECT_EQ(Outcome(CheckCanCreate(leased)), "ok");
  const auto writer = memory_.repository.Begin(leased, {backup.id});
  ASSERT_TRUE(writer.ok()) << writer.error().Describe();
  EXPECT_TRUE(memory_.repository.Commit(leased, *writer).ok());
  EXPECT_THAT(MissingLiveObjects(leased), IsEmpty());
}

// It would take the collector of exclusive mode for nobody.
TEST_F(ExclusiveSwitchTest, WaitsUntilNoWriterWasSeenForTheLifeOfARequest) {
  memory_.repository.MakeDeadWriter();
  const Status early = SwitchToExclusive(Before(), "test");
  EXPECT_EQ(Outcome(early), "refused");
  EXPECT_THAT(early.error().hint(), HasSubstr("try again after"));
  memory_.clock.Advance(kRequestLifetime - std::chrono::seconds(1));
  EXPECT_EQ(Outcome(SwitchToExclusive(Before(), "test")), "refused");
  EXPECT_EQ(Now().config->mode, RepositoryMode::kConditionalCreate);
  EXPECT_THAT(KeysBelow(memory_.store, kLeasePrefix), IsEmpty());
  memory_.clock.Advance(std::chrono::seconds(1));
  EXPECT_EQ(Outcome(SwitchToExclusive(Before(), "test")), "ok");
}

TEST_F(ExclusiveSwitchTest, IsNotForAStoreThatCreatesConditionally) {
  const Status refused = SwitchToExclusive(Before(&memory_.store), "test");
  EXPECT_EQ(Outcome(refused), "refused");
  EXPECT_EQ(Now().config->mode, RepositoryMode::kConditionalCreate);
}

TEST_F(ExclusiveSwitchTest, OfTwoAtOnceOneIsTold) {
  const auto lease = AcquireExclusiveLease(Before(), "another switch");
  ASSERT_TRUE(lease.ok());
  RepositoryContext elsewhere = Before();
  const TemporaryDirectory other_machine;
  elsewhere.state_directory = other_machine.path();
  EXPECT_EQ(Outcome(SwitchToExclusive(elsewhere, "test")), "busy");
}

// Each request fails once, for good: nothing is half changed, and the next try does it.
TEST_F(ExclusiveSwitchTest, CanBeRunAgainWhereverItWasCutOff) {
  for (uint64_t nth = 1;; ++nth) {
    HandmadeRepository fresh(nth);
    ASSERT_TRUE(WriteConfig(fresh.repository.Context(), *fresh.repository.config()).ok());
    storage::UnconditionalStore unconditional(fresh.store);
    FaultyStore faulty(unconditional, fresh.clock);
    RepositoryContext context = fresh.repository.Context(&faulty);
    context.state_directory = state_.path() + "/" + std::to_string(nth);
    context.newest_generation = context.config->generation;
    context.retry.attempts = 1;
    const size_t rule = faulty.AddRule(
        {.action = FaultAction::kFailBefore, .nth = nth, .code = ErrorCode::kPermission});
    const Status first = SwitchToExclusive(context, "test");
    if (faulty.fired(rule) == 0) {
      EXPECT_TRUE(first.ok());
      break;
    }
    faulty.ClearFaults();
    for (const std::string& lease : KeysBelow(fresh.store, kLeasePrefix)) {
      ASSERT_TRUE(fresh.store.Delete(lease).ok());
    }
    const Status second = SwitchToExclusive(context, "test");
    EXPECT_TRUE(second.ok()) << nth << ": " << second.error().Describe();
    const auto current = ReadConfig(unconditional, context.id, context.keys.get(), context.retry,
                                    fresh.clock, context.stop);
    ASSERT_TRUE(current.ok()) << nth;
    EXPECT_EQ(current->config.mode, RepositoryMode::kExclusive) << nth;
    EXPECT_EQ(current->outdated, "") << nth;
  }
}

}  // namespace
}  // namespace pgkeep::repository

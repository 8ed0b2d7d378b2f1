// Exclusive mode: stores without create-if-absent, where every put overwrites.
#include <gtest/gtest.h>

#include "tests/model/model_test_kit.h"

namespace pgkeep::model {
namespace {

using enum ActionKind;

Config Exclusive(int writers, int gcs) {
  Config config;
  config.writers = writers;
  config.gcs = gcs;
  config.exclusive = true;
  return config;
}

TEST(ExclusiveModel, OneWriterAndOneCollectorAreSafeInFullDetail) {
  const Outcome outcome = ExploreAndPrint(Exclusive(1, 1));
  ExpectClean(outcome, 300'000);
  for (const ActionKind kind : {kLeasePut, kLeaseList, kLeaseBusy, kLeaseBackOff, kLeaseRelease}) {
    EXPECT_TRUE(outcome.Fired(kind, Object::kLease)) << Describe({kind, 1, Object::kLease, 1, 0});
  }
  for (const ActionKind kind :
       {kLeaseBreak, kCrash, kDeliver, kDrop, kGcFinish, kAbortChoose, kLookExpiredFound}) {
    EXPECT_TRUE(outcome.Fired(kind)) << Describe({kind, 1, Object::kNone, 1, 0});
  }
  for (const ActionKind kind : {kCheckUndecided, kCreate, kCreateLostDropped, kAbort}) {
    EXPECT_TRUE(outcome.Fired(kind, Object::kDec)) << Describe({kind, 1, Object::kDec, 1, 0});
  }
  // Nobody who still works ever finds its lease gone.
  EXPECT_FALSE(outcome.Fired(kLeaseLost, Object::kLease));
}

TEST(ExclusiveModel, TwoWritersAndTwoCollectorsAreSafe) {
  Config config = Exclusive(2, 2);
  config.max_bases = 1;
  config.reduced = true;
  ExpectClean(ExploreAndPrint(config), 900'000);
}

TEST(ExclusiveModel, AnyNumberOfCyclesIsSafe) {
  Config config = Exclusive(2, 1);
  config.reduced = true;
  config.endless_cycles = true;
  ExpectClean(ExploreAndPrint(config), 300'000);
}

// Both rules are shown broken: two holders, and what it costs.
void ExpectUnsafe(Mutant mutant) {
  Config config = Exclusive(1, 1);
  config.With(mutant);
  config.checks = kCheckDecision | kCheckReported | kCheckLive;
  ExpectCaught(ExploreAndPrint(config), "I2: a decision changed");
  config.checks = kCheckReported | kCheckLive;
  const Outcome noticed = ExploreAndPrint(config);
  EXPECT_NE(noticed.broken_rule, "");
}
void ExpectTwoHolders(Mutant mutant) {
  Config config = Exclusive(1, 1);
  config.With(mutant);
  config.checks = kCheckExclusion;
  ExpectCaught(ExploreAndPrint(config), "I6: two actors hold the repository");
}

TEST(ExclusiveModel, BreakingTheLeaseOfAStalledHolderIsUnsafe) {
  ExpectTwoHolders(Mutant::kStalledLeaseBroken);
  ExpectUnsafe(Mutant::kStalledLeaseBroken);
}

TEST(ExclusiveModel, BreakingALeaseWithARequestUnderWayIsUnsafe) {
  ExpectUnsafe(Mutant::kLeaseBrokenInFlight);
}

TEST(ExclusiveModel, ReleasingAfterALostAnswerIsUnsafe) {
  ExpectUnsafe(Mutant::kReleasesAfterLostCommit);
}

TEST(ExclusiveModel, NotLookingForOtherLeasesIsUnsafe) {
  ExpectTwoHolders(Mutant::kLeaseNotListed);
  ExpectUnsafe(Mutant::kLeaseNotListed);
}

TEST(ExclusiveModel, LookingBeforeAnnouncingIsUnsafe) {
  ExpectTwoHolders(Mutant::kLeaseListedBeforePut);
  ExpectUnsafe(Mutant::kLeaseListedBeforePut);
}

}  // namespace
}  // namespace pgkeep::model

// The protocol of docs/format/protocol.md holds in every reachable state of these configurations.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "tests/model/model_test_kit.h"

namespace pgkeep::model {
namespace {

using enum ActionKind;

Config StepByStep() {
  Config config;
  config.writers = 1;
  config.gcs = 2;
  config.explicit_crashes = true;
  config.lost_answers_everywhere = true;
  return config;
}

// Every kind of step of a store with create-if-absent that listings in one piece can show.
const std::vector<std::pair<ActionKind, Object>>& AllSteps() {
  using enum Object;
  static const std::vector<std::pair<ActionKind, Object>> steps = [] {
    std::vector<std::pair<ActionKind, Object>> all = {{kCreateExists, kDec},
                                                      {kReadBackOther, kDec},
                                                      {kChooseBases, kNone},
                                                      {kLookExpiredFound, kNone},
                                                      {kLookExpiredAbsent, kNone},
                                                      {kReadBases, kNone},
                                                      {kReadBasesMissing, kNone},
                                                      {kCheckPacks, kNone},
                                                      {kCheckPacksMissing, kNone},
                                                      {kExpire, kExp},
                                                      {kAbort, kDec},
                                                      {kList, kExp},
                                                      {kList, kDec},
                                                      {kList, kPin},
                                                      {kReadPin, kNone},
                                                      {kYieldPinGone, kNone},
                                                      {kReadRef, kNone},
                                                      {kYieldLiveRefGone, kNone},
                                                      {kAbortDoomed, kDec},
                                                      {kYieldDoomedDecided, kNone},
                                                      {kDelete, kPacks},
                                                      {kDelete, kMan},
                                                      {kDelete, kRef},
                                                      {kDelete, kSes},
                                                      {kDelete, kPin},
                                                      {kCrash, kNone}};
    for (const Object object : {kPin, kSes, kPacks, kMan, kRef, kDec}) {
      for (const ActionKind kind : {kCreate, kCreateLostApplied, kCreateLostDropped, kReadBackOwn,
                                    kReadBackAbsentRetry, kReadBackAbsentGiveUp}) {
        all.emplace_back(kind, object);
      }
    }
    return all;
  }();
  return steps;
}

TEST(ProtocolModel, OneWriterAndTwoCollectorsAreSafeInFullDetail) {
  const Outcome outcome = ExploreAndPrint(StepByStep());
  ExpectClean(outcome, 2'000'000);
  for (const auto& [kind, object] : AllSteps()) {
    EXPECT_TRUE(outcome.Fired(kind, object))
        << "never taken: " << Describe({kind, 1, object, 1, 0});
  }
  // Deciding twice, deleting a decision or an expiry is no step of the protocol.
  EXPECT_FALSE(outcome.Fired(kDelete, Object::kDec));
  EXPECT_FALSE(outcome.Fired(kDelete, Object::kExp));
}

TEST(ProtocolModel, TwoWritersAndTwoCollectorsAreSafe) {
  Config config;
  config.reduced = true;
  const Outcome outcome = ExploreAndPrint(config);
  ExpectClean(outcome, 3'500'000);
  for (const ActionKind kind : {kAbortDoomed, kYieldDoomedDecided, kYieldPinGone}) {
    EXPECT_TRUE(outcome.Fired(kind, kind == kAbortDoomed ? Object::kDec : Object::kNone));
  }
}

TEST(ProtocolModel, ThreeWritersAndOneCollectorAreSafe) {
  Config config;
  config.writers = 3;
  config.gcs = 1;
  config.max_bases = 1;
  config.reduced = true;
  ExpectClean(ExploreAndPrint(config), 400'000);
}

TEST(ProtocolModel, AnyNumberOfCyclesIsSafe) {
  Config config = StepByStep();
  config.gcs = 1;
  config.endless_cycles = true;
  ExpectClean(ExploreAndPrint(config), 200'000);

  config.writers = 2;
  config.lost_answers_everywhere = false;
  config.reduced = true;
  ExpectClean(ExploreAndPrint(config), 25'000);
}

TEST(ProtocolModel, ListingsInPagesAreSafe) {
  Config config = StepByStep();
  config.gcs = 1;
  config.paged_lists = true;
  const Outcome outcome = ExploreAndPrint(config);
  ExpectClean(outcome, 80'000);
  for (const Object object : {Object::kExp, Object::kDec, Object::kPin}) {
    EXPECT_TRUE(outcome.Fired(kListPage, object));
  }
}

TEST(ProtocolModel, BackupsOfSeveralPacksAreSafe) {
  Config config;
  config.writers = 1;
  config.gcs = 1;
  config.packs_per_id = 2;
  ExpectClean(ExploreAndPrint(config), 200'000);
}

}  // namespace
}  // namespace pgkeep::model

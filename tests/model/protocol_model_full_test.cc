// Larger configurations of the model; minutes and gigabytes.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/model/model_test_kit.h"

namespace pgkeep::model {
namespace {

TEST(ProtocolModelFull, TwoWritersAndOneCollectorAreSafeInFullDetail) {
  Config config;
  config.gcs = 1;
  ExpectClean(ExploreAndPrint(config), 15'000'000);
}

// See the same name without "Full": the first listing of decisions adds nothing to safety.
TEST(ProtocolModelFull, CandidatesFromTheLaterListingAreHarmless) {
  Config config;
  config.reduced = true;
  ExpectClean(ExploreAndPrint(config.With(Mutant::kCandidatesFromLaterList)), 2'000'000);
}

TEST(ProtocolModelFull, TwoWritersAndTwoCollectorsAreSafeOverAnyNumberOfCycles) {
  Config config;
  config.reduced = true;
  config.endless_cycles = true;
  ExpectClean(ExploreAndPrint(config), 10'000'000);
}

TEST(ProtocolModelFull, OneWriterAndTwoCollectorsAreSafeWithPagesAndCrashes) {
  Config config;
  config.writers = 1;
  config.paged_lists = true;
  config.explicit_crashes = true;
  config.reduced = true;
  config.endless_cycles = true;
  ExpectClean(ExploreAndPrint(config), 100'000);
}

TEST(ProtocolModelFull, BackupsOfSeveralPacksAreSafe) {
  Config config;
  config.packs_per_id = 2;
  config.max_bases = 1;
  config.reduced = true;
  ExpectClean(ExploreAndPrint(config), 10'000'000);
}

TEST(ProtocolModelFull, ThreeWritersWithSeveralBasesAreSafe) {
  Config config;
  config.writers = 3;
  config.gcs = 1;
  config.reduced = true;
  config.endless_cycles = true;
  ExpectClean(ExploreAndPrint(config), 1'200'000);
}

TEST(ProtocolModelFull, ExclusiveModeWithSeveralBasesIsSafe) {
  Config config;
  config.exclusive = true;
  config.reduced = true;
  config.endless_cycles = true;
  ExpectClean(ExploreAndPrint(config), 1'500'000);
}

// Too many to visit them all: every state up to some depth.
TEST(ProtocolModelFull, ThreeWritersAndTwoCollectorsAreSafeAsFarAsLooked) {
  Config config;
  config.writers = 3;
  config.reduced = true;
  const Outcome outcome = Explore(config, 30'000'000);
  std::fputs(Summary("ThreeWritersAndTwoCollectors", outcome).c_str(), stdout);
  EXPECT_EQ(outcome.broken_rule, "");
  EXPECT_GE(outcome.states, 30'000'000U);
  EXPECT_GE(outcome.depth, 15);
}

}  // namespace
}  // namespace pgkeep::model

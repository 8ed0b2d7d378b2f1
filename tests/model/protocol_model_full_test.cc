// Larger configurations of the model; minutes and gigabytes.
#include <gtest/gtest.h>

#include "tests/model/model_test_kit.h"

namespace pgkeep::model {
namespace {

// Where there are too many states to visit them all: every one up to some depth.
void ExpectSafeAsFarAsLooked(const Config& config) {
  const Outcome outcome = ExploreAndPrint(config, 30'000'000);
  EXPECT_EQ(outcome.broken_rule, "");
  EXPECT_GE(outcome.states, 30'000'000U);
  EXPECT_GE(outcome.depth, 15);
}

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
  config.gcs = 1;
  config.reduced = true;
  config.endless_cycles = true;
  ExpectClean(ExploreAndPrint(config), 500'000);
}

TEST(ProtocolModelFull, BackupsOfSeveralPacksAreSafeFromTwoCollectorsAsFarAsLooked) {
  Config config;
  config.packs_per_id = 2;
  config.max_bases = 1;
  config.reduced = true;
  ExpectSafeAsFarAsLooked(config);
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

TEST(ProtocolModelFull, ThreeWritersAndTwoCollectorsAreSafeAsFarAsLooked) {
  Config config;
  config.writers = 3;
  config.reduced = true;
  ExpectSafeAsFarAsLooked(config);
}

}  // namespace
}  // namespace pgkeep::model

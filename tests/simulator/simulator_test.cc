// The product's own writer, collector and reader in simulated histories full of faults.
//
// PGKEEP_SIMULATOR_SEEDS sets how many histories run (default 1,000), PGKEEP_SIMULATOR_FIRST the
// first seed: to repeat one history, set the first seed to the one that was printed and the number
// to 1.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/simulator/world.h"

namespace pgkeep::simulator {
namespace {

uint64_t Setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

TEST(Simulator, TheSameSeedGivesTheSameHistory) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Outcome first = World(seed).Run();
    const Outcome second = World(seed).Run();
    EXPECT_EQ(first.trace_hash, second.trace_hash) << "seed " << seed;
    EXPECT_EQ(first.faults.operations, second.faults.operations) << "seed " << seed;
    EXPECT_NE(first.trace_hash, World(seed + 1'000'000).Run().trace_hash);
  }
}

class Histories : public ::testing::TestWithParam<int> {};

// In two halves, so that two processors have something to do.
TEST_P(Histories, LoseNothingCommittedReturnNothingWrongAndLeaveNoGarbage) {
  const uint64_t first = Setting("PGKEEP_SIMULATOR_FIRST", 1);
  const uint64_t seeds = Setting("PGKEEP_SIMULATOR_SEEDS", 1'000);
  Outcome total;
  uint64_t histories = 0;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    if (seed % 2 != static_cast<uint64_t>(GetParam())) continue;
    const Outcome outcome = World(seed).Run();
    for (const std::string& violation : outcome.violations) {
      ADD_FAILURE() << "seed " << seed << ": " << violation;
    }
    if (HasFailure()) return;
    total += outcome;
    ++histories;
  }
  std::cout << histories << " histories: " << total.Summary() << "\n";
  if (histories < 100) return;  // one history need not have everything
  EXPECT_GT(total.committed, histories);
  EXPECT_GT(total.incremental, histories / 2);
  EXPECT_GT(total.expired, 0U);
  EXPECT_GT(total.gc_deleted, 0U);
  EXPECT_GT(total.gc_aborted, 0U);
  EXPECT_GT(total.faults.crashes, 0U);
  EXPECT_GT(total.faults.late_effects, 0U);
  EXPECT_GT(total.faults.stalls, 0U);
  EXPECT_GT(total.faults.clones, 0U);
  EXPECT_GT(total.reads, histories);
  EXPECT_GT(total.heartbeats, histories / 2);
  EXPECT_GT(total.losses, 0U);
  EXPECT_GT(total.faults.outages, 0U);
  EXPECT_GT(total.faults.file_calls, histories);
  EXPECT_GT(total.exclusive, 0U);
  EXPECT_GT(total.broken_leases, 0U);
  EXPECT_GT(total.with_state, 0U);
  EXPECT_GT(total.on_directories, 0U);
}

INSTANTIATE_TEST_SUITE_P(Halves, Histories, ::testing::Values(0, 1));

}  // namespace
}  // namespace pgkeep::simulator

// The reduced model visits exactly what the full one visits, seen through the reduction.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/model/explorer.h"
#include "tests/model/symmetry.h"

namespace pgkeep::model {
namespace {

// A writer that gave up without a decision; in the reduced model it just takes no further step.
bool SomebodyGaveUp(const Config& config, const State& state) {
  for (int id = 1; id < config.Ids(); ++id) {
    const bool failed = state.writer[static_cast<std::size_t>(id)].pc == WriterPc::kFailed;
    if (failed && !HasBit(state.Decided(), id)) return true;
  }
  return false;
}

std::vector<Key> SeenThroughReduction(const Config& full, const Config& reduced) {
  const Canonicalizer canonicalizer(reduced);
  std::vector<Key> keys;
  for (const Key& key : ReachableKeys(full)) {
    const State state = Unpack(full, key);
    if (!full.exclusive && SomebodyGaveUp(full, state)) continue;
    keys.push_back(canonicalizer.Canonical(state));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

TEST(Reduction, VisitsTheSameStatesAsTheFullModel) {
  Config full;
  full.writers = 1;
  full.gcs = 2;
  Config reduced = full;
  reduced.reduced = true;
  const std::vector<Key> visited = ReachableKeys(reduced);
  EXPECT_GE(visited.size(), 9'000U);
  EXPECT_TRUE(visited == SeenThroughReduction(full, reduced));
}

TEST(Reduction, VisitsTheSameStatesOverManyCycles) {
  Config full;
  full.writers = 1;
  full.gcs = 1;
  full.endless_cycles = true;
  Config reduced = full;
  reduced.reduced = true;
  const std::vector<Key> visited = ReachableKeys(reduced);
  EXPECT_GE(visited.size(), 600U);
  EXPECT_TRUE(visited == SeenThroughReduction(full, reduced));
}

TEST(Reduction, VisitsTheSameStatesWithPages) {
  Config full;
  full.writers = 1;
  full.gcs = 1;
  full.paged_lists = true;
  Config reduced = full;
  reduced.reduced = true;
  const std::vector<Key> visited = ReachableKeys(reduced);
  EXPECT_GE(visited.size(), 600U);
  EXPECT_TRUE(visited == SeenThroughReduction(full, reduced));
}

TEST(Reduction, MissesNoStateInExclusiveMode) {
  Config full;
  full.writers = 1;
  full.gcs = 1;
  full.exclusive = true;
  Config reduced = full;
  reduced.reduced = true;
  const std::vector<Key> visited = ReachableKeys(reduced);
  const std::vector<Key> seen = SeenThroughReduction(full, reduced);
  EXPECT_GE(seen.size(), 2'000U);
  EXPECT_TRUE(std::includes(visited.begin(), visited.end(), seen.begin(), seen.end()));
}

TEST(Reduction, KeysHoldTheWholeState) {
  Config config;
  config.writers = 1;
  config.gcs = 1;
  config.packs_per_id = 2;
  const Canonicalizer canonicalizer(config);
  for (const Key& key : ReachableKeys(config)) {
    ASSERT_TRUE(Pack(config, Unpack(config, key)) == key);
    ASSERT_TRUE(canonicalizer.Canonical(Unpack(config, key)) == key);
  }
}

}  // namespace
}  // namespace pgkeep::model

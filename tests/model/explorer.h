// Breadth-first search over all reachable states, with the shortest way to the first broken rule.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/model/action.h"
#include "tests/model/state.h"

namespace pgkeep::model {

// 28 bytes each, and what doubling needs: about 4 GB.
inline constexpr std::uint64_t kMostStates = 120'000'000;

struct Outcome {
  std::uint64_t states = 0;  // distinct, after symmetry
  std::uint64_t transitions = 0;
  int depth = 0;                   // steps on the longest shortest way
  bool exhausted = false;          // false: stopped at a broken rule or at the limit
  std::string broken_rule;         // empty: none
  std::vector<std::string> trace;  // shortest, one action per line
  Coverage fired{};                // how often each (action kind, object) was taken

  bool Fired(ActionKind kind, Object object = Object::kNone) const {
    return fired[CoverageSlot(kind, object)] != 0;
  }
};

// Explores every state that the configuration can reach, at most `max_states`. Deterministic: same
// configuration, same outcome. One thread.
Outcome Explore(const Config& config, std::uint64_t max_states = kMostStates);

// The representatives of all reachable states, sorted. Stops the program if a rule is broken on the
// way.
std::vector<Key> ReachableKeys(const Config& config);

// The outcome as the lines a test prints.
std::string Summary(const std::string& title, const Outcome& outcome);

}  // namespace pgkeep::model

// What the tests of the model share: run a configuration, print the count, judge the outcome.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "tests/model/explorer.h"

namespace pgkeep::model {

// Explores and prints what was found; the numbers also go into the test report.
inline Outcome ExploreAndPrint(const Config& config, std::uint64_t max_states = kMostStates) {
  const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
  Outcome outcome = Explore(config, max_states);
  std::fputs(Summary(test->name(), outcome).c_str(), stdout);
  testing::Test::RecordProperty("states", std::to_string(outcome.states));
  return outcome;
}

// The whole space was visited, it has at least `floor` states (a model that forgot its steps would
// be small), and no rule is broken anywhere.
inline void ExpectClean(const Outcome& outcome, std::uint64_t floor) {
  EXPECT_EQ(outcome.broken_rule, "");
  EXPECT_TRUE(outcome.exhausted);
  EXPECT_GE(outcome.states, floor);
  EXPECT_FALSE(outcome.Fired(ActionKind::kStop, Object::kPin));
  EXPECT_FALSE(outcome.Fired(ActionKind::kStop, Object::kRef));
}

// A rule that starts with `rule` is broken, and not before `fewest` steps.
inline void ExpectCaught(const Outcome& outcome, const std::string& rule) {
  EXPECT_EQ(outcome.broken_rule.substr(0, rule.size()), rule);
  EXPECT_FALSE(outcome.trace.empty());
  for (const std::string& line : outcome.trace) EXPECT_NE(line, "?") << "trace cannot be replayed";
}

}  // namespace pgkeep::model

// Forgets what no future step and no rule can depend on, so that states that differ only in it
// become one.
#pragma once

#include "tests/model/state.h"

namespace pgkeep::model {

// Always sound: clears planned deletions of what is gone for good, views of ended collectors, and
// fields of finished writers that nobody will read.
void ClearDeadFields(const Config& config, State& state);

// Only with config.reduced: forgets garbage too. An aborted writer that has not reached its commit
// stops at once, and an object that is of no use to any live backup, unfinished writer or collector
// counts as deleted. The rules are checked on states before this, so garbage is seen when it
// arises.
void ForgetGarbage(const Config& config, State& state);

}  // namespace pgkeep::model

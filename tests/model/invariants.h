// What must hold in every state (I1, I3 to I6) and across every step (I2); docs/format/protocol.md
// names them.
#pragma once

#include <string_view>

#include "tests/model/state.h"

namespace pgkeep::model {

// The broken rule in one phrase, or empty. Checks what config.checks asks for.
std::string_view BrokenRule(const Config& config, const State& state);

// The same for the step from `before` to `after`.
std::string_view BrokenRule(const Config& config, const State& before, const State& after);

}  // namespace pgkeep::model

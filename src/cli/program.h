// The whole program but for main(), so that tests can run it.
#pragma once

#include <string>
#include <vector>

#include "cli/environment.h"

namespace pgkeep::cli {

// Parses the words after the program's name, runs the command and shows what came of it. Returns
// the exit status of the error table. One call at a time.
int RunProgram(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace pgkeep::cli

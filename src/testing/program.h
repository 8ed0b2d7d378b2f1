// Programs that a test runs to their end.
#pragma once

#include <string>
#include <vector>

namespace pgkeep::testing {

// What a program came to.
struct ProgramResult {
  int status = -1;  // exit status; 128 + number for a signal
  std::string out;
  std::string err;
};

// Runs `words[0]`, looked up in $PATH, with all of `words`, without input, and waits for it.
// `environment` ("NAME=value") goes over the test's own. Aborts if it cannot be started.
ProgramResult RunProgram(const std::vector<std::string>& words,
                         const std::vector<std::string>& environment = {});

}  // namespace pgkeep::testing

// Clean-up that happens even if the test dies.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace pgkeep::testing {

// A shell script that runs beside the test and gets its lines on standard input. When this object
// goes, and when the test dies in whatever way, its input ends: then it is to stop what it has
// started and to remove what it has made. It runs in a session of its own and is no child of the
// test, so it is hit by nobody who kills the test with all its children.
//
// The destructor waits until the script has ended. Aborts when it cannot be started. One thread at
// a time.
class Keeper {
 public:
  // `words` become $1, $2, ... of the script.
  Keeper(std::string_view script, const std::vector<std::string>& words);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper();

  // Sends a line.
  void Tell(std::string_view line);
  // Waits for a line that the script prints, and returns it; empty at its end.
  std::string AwaitAnswer();

 private:
  UniqueFd to_;
  UniqueFd from_;
};

}  // namespace pgkeep::testing

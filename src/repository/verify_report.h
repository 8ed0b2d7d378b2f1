// What verification found, in a form for people and for programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "repository/ids.h"

namespace pgkeep::repository {

// One thing that is wrong.
struct VerifyProblem {
  // The object, by its key.
  std::string key;
  Error error;
  // Live backups that cannot be restored in full because of it; empty when none needs the object.
  std::vector<BackupId> backups;
};

// The outcome of one verification. `problems` endanger backups; `orphans` only cost space.
struct VerifyReport {
  uint64_t backups = 0;
  uint64_t objects = 0;  // looked at, each once
  uint64_t bytes = 0;    // read
  uint64_t nodes = 0;    // read, opened and compared with their ids
  uint64_t frames = 0;   // opened with keys and compared with their hashes
  std::vector<VerifyProblem> problems;
  // Objects that no live backup and no undecided writer needs; the garbage collector takes them.
  std::vector<std::string> orphans;
  uint64_t orphan_bytes = 0;
  // True when there are more problems or orphans than are kept (kMaxListed each).
  bool truncated = false;

  static constexpr size_t kMaxListed = 10'000;

  // Ok, or kCorruption with the first problem and the number of all; the code of the first problem
  // if that is another one.
  Status Outcome() const;
};

}  // namespace pgkeep::repository

// What verification found, in a form for people and for programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
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
  // Packs and sessions that no live backup and no undecided writer needs. The garbage collector
  // takes those of decided writers.
  std::vector<std::string> orphans;
  uint64_t orphan_bytes = 0;
  // True when there are more problems or orphans than are kept (kMaxListed each).
  bool truncated = false;

  static constexpr size_t kMaxListed = 10'000;

  // Ok, or kCorruption with the first problem and the number of all; the code of the first problem
  // if that is another one.
  Status Outcome() const;
};

// Collects findings into a report while verification runs. One thread at a time.
class VerifyFindings {
 public:
  // Something is wrong with `key`, which `backup` needs (or nobody in particular). A second finding
  // about the same key only adds its backup: the first error stays.
  void AddProblem(const std::string& key, const Error& error,
                  const std::optional<BackupId>& backup = std::nullopt);

  void AddOrphan(const std::string& key, uint64_t bytes);

  // The counters, for direct use.
  VerifyReport& counts() { return report_; }

  // Everything found so far, by key. To be amended: who needs an object may be known late.
  std::map<std::string, VerifyProblem>& problems() { return problems_; }

  // The report, problems ascending by key. The object is empty afterwards.
  VerifyReport Finish();

 private:
  VerifyReport report_;
  std::map<std::string, VerifyProblem> problems_;
};

}  // namespace pgkeep::repository

#include "repository/base_choice.h"

#include <algorithm>
#include <functional>
#include <string>

#include "repository/limits.h"

namespace pgkeep::repository {

namespace {

uint64_t CounterOf(const BackupSummary& backup) {
  return backup.manifest->sequence ? backup.manifest->sequence->counter : 0;
}

// What no base that was chosen so far has.
class Wanted {
 public:
  explicit Wanted(std::span<const std::string> subtrees)
      : by_name_(!subtrees.empty()), names_(subtrees.begin(), subtrees.end()) {}

  // Whether this backup has any of it, which is then wanted no more.
  bool Take(const BackupSummary& backup) {
    if (!by_name_) {
      complete_ = IsComplete(backup);
      return true;
    }
    size_t taken = 0;
    for (const SubtreeEntry& subtree : backup.manifest->subtrees) {
      taken += names_.erase(subtree.name);
    }
    return taken > 0;
  }

  bool HasAll() const { return by_name_ ? names_.empty() : complete_; }

 private:
  const bool by_name_;
  std::set<std::string, std::less<>> names_;
  bool complete_ = false;
};

}  // namespace

BaseChoice ChooseBases(std::span<const BackupSummary> backups, const BaseRequest& request,
                       const std::set<BackupId>& damaged) {
  std::vector<const BackupSummary*> candidates;
  for (const BackupSummary& backup : backups) {
    if (backup.manifest.ok() && backup.manifest->source == request.source &&
        backup.manifest->kind == request.kind) {
      candidates.push_back(&backup);
    }
  }
  // The counter decides, not the clock: a clock that was set back must not make an old backup the
  // base.
  std::ranges::sort(candidates, [](const BackupSummary* a, const BackupSummary* b) {
    return IsLaterInSequence(*a, *b);
  });
  BaseChoice choice;
  choice.sequence.counter = 1;
  if (!candidates.empty()) {
    choice.sequence.counter = CounterOf(*candidates.front()) + 1;
    choice.sequence.previous_manifest_sha256 = candidates.front()->manifest_sha256;
  }
  if (!request.incremental) return choice;
  Wanted wanted(request.subtrees);
  for (const BackupSummary* candidate : candidates) {
    if (choice.bases.size() == kMaxBases) break;
    if (damaged.contains(candidate->id) || !wanted.Take(*candidate)) continue;
    choice.bases.push_back(candidate->id);
    if (wanted.HasAll()) break;
  }
  return choice;
}

}  // namespace pgkeep::repository

#include "repository/base_choice.h"

#include <algorithm>
#include <tuple>

#include "repository/limits.h"

namespace pgkeep::repository {

namespace {

uint64_t CounterOf(const BackupSummary& backup) {
  return backup.manifest->sequence ? backup.manifest->sequence->counter : 0;
}

// The counter decides, not the clock: a clock that was set back must not make an old backup the
// base.
bool IsNewer(const BackupSummary* a, const BackupSummary* b) {
  return std::tuple(CounterOf(*a), a->committed, a->id) >
         std::tuple(CounterOf(*b), b->committed, b->id);
}

}  // namespace

BaseChoice ChooseBases(std::span<const BackupSummary> backups, std::string_view source,
                       BackupKind kind, bool incremental, const std::set<BackupId>& damaged) {
  std::vector<const BackupSummary*> candidates;
  for (const BackupSummary& backup : backups) {
    if (backup.manifest.ok() && backup.manifest->source == source &&
        backup.manifest->kind == kind) {
      candidates.push_back(&backup);
    }
  }
  std::ranges::sort(candidates, IsNewer);
  BaseChoice choice;
  choice.sequence.counter = 1;
  if (!candidates.empty()) {
    choice.sequence.counter = CounterOf(*candidates.front()) + 1;
    choice.sequence.previous_manifest_sha256 = candidates.front()->manifest_sha256;
  }
  if (!incremental) return choice;
  for (const BackupSummary* candidate : candidates) {
    if (choice.bases.size() == kMaxBases) break;
    if (damaged.contains(candidate->id)) continue;
    choice.bases.push_back(candidate->id);
    if (IsComplete(*candidate)) break;
  }
  return choice;
}

}  // namespace pgkeep::repository

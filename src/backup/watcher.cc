#include "backup/watcher.h"

#include "base/check.h"

namespace pgkeep::backup {

std::string_view PhaseName(BackupPhase phase) {
  switch (phase) {
    case BackupPhase::kStarting:
      return "starting";
    case BackupPhase::kReadingGlobals:
      return "reading_globals";
    case BackupPhase::kConnecting:
      return "connecting";
    case BackupPhase::kTakingSnapshot:
      return "taking_snapshot";
    case BackupPhase::kListingTables:
      return "listing_tables";
    case BackupPhase::kLockingTables:
      return "locking_tables";
    case BackupPhase::kComparingTables:
      return "comparing_tables";
    case BackupPhase::kStartingWorkers:
      return "starting_workers";
    case BackupPhase::kReadingDefinitions:
      return "reading_definitions";
    case BackupPhase::kReadingTables:
      return "reading_tables";
    case BackupPhase::kFinishing:
      return "finishing";
    case BackupPhase::kCommitting:
      return "committing";
  }
  PGK_CHECK(false, "every phase has a name");
  return "";
}

void BackupWatcher::OnPhase(BackupPhase /*phase*/, const std::string& /*database*/) {}
void BackupWatcher::OnProgress(const BackupProgress& /*progress*/) {}
void BackupWatcher::OnRestart(const std::string& /*database*/, int /*attempt*/,
                              const Error& /*reason*/) {}

}  // namespace pgkeep::backup

// What a running backup says, as progress.
#pragma once

#include <cstdint>
#include <string>

#include "backup/watcher.h"
#include "base/progress.h"

namespace pgkeep::cli {

// Counts into `progress`, which outlives this: phases, bytes of the tables' files, rows, tables;
// the age of the snapshot and who waits behind our locks as the note.
class BackupProgressWatcher final : public backup::BackupWatcher {
 public:
  explicit BackupProgressWatcher(Progress& progress) : progress_(progress) {}

  void OnPhase(backup::BackupPhase phase, const std::string& database) override;
  void OnProgress(const backup::BackupProgress& now) override;
  void OnRestart(const std::string& database, int attempt, const Error& reason) override;

 private:
  Progress& progress_;
  // What was counted in this phase.
  uint64_t disk_bytes_ = 0;
  uint64_t rows_ = 0;
  uint64_t tables_ = 0;
};

// "database 2 of 3, snapshot 4:05 old, 2 wait for our locks: ...".
std::string BackupNote(const backup::BackupProgress& now);

}  // namespace pgkeep::cli

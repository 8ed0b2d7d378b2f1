// Looking on while a backup runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backup/table_locks.h"
#include "base/clock.h"
#include "base/error.h"

namespace pgkeep::backup {

// The steps of a backup, in order; those from kConnecting to kFinishing once for each database, and
// those up to kReadingDefinitions again when a snapshot has to be taken anew.
enum class BackupPhase {
  kStarting,        // connecting for the first time, listing databases
  kReadingGlobals,  // roles and tablespaces
  kConnecting,      // to one database
  kTakingSnapshot,
  kListingTables,       // the snapshot is taken
  kLockingTables,       // the list is there
  kComparingTables,     // the leader has its locks
  kStartingWorkers,     // nothing has changed since the snapshot
  kReadingDefinitions,  // the workers have their locks too
  kReadingTables,       // the table of contents is there, and pg_dump has ended
  kFinishing,           // all rows are stored
  kCommitting,
};

// A stable name, such as "locking_tables".
std::string_view PhaseName(BackupPhase phase);

// How far the reading of one database is.
struct BackupProgress {
  std::string database;
  size_t database_number = 0;  // from 1 on
  size_t databases = 0;
  uint64_t tables = 0;
  uint64_t tables_done = 0;
  std::string current_table;  // one of those that are being read
  // Of the tables' files, with TOAST: all, and about how many are done. For bars and estimates.
  uint64_t disk_bytes = 0;
  uint64_t disk_bytes_done = 0;
  // Of the rows as COPY text.
  uint64_t text_bytes = 0;
  uint64_t rows = 0;
  Duration snapshot_age{};
  // Who waits behind our locks, as of a few seconds ago.
  std::vector<LockParty> waiters;
};

// Is told what happens. All calls come from the thread that runs the backup, without any lock held;
// the backup waits until they return.
class BackupWatcher {
 public:
  virtual ~BackupWatcher() = default;

  // A phase begins. `database` is empty before the first one and after the last.
  virtual void OnPhase(BackupPhase phase, const std::string& database);

  // About once a second while tables are read.
  virtual void OnProgress(const BackupProgress& progress);

  // The snapshot has to be taken anew, because of `reason`; `attempt` has failed.
  virtual void OnRestart(const std::string& database, int attempt, const Error& reason);
};

}  // namespace pgkeep::backup

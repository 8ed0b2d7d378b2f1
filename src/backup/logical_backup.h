// A logical backup of a source: one run, one backup.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/database_backup.h"
#include "backup/database_list.h"
#include "backup/locked_database.h"
#include "backup/watcher.h"
#include "base/result.h"
#include "logical/client_programs.h"
#include "postgres/connection_params.h"
#include "repository/backup_writer.h"
#include "repository/repository.h"

namespace pgkeep::backup {

// What is backed up, and how.
struct LogicalBackupOptions {
  std::string source;  // its name in the repository
  std::string label;
  std::string client_version;
  std::string host;
  // Leads to the cluster, by any database of it.
  postgres::ConnectionParams params;
  DatabaseSelection databases;
  unsigned jobs = 2;  // sessions that read at the same time
  ReadMode mode = ReadMode::kGentle;
  Duration lock_timeout = std::chrono::seconds(30);  // for each lock
  TableFilter filter;
  std::string role;  // taken on in every session with SET ROLE; empty: none
  logical::ProgramSearch programs;
  bool incremental = true;  // false: store everything again
  repository::WriterOptions writer;
};

// What came of it.
struct LogicalBackupResult {
  repository::BackupId backup;
  // kPartial if a database is missing, or the globals are.
  repository::BackupState state = repository::BackupState::kComplete;
  std::vector<DatabaseOutcome> databases;
  // Why there are no roles and tablespaces in the backup, if so.
  std::optional<Error> globals_error;
  // Whether the roles have their passwords. The server shows them to superusers only.
  bool roles_with_passwords = false;
  bool incremental = false;  // compared with an earlier backup
};

// Backs up the databases of a cluster, one after the other, into one backup with a sub-tree for
// each. A database that fails has none, and the backup is partial; the others are not touched by
// it. Where none succeeds there is no backup, and the error is that of the first.
//
// All of it happens in this thread and in threads that end before it returns.
// Errors: those of connecting and of the repository; kCancelled after `stop`. After any error
// nothing can be restored from this run; if the message says "outcome unknown", see CommitWriter().
Result<LogicalBackupResult> RunLogicalBackup(repository::Repository& repository,
                                             const LogicalBackupOptions& options,
                                             BackupWatcher& watcher, std::stop_token stop);

}  // namespace pgkeep::backup

// Which backup a restore or an export takes, and why that one.
#pragma once

#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "cli/options.h"
#include "repository/backup_list.h"
#include "repository/ids.h"
#include "repository/repository_context.h"

namespace pgkeep::cli {

// The answer.
struct BackupChoice {
  repository::BackupId id;
  std::string source;
  std::string database;
  Timestamp snapshot_time;  // of the database: what is restored is its state of that moment
  std::string reason;       // "the newest of 3 backups that hold it"
  std::string loss;         // what will not be there; empty if nothing can be said
};

// Chooses. `latest` is the newest backup that holds the database (of a partial backup too: each
// database in it is whole); with `at` the newest whose snapshot is not younger than that. Without a
// name the database is the only one of the backup.
//   kNotFound         no such backup, or none that holds the database, or none so old
//   kInvalidArgument  contradicting options, several databases or sources to choose from
//   kUnsupported      not a logical backup
// `live` is in the order of ListBackups(). REQUIRES: context.keys.
Result<BackupChoice> ChooseBackup(const repository::RepositoryContext& context,
                                  std::span<const repository::BackupSummary> live,
                                  const BackupSelector& selector, Timestamp now);

}  // namespace pgkeep::cli

// Finding what the user means by the beginning of an id.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "repository/backup_list.h"
#include "repository/ids.h"
#include "repository/repository_context.h"

namespace pgkeep::cli {

// A backup that was begun and is neither committed nor given up: being written now, or cut off.
struct UnfinishedBackup {
  repository::WriterId id;
  std::optional<Timestamp> started;  // by its host's clock
};

// As repository::FindBackup, but a backup that has expired is kNotFound with words that say so.
// Borrows from `live`. REQUIRES: context.keys.
Result<const repository::BackupSummary*> LookUpBackup(
    const repository::RepositoryContext& context, std::span<const repository::BackupSummary> live,
    const std::string& selector);

// The same for commands to which an expired backup is nothing strange: its id as a whole is
// accepted too, and so is that of a backup that never was.
Result<repository::BackupId> LookUpBackupId(std::span<const repository::BackupSummary> live,
                                            const std::string& selector);

// All unfinished backups, ascending by id. One listing of pins and one of decisions, and one read
// for each.
Result<std::vector<UnfinishedBackup>> ListUnfinished(const repository::RepositoryContext& context);

// The unfinished backup whose id begins so. kNotFound, and kInvalidArgument as FindBackup.
Result<repository::WriterId> LookUpUnfinished(std::span<const UnfinishedBackup> unfinished,
                                              const std::string& selector);

// The first digits of an id, as lists show it: enough to name it.
std::string ShortId(const repository::BackupId& id);

}  // namespace pgkeep::cli

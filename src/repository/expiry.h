// Expiry: the decision that a backup may go. Nothing is deleted here; the garbage collector does
// that later, and only what no other backup needs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "repository/ids.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// What to expire.
struct ExpireOptions {
  std::vector<BackupId> backups = {};
  // Recorded in `exp/<S>`, for people.
  std::string reason = {};
  // Write nothing; only say what would happen.
  bool dry_run = false;
  // Also expire the newest complete backup of a source (the newest partial one if there is no
  // complete one), and backups whose manifest is unreadable (nobody can tell then of which source
  // they are the newest).
  bool force = false;
};

// What happened, or with dry_run would happen, to one backup.
struct ExpiredBackup {
  BackupId id;
  // Empty when the manifest is unreadable or gone.
  std::string source;
  // Unset when the manifest is unreadable or gone.
  std::optional<Timestamp> finished;
  // It had expired before.
  bool already = false;
  // One sentence for the user, such as "expires; 3 newer complete backups of app remain".
  std::string explanation;
};

// Expires all of options.backups or, on kRefused, none:
//   kRefused   without force: a source would lose its newest complete backup, or without any
//              complete one its newest partial one; or a manifest is unreadable
//   kNotFound  an id is not a committed backup
// Expiring twice is success. After any other error some may have expired; calling again is safe.
// Answers in the order of options.backups, duplicates dropped. REQUIRES: context.keys.
Result<std::vector<ExpiredBackup>> ExpireBackups(const RepositoryContext& context,
                                                 const ExpireOptions& options);

}  // namespace pgkeep::repository

// A note on the local disk of the last commit made from here, so that a store that went back in
// time is noticed: nothing inside a repository can tell that its newest backups were taken away.
#pragma once

#include <optional>

#include "base/result.h"
#include "repository/control_access.h"
#include "repository/ids.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// Notes that `backup` was committed. Without a state directory nothing is noted; a note that cannot
// be written is worth a line in the log and no more, since the backup exists.
void WitnessCommit(const RepositoryContext& context, const BackupId& backup);

// The noted backup, if its decision is not in the repository; decisions are never deleted, so
// somebody else's hand or a restored older copy of the store is behind that. nullopt when all is
// well, or nothing (or nothing readable) was noted. Errors: the store's.
Result<std::optional<BackupId>> FindVanishedCommit(const ControlAccess& control);

// One sentence for the user, with what to do.
Error VanishedCommitError(const BackupId& backup);

}  // namespace pgkeep::repository

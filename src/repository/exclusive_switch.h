// The way into exclusive mode for a repository whose store has ceased to create conditionally, as
// some do when their bucket begins to keep versions. Normative: docs/format/protocol.md, X7.
#pragma once

#include <string>

#include "base/result.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// Writes the next configuration, with exclusive mode. Whoever opens the repository from then on
// takes the lease; whoever has opened it since the store ceased to create conditionally can write
// nothing anyway. `holder` is as for AcquireExclusiveLease().
//
// The caller asserts that no process is left that has opened it before: such a one would create
// without a condition, beside the holder of a lease. What can be seen of that is looked at.
//   kRefused     the store does create conditionally; a writer was seen within kRequestLifetime;
//                the keys are not the full ones; the configuration is not the newest
//   kConflict    another process has written a configuration at the same time
//   others       as AcquireExclusiveLease() and WriteConfig(); it can be run again
// REQUIRES: keys; a repository that is not in exclusive mode.
Status SwitchToExclusive(const RepositoryContext& context, const std::string& holder);

}  // namespace pgkeep::repository

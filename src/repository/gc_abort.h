#pragma once

#include "base/result.h"
#include "repository/control_access.h"
#include "repository/garbage_collector.h"

namespace pgkeep::repository {

// Step G0: aborts the writers that options.abort_writers names and those that gave no sign of life
// for options.stale_after by the store's clock, under the lease of exclusive mode all undecided
// ones; with dry_run only says so. What it did and what it could not judge goes into `report`.
// Fails (kNotFound, kConflict) for a named writer that is not there or is decided, and when the
// listings fail; a stale writer that cannot be aborted is only a warning.
Status AbortDeadWriters(const ControlAccess& control, const GcOptions& options, GcReport& report);

}  // namespace pgkeep::repository

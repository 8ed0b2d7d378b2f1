#pragma once

#include "base/progress.h"
#include "repository/control_access.h"
#include "repository/garbage_collector.h"
#include "repository/gc_candidates.h"
#include "repository/gc_plan_step.h"

namespace pgkeep::repository {

// Step G10: deletes what the plan permits, writer by writer, packs first. What fails is reported
// and keeps the rest of its writer for a later cycle; everything else goes on. Stops early only
// when the context is stopped (kCancelled among the failures). What was deleted is counted in
// `progress`.
void DeleteCandidates(const ControlAccess& control, const GcCandidates& candidates,
                      const GcPermission& permission, Progress& progress, GcReport& report);

}  // namespace pgkeep::repository

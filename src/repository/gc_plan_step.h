#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "repository/control_access.h"
#include "repository/garbage_collector.h"
#include "repository/gc_candidates.h"

namespace pgkeep::repository {

// What the collector may delete in this cycle, as planned before.
struct GcPermission {
  // Store with older versions: everything that was planned.
  bool all = false;
  // Otherwise the keys, ascending, that an earlier cycle had planned as well.
  std::vector<std::string> keys;

  bool Allows(const std::string& key) const;
};

// Step G9: the brake on the share of bytes, then the plan. Drops from `candidates` what is more
// than options.max_objects; later cycles take it. Writes nothing when there are no candidates or
// with dry_run. kRefused: too much would go.
Result<GcPermission> PlanDeletions(const ControlAccess& control, const GcOptions& options,
                                   GcCandidates& candidates, GcReport& report);

}  // namespace pgkeep::repository

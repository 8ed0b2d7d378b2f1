// Finding jobs whose process went away without a word.
#pragma once

#include <chrono>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "catalog/worker.h"

namespace pgkeep::catalog {

// How long a worker is believed to live after it last said so, and how often it says so. Together
// with a look every half lease this finds a dead one within a minute.
inline constexpr Duration kLease = std::chrono::seconds(30);
inline constexpr Duration kLeaseRenewal = std::chrono::seconds(10);

// Turns every queued or running job to kInterrupted whose process is dead, or whose lease has
// expired, and returns these as they were. Call when the program starts and now and then. Several
// processes may do so at once: each job is returned to one of them. The first error ends it; what
// was done before stays.
Result<std::vector<JobRecord>> ReconcileJobs(Catalog& catalog, Clock& clock,
                                             ProcessTable& processes);

}  // namespace pgkeep::catalog

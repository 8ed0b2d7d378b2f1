// The sign of life of a running job.
#pragma once

#include <string>
#include <thread>

#include "base/clock.h"
#include "catalog/catalog.h"

namespace pgkeep::jobs {

// Whose lease, and for how long. The pointers outlive the keeper.
struct LeaseKeeperOptions {
  catalog::Catalog* catalog = nullptr;
  Clock* clock = nullptr;
  std::string job_id;
  std::string worker_id;
  Duration lease = {};
  Duration renewal = {};
};

// Renews a lease in a thread of its own, first after one interval, until destroyed; then no renewal
// follows. One that fails is logged as a warning and tried again an interval later: it never stops
// the job, whose work is worth more than its row.
class LeaseKeeper {
 public:
  explicit LeaseKeeper(const LeaseKeeperOptions& options);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

 private:
  std::jthread thread_;
};

}  // namespace pgkeep::jobs

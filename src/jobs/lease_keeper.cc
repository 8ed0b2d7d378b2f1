#include "jobs/lease_keeper.h"

#include <utility>

#include "base/log.h"
#include "base/thread_name.h"

namespace pgkeep::jobs {
namespace {

void RenewUntilStopped(const LeaseKeeperOptions& options, const std::stop_token& stop) {
  SetThreadName("lease");
  while (options.clock->SleepFor(options.renewal, stop).ok()) {
    const Timestamp expires = options.clock->Now() + options.lease;
    const Status renewed = options.catalog->RenewLease(options.job_id, options.worker_id, expires);
    if (!renewed.ok()) {
      Log(LogLevel::kWarning, "jobs", "the lease of job {} was not renewed: {}", options.job_id,
          renewed.error().ToString());
    }
  }
}

}  // namespace

LeaseKeeper::LeaseKeeper(const LeaseKeeperOptions& options)
    : thread_([options](const std::stop_token& stop) { RenewUntilStopped(options, stop); }) {}

// The thread asks itself to stop, and is waited for.
LeaseKeeper::~LeaseKeeper() = default;

}  // namespace pgkeep::jobs

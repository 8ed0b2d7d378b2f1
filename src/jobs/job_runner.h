// Runs jobs and keeps their rows true.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/progress.h"
#include "base/uuid.h"
#include "catalog/catalog.h"
#include "catalog/reconcile.h"
#include "catalog/worker.h"
#include "jobs/job.h"

namespace pgkeep::jobs {

// What a runner stands on. The pointers outlive it.
struct JobRunnerOptions {
  catalog::Catalog* catalog = nullptr;
  Clock* clock = &SystemClock();
  catalog::ProcessTable* processes = &catalog::SystemProcesses();
  FillRandom fill_random = {};  // for ids
  std::string host = {};
  std::string version = {};
  Duration lease = catalog::kLease;
  Duration lease_renewal = catalog::kLeaseRenewal;
};

// Runs job functions: row queued -> running -> its end in every case, phases recorded, the lease
// renewed by a thread beside. Thread-safe: any number of jobs at once.
//
// A process that dies leaves a running row; the next Run(), or Reconcile(), of any process turns it
// to interrupted.
class JobRunner {
 public:
  explicit JobRunner(JobRunnerOptions options) : options_(std::move(options)) {}

  // Runs one job on the calling thread and returns how it ended.
  //
  // `stop` ends the job with kCancelled; cli/signals.h makes one of SIGINT and SIGTERM, whose
  // second signal ends the process with status 130 at once. An error or an exception (out of memory
  // too) makes the row failed, an error after a stop request cancelled. The runner listens to the
  // phases of `progress` while the function runs.
  //
  // The function is not called if the row cannot be made or started, unless the request needs no
  // record: then a warning is logged and the job goes on, with its row as far as there is one. It
  // is never called while another exclusive job of this source and kind runs: kBusy, with who it
  // is. If only its end cannot be recorded, the result stands and record_error says so; the row is
  // found interrupted later.
  JobReport Run(const JobRequest& request, const JobFunction& function, std::stop_token stop,
                Progress& progress);

  // Marks the jobs of dead processes as interrupted, logs each as a warning, and returns them.
  Result<std::vector<catalog::JobRecord>> Reconcile();

 private:
  // The worker's id is the job's: a job is never run twice.
  Status CreateRow(const std::string& id, const JobRequest& request);
  Status StartRow(const std::string& id);
  Result<JobResult> WorkRecorded(const std::string& id, const JobFunction& function,
                                 const std::stop_token& stop, Progress& progress);
  std::optional<Error> RecordEnd(const JobReport& report, Duration duration);

  const JobRunnerOptions options_;
};

// Runs a job function in the same way, but keeps no record of it and no lock: where there is no
// catalog, as on a machine that has only a recovery kit. The job's id is empty.
JobReport RunUnrecorded(const JobFunction& function, std::stop_token stop, Progress& progress);

}  // namespace pgkeep::jobs

#include "catalog/reconcile.h"

#include <optional>
#include <utility>

namespace pgkeep::catalog {
namespace {

// Why the job is to be given up, if it is.
std::optional<JobError> Verdict(const JobRecord& job, Timestamp now, ProcessTable& processes) {
  const Worker& worker = job.worker;
  if (processes.Look(worker) == ProcessState::kDead) {
    return ToJobError(Err(ErrorCode::kUnavailable,
                          "process {} on {} ended without a word: it was killed, or it crashed",
                          worker.pid, worker.host)
                          .WithHint("look for it in the system's log (out of memory?); run the job "
                                    "again"));
  }
  if (!job.lease_expires || *job.lease_expires > now) return std::nullopt;
  return ToJobError(Err(ErrorCode::kUnavailable,
                        "process {} on {} gave no sign of life until {}: it was killed or stopped, "
                        "or its machine went down",
                        worker.pid, worker.host, FormatUtc(*job.lease_expires))
                        .WithHint("see whether that machine and process live; run the job again"));
}

}  // namespace

Result<std::vector<JobRecord>> ReconcileJobs(Catalog& catalog, Clock& clock,
                                             ProcessTable& processes) {
  std::vector<JobRecord> given_up;
  PGK_ASSIGN_OR_RETURN(std::vector<JobRecord> active, catalog.ListActiveJobs());
  for (JobRecord& job : active) {
    const Timestamp now = clock.Now();
    const std::optional<JobError> verdict = Verdict(job, now, processes);
    if (!verdict) continue;
    PGK_ASSIGN_OR_RETURN(const bool done, catalog.InterruptJob(job, *verdict, now));
    if (done) given_up.push_back(std::move(job));
  }
  return given_up;
}

}  // namespace pgkeep::catalog

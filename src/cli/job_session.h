// Running the work of a command as a job: recorded in the history, with its progress shown.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"
#include "cli/commands.h"
#include "cli/progress_display.h"
#include "cli/repository_access.h"
#include "jobs/job.h"
#include "jobs/job_runner.h"

namespace pgkeep::cli {

// Whether a job may go on without a history.
enum class HistoryNeed {
  kRequired,  // what nobody should run twice at a time
  kOptional,  // what must work on the day on which everything else is broken
};

// Opens the catalog of a configuration, and makes it if it is not there. Errors: as OpenCatalog.
Result<std::unique_ptr<catalog::Catalog>> OpenHistory(const Setup& setup,
                                                      const Environment& environment);

// What a job runs in. One thread at a time; borrows the context.
class JobSession {
 public:
  // Without a configuration there is no history, which is said with --verbose only. A catalog that
  // cannot be opened, or later written to, is an error, or with kOptional a warning.
  static Result<std::unique_ptr<JobSession>> Open(const Setup& setup, const CommandContext& context,
                                                  HistoryNeed need);

  // Runs the job, as JobRunner::Run() does; without a history as if it had one. Progress is shown
  // on standard error while it runs, so the function logs what it has to say, and prints nothing.
  // Whether the job needs a record is decided by the session, not by the request.
  jobs::JobReport Run(jobs::JobRequest request, const jobs::JobFunction& function,
                      PhaseLines lines = PhaseLines::kAnnounced);

 private:
  JobSession(std::unique_ptr<catalog::Catalog> catalog, HistoryNeed need,
             const CommandContext& context);

  const CommandContext& context_;
  const HistoryNeed need_;
  const std::unique_ptr<catalog::Catalog> catalog_;  // null: no history
  std::optional<jobs::JobRunner> runner_;
};

// A runner over this catalog, which outlives it.
jobs::JobRunnerOptions RunnerOptions(catalog::Catalog& catalog, const Environment& environment);

}  // namespace pgkeep::cli

// What a job is given and what it returns.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "catalog/history.h"

namespace pgkeep::jobs {

// Which job to run. Plain values, recorded in the history as they are.
struct JobRequest {
  std::string source;  // empty: the whole repository
  std::vector<std::string> databases = {};
  catalog::JobKind kind = catalog::JobKind::kBackup;
  catalog::JobType type = catalog::JobType::kNone;
  catalog::JobTrigger trigger = catalog::JobTrigger::kManual;
  // Only one of this source and kind at a time, in all processes that share the catalog.
  bool exclusive = true;
  // What a catalog that cannot be written to costs: the job, or only its row. The second is for
  // what must work on the day on which everything else is broken, such as making room on a full
  // disk.
  bool needs_record = true;
};

// What a job works with. Belongs to the runner; valid until the job function returns.
struct JobContext {
  const std::string& id;  // of the row
  Progress& progress;     // phases are recorded with their times
  std::stop_token stop;   // requested: stop cleanly and return kCancelled
};

// What a job produced. A database with a status that is neither kSucceeded nor kPartial makes the
// job partial.
struct JobResult {
  catalog::JobFigures figures = {};
  std::vector<catalog::DatabaseOutcome> databases = {};
  // Why the job failed although it came to its end: damage that a verification found. Its figures
  // count all the same.
  std::optional<Error> error = {};
};

// The work. Runs on the thread of JobRunner::Run().
using JobFunction = std::function<Result<JobResult>(JobContext& context)>;

// How a job ended.
struct JobReport {
  std::string id;
  catalog::JobStatus status = catalog::JobStatus::kFailed;
  // What the function returned; where that was an error, how far it had come.
  JobResult result = {};
  // Why it did not succeed: set unless status is kSucceeded. kPartial for a partial job.
  std::optional<Error> error = {};
  // Why the history does not tell this end; the result stands nevertheless.
  std::optional<Error> record_error = {};

  // Ok, or the error: what decides the exit status.
  Status ToStatus() const { return error ? Status(*error) : Ok(); }
};

}  // namespace pgkeep::jobs

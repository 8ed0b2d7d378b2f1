#include "jobs/job_runner.h"

#include <exception>
#include <new>
#include <utility>

#include "base/log.h"
#include "base/retry.h"
#include "jobs/lease_keeper.h"

namespace pgkeep::jobs {
namespace {

using catalog::JobStatus;

constexpr std::string_view kComponent = "jobs";

// For the end of a job, which nobody tells a second time.
constexpr RetryPolicy kRecordPolicy = {.attempts = 3,
                                       .base = std::chrono::milliseconds(200),
                                       .cap = std::chrono::seconds(2),
                                       .budget = std::chrono::seconds(30)};

// An error that came after a stop request is its consequence, whatever it says.
Error AsCancelled(Error error) {
  if (error.code() == ErrorCode::kCancelled) return error;
  return Error(ErrorCode::kCancelled, "stopped on request").Attach(std::move(error));
}

bool IsSafe(const catalog::DatabaseOutcome& outcome) {
  return outcome.status == JobStatus::kSucceeded;
}

// Why a job of which some databases failed is only partial; nothing, if none failed.
std::optional<Error> PartialError(const std::vector<catalog::DatabaseOutcome>& databases) {
  std::string names;
  size_t failed = 0;
  for (const catalog::DatabaseOutcome& outcome : databases) {
    if (IsSafe(outcome)) continue;
    names += failed == 0 ? "" : ", ";
    names += outcome.database;
    ++failed;
  }
  if (failed == 0) return std::nullopt;
  return Err(ErrorCode::kPartial, "{} of {} databases failed: {}", failed, databases.size(), names)
      .WithHint("the others are safe; see what went wrong with each, then run the job again");
}

catalog::JobFigures HowFar(const Progress& progress) {
  const ProgressSnapshot at = progress.Snapshot();
  return {.bytes_read = at.job_bytes, .objects = at.job_objects};
}

// `stop` as it is when the work has ended.
JobReport Judge(std::string id, Result<JobResult> result, const Progress& progress,
                const std::stop_token& stop) {
  JobReport report{.id = std::move(id)};
  if (result.ok()) {
    report.result = std::move(result).value();
  } else {
    report.result = {.figures = HowFar(progress), .databases = {}, .error = result.error()};
  }
  if (!report.result.error) {
    report.error = PartialError(report.result.databases);
    report.status = report.error ? JobStatus::kPartial : JobStatus::kSucceeded;
    return report;
  }
  Error error = *report.result.error;
  const bool cancelled = stop.stop_requested() || error.code() == ErrorCode::kCancelled;
  report.status = cancelled ? JobStatus::kCancelled : JobStatus::kFailed;
  report.error = cancelled ? AsCancelled(std::move(error)) : std::move(error);
  return report;
}

// Whether the job is run although its row could not be made or started. That another one runs is no
// fault of the catalog.
bool GoesOnWithoutRecord(const JobRequest& request, const Error& why) {
  if (request.needs_record) return false;
  if (request.exclusive && why.code() == ErrorCode::kBusy) return false;
  Log(LogLevel::kWarning, kComponent, "this {} is not recorded in the history: {}",
      catalog::JobKindName(request.kind), why.ToString());
  return true;
}

// Hears the phases of a job for as long as it lives.
class PhaseRecorder {
 public:
  PhaseRecorder(Progress& progress, catalog::Catalog& catalog, Clock& clock,
                const std::string& job_id)
      : progress_(progress) {
    progress_.SetPhaseListener([&catalog, &clock, job_id](std::string_view phase) {
      const Status recorded = catalog.BeginPhase(job_id, job_id, std::string(phase), clock.Now());
      if (recorded.ok()) return;
      Log(LogLevel::kWarning, kComponent, "phase {} of job {} was not recorded: {}", phase, job_id,
          recorded.error().ToString());
    });
  }
  ~PhaseRecorder() { progress_.SetPhaseListener({}); }
  PhaseRecorder(const PhaseRecorder&) = delete;
  PhaseRecorder& operator=(const PhaseRecorder&) = delete;

 private:
  Progress& progress_;
};

// Makes errors of whatever is thrown, so that the row gets its end.
template <class Function>
Result<JobResult> CatchAll(const Function& function) {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::kLimitExceeded, "out of memory",
                 "give the machine more memory, or run the job with fewer workers");
  } catch (const std::exception& exception) {
    return Err(ErrorCode::kInternal, "unexpected exception: {}", exception.what());
  } catch (...) {
    return Error(ErrorCode::kInternal, "unexpected exception");
  }
}

Result<JobResult> Work(const std::string& id, const JobFunction& function,
                       const std::stop_token& stop, Progress& progress) {
  if (stop.stop_requested()) return Error(ErrorCode::kCancelled, "stopped before it began");
  JobContext context{.id = id, .progress = progress, .stop = stop};
  return CatchAll([&] { return function(context); });
}

}  // namespace

JobReport JobRunner::Run(const JobRequest& request, const JobFunction& function,
                         std::stop_token stop, Progress& progress) {
  const std::string id = NewUuidV7(*options_.clock, options_.fill_random);
  const Duration begun = options_.clock->Monotonic();
  const Status created = CreateRow(id, request);
  if (!created.ok()) {
    if (!GoesOnWithoutRecord(request, created.error())) {
      return {.id = id, .error = created.error()};
    }
    JobReport report = RunUnrecorded(function, std::move(stop), progress);
    report.record_error = created.error();
    return report;
  }

  JobReport report = {.id = id};
  const Status started = StartRow(id);
  if (started.ok()) {
    report = Judge(id, WorkRecorded(id, function, stop, progress), progress, stop);
  } else if (GoesOnWithoutRecord(request, started.error())) {
    report = Judge(id, Work(id, function, stop, progress), progress, stop);
  } else {
    report.error = started.error();
  }
  report.record_error = RecordEnd(report, options_.clock->Monotonic() - begun);
  return report;
}

Status JobRunner::CreateRow(const std::string& id, const JobRequest& request) {
  const Timestamp now = options_.clock->Now();
  return options_.catalog->CreateJob({.id = id,
                                      .source = request.source,
                                      .databases = request.databases,
                                      .kind = request.kind,
                                      .type = request.type,
                                      .trigger = request.trigger,
                                      .exclusive = request.exclusive,
                                      .version = options_.version,
                                      .worker = options_.processes->Self(id, options_.host),
                                      .queued = now,
                                      .lease_expires = now + options_.lease});
}

Status JobRunner::StartRow(const std::string& id) {
  // A dead holder of the job lock must not make this one wait for its lease.
  PGK_TRY(Reconcile());
  const Timestamp now = options_.clock->Now();
  return options_.catalog->StartJob(id, id, now, now + options_.lease);
}

Result<JobResult> JobRunner::WorkRecorded(const std::string& id, const JobFunction& function,
                                          const std::stop_token& stop, Progress& progress) {
  return CatchAll([&] {
    const LeaseKeeper lease({.catalog = options_.catalog,
                             .clock = options_.clock,
                             .job_id = id,
                             .worker_id = id,
                             .lease = options_.lease,
                             .renewal = options_.lease_renewal});
    const PhaseRecorder recorder(progress, *options_.catalog, *options_.clock, id);
    return Work(id, function, stop, progress);
  });
}

std::optional<Error> JobRunner::RecordEnd(const JobReport& report, Duration duration) {
  catalog::JobOutcome outcome{.status = report.status,
                              .finished = options_.clock->Now(),
                              .duration = duration,
                              .figures = report.result.figures,
                              .databases = report.result.databases};
  if (report.error) outcome.error = catalog::ToJobError(*report.error);
  const Status recorded = Retry(kRecordPolicy, *options_.clock, {}, [&] {
    return options_.catalog->FinishJob(report.id, report.id, outcome);
  });
  if (recorded.ok()) return std::nullopt;
  Log(LogLevel::kError, kComponent, "job {} is {}, but the history could not be told: {}",
      report.id, catalog::JobStatusName(report.status), recorded.error().ToString());
  return recorded.error();
}

Result<std::vector<catalog::JobRecord>> JobRunner::Reconcile() {
  PGK_ASSIGN_OR_RETURN(
      std::vector<catalog::JobRecord> given_up,
      catalog::ReconcileJobs(*options_.catalog, *options_.clock, *options_.processes));
  for (const catalog::JobRecord& job : given_up) {
    Log(LogLevel::kWarning, kComponent,
        "{} job {} of source '{}' was interrupted: process {} on {} is gone",
        catalog::JobKindName(job.kind), job.id, job.source, job.worker.pid, job.worker.host);
  }
  return given_up;
}

JobReport RunUnrecorded(const JobFunction& function, std::stop_token stop, Progress& progress) {
  const std::string id;
  return Judge(id, Work(id, function, stop, progress), progress, stop);
}

}  // namespace pgkeep::jobs

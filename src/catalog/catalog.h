// The database of jobs and history, behind an interface: SQLite in a file today, PostgreSQL later.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/history.h"

namespace pgkeep::catalog {

// A job to be recorded as queued.
struct NewJob {
  std::string id = {};  // UUIDv7 (base/uuid.h)
  std::string source = {};
  std::vector<std::string> databases = {};
  JobKind kind = JobKind::kBackup;
  JobType type = JobType::kNone;
  JobTrigger trigger = JobTrigger::kManual;
  bool exclusive = true;
  std::string version = {};
  Worker worker = {};  // who is going to run it
  Timestamp queued = {};
  Timestamp lease_expires = {};
};

// The end of a job.
struct JobOutcome {
  JobStatus status = JobStatus::kSucceeded;  // a final one
  Timestamp finished = {};
  std::optional<Duration> duration = {};
  JobFigures figures = {};
  std::optional<JobError> error = {};
  // Replaces what is recorded of the databases, if it is not empty.
  std::vector<DatabaseOutcome> databases = {};
};

// Keeps the history. Knows nothing of threads, signals and processes: src/jobs runs jobs.
//
// Thread-safe, and safe between processes: each call is one transaction, which is durable when it
// returns and leaves nothing when it fails. May block for the back end's lock time-out.
//
// Every call can fail with kBusy (another process holds the database; retry), kOutOfSpace, kIo,
// kPermission, or kCorruption. Nothing here is needed to restore: a catalog that is lost costs the
// history, no backup.
//
// Rows belong to a worker: the calls that name `worker_id` fail with kConflict when the row is not
// that worker's, or has come to an end that allows no such change, and kNotFound without a row.
//
// Leases are told by the wall clocks of the hosts, which should agree within some seconds.
class Catalog {
 public:
  // Most records in one page.
  static constexpr size_t kMaxPage = 1000;

  virtual ~Catalog() = default;
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // Records a queued job. kAlreadyExists if the id is taken.
  virtual Status CreateJob(const NewJob& job) = 0;

  // kQueued -> kRunning. kBusy, with who it is, while another exclusive job of the same source and
  // kind is running and this one is exclusive; the row stays queued then.
  virtual Status StartJob(const std::string& id, const std::string& worker_id, Timestamp now,
                          Timestamp lease_expires) = 0;

  // Says that the worker lives. If the job was taken for dead, it becomes kRunning again and the
  // error of the reconciliation is dropped; kBusy, if another exclusive job has taken its place:
  // then this one may work on, but without a lease.
  virtual Status RenewLease(const std::string& id, const std::string& worker_id,
                            Timestamp lease_expires) = 0;

  // Ends the phase before, if there is one, and begins the next. For jobs that run.
  virtual Status BeginPhase(const std::string& id, const std::string& worker_id,
                            const std::string& phase, Timestamp now) = 0;

  // Records the end, of a job that is queued, running, or wrongly taken for dead: the one who ran
  // it knows best. Ends its phase.
  virtual Status FinishJob(const std::string& id, const std::string& worker_id,
                           const JobOutcome& outcome) = 0;

  // kQueued or kRunning -> kInterrupted, if the row still is as `seen`: same state, worker and
  // lease. False when it is not.
  virtual Result<bool> InterruptJob(const JobRecord& seen, const JobError& why, Timestamp now) = 0;

  // Marks the backup as proven by a restore test. Returns the number of jobs marked: 0 when the
  // history does not know this backup.
  virtual Result<size_t> RecordProof(const std::string& backup_id, Timestamp proven_at,
                                     const std::string& report_id) = 0;

  // kNotFound if there is none.
  virtual Result<JobRecord> FindJob(const std::string& id) = 0;

  // In the order in which they began; empty for an unknown job.
  virtual Result<std::vector<JobPhase>> ListPhases(const std::string& id) = 0;

  // kInvalidArgument for a limit out of range or a cursor that is not of such a list.
  virtual Result<JobPage> ListJobs(const JobQuery& query) = 0;

  // All queued and running jobs, oldest first.
  virtual Result<std::vector<JobRecord>> ListActiveJobs() = 0;

  // For every source and database, by name: the newest job of this kind that succeeded, or that was
  // partial but succeeded for that database.
  virtual Result<std::vector<LastSuccess>> ListLastSuccesses(JobKind kind) = 0;

  // Reads everything and looks for damage: kCorruption with what is wrong. Slow.
  virtual Status CheckIntegrity() = 0;

 protected:
  Catalog() = default;
};

}  // namespace pgkeep::catalog

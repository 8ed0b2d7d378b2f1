// The values of the history: one record per run of a backup, restore, export, verification, expiry,
// garbage collection or restore test. The table behind it is `backup_history`. Plain values, no
// behaviour; the only header of this room that the rooms which do the work may include.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"

namespace pgkeep::catalog {

// Longest text of an error, and of its hint, that is recorded; the rest is cut off.
inline constexpr size_t kMaxErrorTextBytes = size_t{16} << 10;

// What a job does. Stored by name: a new kind comes with a migration, so that an older program
// refuses the catalog instead of stumbling over the word.
enum class JobKind { kBackup, kRestore, kExport, kVerify, kExpire, kGc, kTest };

// Of backups, restores and tests: what kind of backup. kNone for everything else.
enum class JobType { kNone, kLogical, kPhysical };

// Who asked for it.
enum class JobTrigger { kManual, kSchedule, kApi };

// A job's life: kQueued -> kRunning -> one of the others, which are final. A job that could not
// begin goes from kQueued to a final one at once. kInterrupted: its process went away without a
// word; a process that was only taken for dead takes its row back (see Catalog::RenewLease).
enum class JobStatus {
  kQueued,
  kRunning,
  kSucceeded,
  kFailed,
  kCancelled,    // on request
  kInterrupted,  // killed, or the machine went down
  kPartial,      // some databases failed, the others are safe
};

// The names in the table, in JSON and in metrics: "backup", "logical", "schedule", "succeeded".
std::string_view JobKindName(JobKind kind);
std::string_view JobTypeName(JobType type);
std::string_view JobTriggerName(JobTrigger trigger);
std::string_view JobStatusName(JobStatus status);

// The inverses; kInvalidArgument, with the known names as the hint.
Result<JobKind> ParseJobKind(std::string_view name);
Result<JobType> ParseJobType(std::string_view name);
Result<JobTrigger> ParseJobTrigger(std::string_view name);
Result<JobStatus> ParseJobStatus(std::string_view name);

// True for the states that no job leaves by itself.
bool IsFinal(JobStatus status);

// Why a job, or one database of it, did not succeed; as people and programs read it later. Holds no
// secrets, since no Error does.
struct JobError {
  std::string code = {};  // CodeName()
  std::string text = {};
  std::string hint = {};  // may be empty
  bool operator==(const JobError&) const = default;
};

// What is kept of an Error.
JobError ToJobError(const Error& error);

// How one database of a job fared.
struct DatabaseOutcome {
  std::string database = {};
  JobStatus status = JobStatus::kQueued;
  std::optional<JobError> error = {};
  bool operator==(const DatabaseOutcome&) const = default;
};

// What a job counted and produced. Bytes are bytes; what a kind of job does not have stays 0, empty
// or nullopt.
struct JobFigures {
  uint64_t bytes_read = 0;    // from the source, or from the repository by a restore
  uint64_t bytes_stored = 0;  // that the whole backup takes in the repository, shared ones included
  uint64_t bytes_new = 0;     // that this job added to the repository
  uint64_t bytes_deleted = 0;  // that it removed from there
  // Tables, files, large objects; of maintenance: objects of the repository that were looked at or
  // removed, or backups that were expired.
  uint64_t objects = 0;
  std::optional<double> compression_ratio = {};  // bytes before compression / bytes after
  std::optional<double> dedup_ratio = {};        // bytes of the backup / bytes that were changed
  std::string start_lsn = {};                    // as PostgreSQL writes it: "0/16B3748"
  std::string stop_lsn = {};
  std::string backup_id = {};  // of the one backup that was made, restored, expired, ...; hex
  // What the job did or found, in one sentence for people; empty where the figures say it all.
  std::string summary = {};
  bool operator==(const JobFigures&) const = default;
};

// Which process works on a job. `process` tells a process from a later one with the same pid, see
// worker.h.
struct Worker {
  std::string id = {};    // unique per run of a job
  std::string host = {};  // for people, and to know which processes can be looked at
  int64_t pid = 0;
  std::string process = {};
  bool operator==(const Worker&) const = default;
};

// One phase of a job.
struct JobPhase {
  std::string name = {};
  Timestamp started = {};
  std::optional<Timestamp> finished =
      {};  // nullopt while it runs, and for ever if the process died
  bool operator==(const JobPhase&) const = default;
};

// One job as the history knows it.
struct JobRecord {
  std::string id = {};                          // UUIDv7
  std::string source = {};                      // empty: the whole repository
  std::vector<DatabaseOutcome> databases = {};  // in the order in which they were given
  JobKind kind = JobKind::kBackup;
  JobType type = JobType::kNone;
  JobTrigger trigger = JobTrigger::kManual;
  bool exclusive = true;  // no second running one of this source and kind
  JobStatus status = JobStatus::kQueued;
  std::string phase = {};  // the current, or the last; empty before the first
  Timestamp queued = {};
  std::optional<Timestamp> started = {};
  std::optional<Timestamp> finished = {};
  std::optional<Duration> duration = {};  // measured with a clock that does not jump
  JobFigures figures = {};
  std::optional<JobError> error = {};
  std::string version = {};                     // of pgkeep
  Worker worker = {};                           // who works, or worked, on it
  std::optional<Timestamp> lease_expires = {};  // while it is queued or running
  std::optional<Timestamp> proven_at = {};      // when a restore of its backup was validated
  std::string report_id = {};                   // of that restore test
  bool operator==(const JobRecord&) const = default;
};

// The newest job of a kind that left something usable for one database of one source.
struct LastSuccess {
  std::string source = {};
  std::string database = {};  // empty for jobs that name no databases
  std::string job_id = {};
  std::string backup_id = {};
  Timestamp finished = {};
  std::optional<Timestamp> proven_at = {};
  bool operator==(const LastSuccess&) const = default;
};

// Which jobs to list; what is empty does not restrict.
struct JobFilter {
  std::optional<std::string> source = {};
  std::vector<JobKind> kinds = {};
  std::vector<JobStatus> statuses = {};
  std::optional<Timestamp> since = {};   // queued at or after
  std::optional<Timestamp> before = {};  // queued before
};

// What a list is ordered by. Ties, and jobs that have no such figure yet, are ordered by id.
enum class JobSort { kQueued, kDuration, kBytesRead, kBytesNew };

// One page of a list.
struct JobQuery {
  JobFilter filter = {};
  JobSort sort = JobSort::kQueued;
  bool descending = true;
  std::string cursor = {};  // of the page before; empty for the first
  size_t limit = 50;        // 1 to Catalog::kMaxPage
};

// Records in order, and where to go on. Jobs that are recorded between two pages neither repeat nor
// hide others, as long as what the list is sorted by does not change.
struct JobPage {
  std::vector<JobRecord> jobs = {};
  std::string next_cursor = {};  // empty: this is the end
};

}  // namespace pgkeep::catalog

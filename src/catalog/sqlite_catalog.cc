#include "catalog/sqlite_catalog.h"

#include <fmt/format.h>

#include <utility>

#include "base/file_util.h"
#include "base/mutex.h"
#include "catalog/job_cursor.h"
#include "catalog/job_rows.h"
#include "catalog/sqlite_connection.h"
#include "catalog/sqlite_job_list.h"
#include "catalog/sqlite_migrator.h"

namespace pgkeep::catalog {
namespace {

constexpr uint32_t kFileMode = 0600;
constexpr uint32_t kRootUser = 0;
constexpr Duration kWalRetryPause = std::chrono::milliseconds(20);
constexpr std::string_view kReading = "reading jobs";

// What the calls that change a row need to know of it.
struct RowState {
  std::string source;
  std::string kind;
  bool exclusive = false;
  std::string worker_id;
  JobStatus status = JobStatus::kQueued;
};

class SqliteCatalog final : public Catalog {
 public:
  explicit SqliteCatalog(std::unique_ptr<SqliteConnection> connection)
      : connection_(std::move(connection)) {}

  Status CreateJob(const NewJob& job) override;
  Status StartJob(const std::string& id, const std::string& worker_id, Timestamp now,
                  Timestamp lease_expires) override;
  Status RenewLease(const std::string& id, const std::string& worker_id,
                    Timestamp lease_expires) override;
  Status BeginPhase(const std::string& id, const std::string& worker_id, const std::string& phase,
                    Timestamp now) override;
  Status FinishJob(const std::string& id, const std::string& worker_id,
                   const JobOutcome& outcome) override;
  Result<bool> InterruptJob(const JobRecord& seen, const JobError& why, Timestamp now) override;
  Result<size_t> RecordProof(const std::string& backup_id, Timestamp proven_at,
                             const std::string& report_id) override;
  Result<JobRecord> FindJob(const std::string& id) override;
  Result<std::vector<JobPhase>> ListPhases(const std::string& id) override;
  Result<JobPage> ListJobs(const JobQuery& query) override;
  Result<std::vector<JobRecord>> ListActiveJobs() override;
  Result<std::vector<LastSuccess>> ListLastSuccesses(JobKind kind) override;
  Status CheckIntegrity() override;

 private:
  // The row, if it is that worker's and in one of these states.
  Result<RowState> RequireRow(const std::string& id, const std::string& worker_id,
                              std::initializer_list<JobStatus> allowed) PGK_REQUIRES(mutex_);
  // kBusy if another exclusive job of its source and kind runs.
  Status CheckLock(const std::string& id, const RowState& row) PGK_REQUIRES(mutex_);

  // Held while the connection is used, I/O included: SQLite takes one caller at a time. Nothing
  // else is locked or called under it.
  Mutex mutex_;
  const std::unique_ptr<SqliteConnection> connection_ PGK_PT_GUARDED_BY(mutex_);
};

Result<RowState> SqliteCatalog::RequireRow(const std::string& id, const std::string& worker_id,
                                           std::initializer_list<JobStatus> allowed) {
  PGK_ASSIGN_OR_RETURN(SqliteStatement query,
                       connection_->Query(kReading,
                                          "SELECT source, kind, exclusive, worker_id, status "
                                          "FROM backup_history WHERE id = ?",
                                          id));
  PGK_ASSIGN_OR_RETURN(const bool found, query.Step());
  if (!found) return Err(ErrorCode::kNotFound, "the history has no job {}", id);
  RowState row{.source = query.Text(0),
               .kind = query.Text(1),
               .exclusive = query.Int(2) != 0,
               .worker_id = query.Text(3)};
  PGK_ASSIGN_OR_RETURN(row.status, ParseJobStatus(query.Text(4)));
  if (row.worker_id != worker_id) {
    return Err(ErrorCode::kConflict, "job {} belongs to another worker", id);
  }
  for (const JobStatus status : allowed) {
    if (row.status == status) return row;
  }
  return Err(ErrorCode::kConflict, "job {} is {} already", id, JobStatusName(row.status));
}

Status SqliteCatalog::CheckLock(const std::string& id, const RowState& row) {
  if (!row.exclusive) return Ok();
  PGK_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection_->Query(kReading,
                         "SELECT id, host, worker_pid, started_us FROM backup_history WHERE "
                         "source = ? AND kind = ? AND status = 'running' AND exclusive = 1 "
                         "AND id <> ?",
                         row.source, row.kind, id));
  PGK_ASSIGN_OR_RETURN(const bool taken, query.Step());
  if (!taken) return Ok();
  PGK_ASSIGN_OR_RETURN(const Timestamp since, ReadTime(*connection_, query, 3));
  const std::string of = row.source.empty() ? "" : fmt::format(" of source {}", row.source);
  return Err(ErrorCode::kBusy, "a {}{} is running since {}: job {}, process {} on {}", row.kind, of,
             FormatUtc(since), query.Text(0), query.Int(2), query.Text(1))
      .WithHint("wait until it has ended, or stop it, then try again");
}

Status SqliteCatalog::CreateJob(const NewJob& job) {
  constexpr std::string_view kDoing = "recording a new job";
  MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(SqliteTransaction transaction,
                       SqliteTransaction::Begin(*connection_, kDoing));
  PGK_TRY(connection_->Run(
      kDoing,
      "INSERT INTO backup_history (id, source, kind, type, \"trigger\", status, queued_us, host, "
      "version, exclusive, worker_id, worker_pid, worker_process, lease_expires_us) "
      "VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?)",
      job.id, job.source, JobKindName(job.kind), JobTypeName(job.type), JobTriggerName(job.trigger),
      job.queued, job.worker.host, job.version, job.exclusive, job.worker.id, job.worker.pid,
      job.worker.process, job.lease_expires));
  std::vector<DatabaseOutcome> databases;
  for (const std::string& database : job.databases) {
    databases.push_back({.database = database, .status = JobStatus::kQueued, .error = {}});
  }
  PGK_TRY(WriteDatabases(*connection_, job.id, databases));
  return transaction.Commit();
}

Status SqliteCatalog::StartJob(const std::string& id, const std::string& worker_id, Timestamp now,
                               Timestamp lease_expires) {
  constexpr std::string_view kDoing = "recording the start of a job";
  MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(SqliteTransaction transaction,
                       SqliteTransaction::Begin(*connection_, kDoing));
  PGK_ASSIGN_OR_RETURN(const RowState row, RequireRow(id, worker_id, {JobStatus::kQueued}));
  PGK_TRY(CheckLock(id, row));
  PGK_TRY(connection_->Run(kDoing,
                           "UPDATE backup_history SET status = 'running', started_us = ?, "
                           "lease_expires_us = ? WHERE id = ?",
                           now, lease_expires, id));
  return transaction.Commit();
}

Status SqliteCatalog::RenewLease(const std::string& id, const std::string& worker_id,
                                 Timestamp lease_expires) {
  constexpr std::string_view kDoing = "renewing a lease";
  MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(SqliteTransaction transaction,
                       SqliteTransaction::Begin(*connection_, kDoing));
  PGK_ASSIGN_OR_RETURN(const RowState row,
                       RequireRow(id, worker_id, {JobStatus::kRunning, JobStatus::kInterrupted}));
  PGK_TRY(CheckLock(id, row));
  PGK_TRY(connection_->Run(kDoing,
                           "UPDATE backup_history SET status = 'running', lease_expires_us = ?, "
                           "started_us = coalesce(started_us, queued_us), finished_us = NULL, "
                           "error_code = '', error_text = '', error_hint = '' WHERE id = ?",
                           lease_expires, id));
  return transaction.Commit();
}

Status SqliteCatalog::BeginPhase(const std::string& id, const std::string& worker_id,
                                 const std::string& phase, Timestamp now) {
  constexpr std::string_view kDoing = "recording a phase";
  MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(SqliteTransaction transaction,
                       SqliteTransaction::Begin(*connection_, kDoing));
  PGK_TRY(RequireRow(id, worker_id, {JobStatus::kRunning, JobStatus::kInterrupted}));
  PGK_TRY(connection_->Run(kDoing, "UPDATE backup_history SET phase = ? WHERE id = ?", phase, id));
  PGK_TRY(connection_->Run(kDoing,
                           "UPDATE backup_history_phase SET finished_us = ? "
                           "WHERE job_id = ? AND finished_us IS NULL",
                           now, id));
  PGK_TRY(connection_->Run(kDoing,
                           "INSERT INTO backup_history_phase (job_id, position, name, started_us) "
                           "SELECT ?1, count(*), ?2, ?3 FROM backup_history_phase "
                           "WHERE job_id = ?1",
                           id, phase, now));
  return transaction.Commit();
}

Status SqliteCatalog::FinishJob(const std::string& id, const std::string& worker_id,
                                const JobOutcome& outcome) {
  constexpr std::string_view kDoing = "recording the end of a job";
  if (!IsFinal(outcome.status)) {
    return Err(ErrorCode::kInvalidArgument, "a job does not end as {}",
               JobStatusName(outcome.status));
  }
  MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(SqliteTransaction transaction,
                       SqliteTransaction::Begin(*connection_, kDoing));
  PGK_TRY(RequireRow(id, worker_id,
                     {JobStatus::kQueued, JobStatus::kRunning, JobStatus::kInterrupted}));
  const JobFigures& figures = outcome.figures;
  const JobError error = outcome.error.value_or(JobError());
  PGK_TRY(connection_->Run(
      kDoing,
      "UPDATE backup_history SET status = ?, finished_us = ?, duration_us = ?, bytes_read = ?, "
      "bytes_stored = ?, bytes_new = ?, bytes_deleted = ?, objects = ?, compression_ratio = ?, "
      "dedup_ratio = ?, start_lsn = ?, stop_lsn = ?, backup_id = ?, summary = ?, error_code = ?, "
      "error_text = ?, error_hint = ?, lease_expires_us = NULL WHERE id = ?",
      JobStatusName(outcome.status), outcome.finished, outcome.duration, figures.bytes_read,
      figures.bytes_stored, figures.bytes_new, figures.bytes_deleted, figures.objects,
      figures.compression_ratio, figures.dedup_ratio, figures.start_lsn, figures.stop_lsn,
      figures.backup_id, figures.summary, error.code, error.text, error.hint, id));
  PGK_TRY(connection_->Run(kDoing,
                           "UPDATE backup_history_phase SET finished_us = ? "
                           "WHERE job_id = ? AND finished_us IS NULL",
                           outcome.finished, id));
  if (outcome.databases.empty()) {
    PGK_TRY(connection_->Run(kDoing,
                             "UPDATE backup_history_database SET status = ? WHERE job_id = ?",
                             JobStatusName(outcome.status), id));
  } else {
    PGK_TRY(WriteDatabases(*connection_, id, outcome.databases));
  }
  return transaction.Commit();
}

Result<bool> SqliteCatalog::InterruptJob(const JobRecord& seen, const JobError& why,
                                         Timestamp now) {
  constexpr std::string_view kDoing = "recording an interrupted job";
  MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(SqliteTransaction transaction,
                       SqliteTransaction::Begin(*connection_, kDoing));
  PGK_TRY(connection_->Run(
      kDoing,
      "UPDATE backup_history SET status = 'interrupted', finished_us = ?, lease_expires_us = NULL, "
      "error_code = ?, error_text = ?, error_hint = ? WHERE id = ? AND status = ? AND "
      "status IN ('queued', 'running') AND worker_id = ? AND lease_expires_us IS ?",
      now, why.code, why.text, why.hint, seen.id, JobStatusName(seen.status), seen.worker.id,
      seen.lease_expires));
  const bool done = connection_->changes() > 0;
  PGK_TRY(transaction.Commit());
  return done;
}

Result<size_t> SqliteCatalog::RecordProof(const std::string& backup_id, Timestamp proven_at,
                                          const std::string& report_id) {
  MutexLock lock(mutex_);
  PGK_TRY(connection_->Run("recording a proof",
                           "UPDATE backup_history SET proven_at_us = ?, report_id = ? "
                           "WHERE backup_id = ? AND backup_id <> '' AND kind = 'backup'",
                           proven_at, report_id, backup_id));
  return static_cast<size_t>(connection_->changes());
}

Result<JobRecord> SqliteCatalog::FindJob(const std::string& id) {
  MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(const SqliteTransaction snapshot,
                       SqliteTransaction::BeginRead(*connection_, kReading));
  return FindJobRow(*connection_, id);
}

Result<std::vector<JobPhase>> SqliteCatalog::ListPhases(const std::string& id) {
  MutexLock lock(mutex_);
  return ListPhaseRows(*connection_, id);
}

Result<JobPage> SqliteCatalog::ListJobs(const JobQuery& query) {
  MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(const SqliteTransaction snapshot,
                       SqliteTransaction::BeginRead(*connection_, kReading));
  return ListJobRows(*connection_, query);
}

Result<std::vector<JobRecord>> SqliteCatalog::ListActiveJobs() {
  MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(const SqliteTransaction snapshot,
                       SqliteTransaction::BeginRead(*connection_, kReading));
  return ListActiveRows(*connection_);
}

Result<std::vector<LastSuccess>> SqliteCatalog::ListLastSuccesses(JobKind kind) {
  MutexLock lock(mutex_);
  return ListLastSuccessRows(*connection_, kind);
}

Status SqliteCatalog::CheckIntegrity() {
  constexpr std::string_view kDoing = "looking for damage";
  MutexLock lock(mutex_);
  PGK_ASSIGN_OR_RETURN(SqliteStatement query,
                       connection_->Query(kDoing, "PRAGMA integrity_check(10)"));
  PGK_TRY(query.Step());
  if (query.Text(0) == "ok") return Ok();
  return Err(ErrorCode::kCorruption, "catalog {}: the file is damaged ({})", connection_->path(),
             query.Text(0))
      .WithHint("no backup is lost: move the file aside and pgkeep begins a new history");
}

// What root makes in the directory of another user is that user's: else the jobs of that user
// could not be recorded any more. SQLite gives its journals the owner of the file. A root that may
// not give files away (in a container) keeps it.
Status GiveToOwnerOfDirectory(FileSystem& files, File& file, const std::string& directory) {
  PGK_ASSIGN_OR_RETURN(const FileInfo made, file.Info());
  if (made.owner != kRootUser) return Ok();
  PGK_ASSIGN_OR_RETURN(const FileInfo place, files.Stat(directory));
  if (place.owner == kRootUser) return Ok();
  Status given = file.SetAccess(place.owner, place.group, kFileMode);
  return !given.ok() && given.error().code() == ErrorCode::kPermission ? Ok() : given;
}

// Makes an empty file, so that it has the right mode from the beginning; SQLite gives its journals
// the mode of the file. One that is there stays as it is.
Status CreateFile(FileSystem& files, const std::string& path) {
  const auto created = files.CreateNew(path, kFileMode);
  if (created.ok()) {
    const std::string directory = ParentDirectory(path);
    PGK_TRY_CONTEXT("giving the catalog to the owner of its directory",
                    GiveToOwnerOfDirectory(files, **created, directory));
    return files.SyncDirectory(directory);
  }
  const Error& error = created.error();
  if (error.code() == ErrorCode::kAlreadyExists) return Ok();
  if (error.code() == ErrorCode::kNotFound) {
    return Err(ErrorCode::kNotFound, "catalog {}: its directory does not exist", path)
        .WithHint("create the directory, or give another [catalog] url");
  }
  Error failed = Error(error).WithContext("creating the catalog");
  if (error.code() != ErrorCode::kPermission) return failed;
  return std::move(failed).WithHint(
      "let the user that pgkeep runs as write to the directory, or give another [catalog] url");
}

// Turning it on needs the file for itself, and SQLite does not wait for that as it does elsewhere.
Status EnterWalMode(SqliteConnection& connection, Clock& clock, Duration patience) {
  constexpr std::string_view kDoing = "opening it";
  const Duration deadline = clock.Monotonic() + patience;
  while (true) {
    PGK_ASSIGN_OR_RETURN(SqliteStatement pragma,
                         connection.Query(kDoing, "PRAGMA journal_mode = WAL"));
    const Result<bool> row = pragma.Step();
    if (row.ok() && pragma.Text(0) == "wal") return Ok();
    if (row.ok()) {
      return Err(ErrorCode::kUnsupported,
                 "catalog {}: its file system has no shared memory maps, which a write-ahead log "
                 "needs",
                 connection.path())
          .WithHint("keep the catalog on a local file system");
    }
    if (row.error().code() != ErrorCode::kBusy || clock.Monotonic() >= deadline) return row.error();
    PGK_TRY(clock.SleepFor(kWalRetryPause, {}));
  }
}

}  // namespace

Result<std::unique_ptr<Catalog>> OpenSqliteCatalog(const SqliteCatalogOptions& options) {
  PGK_TRY(CreateFile(*options.files, options.path));
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<SqliteConnection> connection,
                       SqliteConnection::Open(options.path, options.busy_timeout));
  PGK_TRY(CheckOwner(*connection));
  PGK_TRY(EnterWalMode(*connection, *options.clock, options.busy_timeout));
  PGK_TRY(MigrateSqlite(*connection, options.migrations, *options.clock));
  return std::unique_ptr<Catalog>(std::make_unique<SqliteCatalog>(std::move(connection)));
}

}  // namespace pgkeep::catalog

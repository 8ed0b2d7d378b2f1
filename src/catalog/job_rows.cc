#include "catalog/job_rows.h"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace pgkeep::catalog {

const std::string_view kJobColumns =
    "id, source, kind, type, \"trigger\", exclusive, status, phase, queued_us, started_us, "
    "finished_us, duration_us, bytes_read, bytes_stored, bytes_new, objects, compression_ratio, "
    "dedup_ratio, start_lsn, stop_lsn, backup_id, error_code, error_text, error_hint, host, "
    "version, worker_id, worker_pid, worker_process, lease_expires_us, proven_at_us, report_id, "
    "bytes_deleted, summary";

namespace {

constexpr std::string_view kReading = "reading jobs";
constexpr int kLaterFigures = 32;  // of kJobColumns: those that came with migration 2
constexpr std::string_view kWritingDatabases = "recording the databases of a job";
constexpr Timestamp kLatest = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);

Error Unknown(const SqliteConnection& connection, const std::string& id, const Error& why) {
  return Err(ErrorCode::kCorruption, "catalog {}: job {}: {}", connection.path(), id,
             why.message());
}

// Takes a parsed word, or says which row holds one that is unknown.
template <class Enum>
Status Take(Enum& out, const SqliteConnection& connection, const std::string& id,
            Result<Enum> parsed) {
  if (!parsed.ok()) return Unknown(connection, id, parsed.error());
  out = *parsed;
  return Ok();
}

// The three columns of an error from `i` on; none, if there is no code.
std::optional<JobError> ReadError(const SqliteStatement& row, int i) {
  JobError error{.code = row.Text(i), .text = row.Text(i + 1), .hint = row.Text(i + 2)};
  if (error.code.empty()) return std::nullopt;
  return error;
}

// The columns say that it is not negative.
uint64_t ReadCount(const SqliteStatement& row, int i) { return static_cast<uint64_t>(row.Int(i)); }

JobFigures ReadFigures(const SqliteStatement& row, int i) {
  return {.bytes_read = ReadCount(row, i),
          .bytes_stored = ReadCount(row, i + 1),
          .bytes_new = ReadCount(row, i + 2),
          .bytes_deleted = ReadCount(row, kLaterFigures),
          .objects = ReadCount(row, i + 3),
          .compression_ratio = row.OptionalReal(i + 4),
          .dedup_ratio = row.OptionalReal(i + 5),
          .start_lsn = row.Text(i + 6),
          .stop_lsn = row.Text(i + 7),
          .backup_id = row.Text(i + 8),
          .summary = row.Text(kLaterFigures + 1)};
}

Result<std::vector<DatabaseOutcome>> ReadDatabases(SqliteConnection& connection,
                                                   const std::string& id) {
  PGK_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection.Query(kReading,
                       "SELECT database, status, error_code, error_text, error_hint "
                       "FROM backup_history_database WHERE job_id = ? ORDER BY position",
                       id));
  std::vector<DatabaseOutcome> databases;
  while (true) {
    PGK_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return databases;
    DatabaseOutcome outcome{.database = query.Text(0), .error = ReadError(query, 2)};
    PGK_TRY(Take(outcome.status, connection, id, ParseJobStatus(query.Text(1))));
    databases.push_back(std::move(outcome));
  }
}

}  // namespace

Result<Timestamp> ReadTime(const SqliteConnection& connection, const SqliteStatement& row, int i) {
  const Timestamp time{Duration(row.Int(i))};
  if (time >= Timestamp{} && time < kLatest) return time;
  return Err(ErrorCode::kCorruption, "catalog {}: {} is no time that was ever recorded",
             connection.path(), row.Int(i));
}

Result<std::optional<Timestamp>> ReadOptionalTime(const SqliteConnection& connection,
                                                  const SqliteStatement& row, int i) {
  if (!row.OptionalInt(i)) return std::optional<Timestamp>();
  PGK_ASSIGN_OR_RETURN(const Timestamp time, ReadTime(connection, row, i));
  return std::optional<Timestamp>(time);
}

Result<JobRecord> ReadJob(SqliteConnection& connection, const SqliteStatement& row) {
  JobRecord job;
  job.id = row.Text(0);
  job.source = row.Text(1);
  PGK_TRY(Take(job.kind, connection, job.id, ParseJobKind(row.Text(2))));
  PGK_TRY(Take(job.type, connection, job.id, ParseJobType(row.Text(3))));
  PGK_TRY(Take(job.trigger, connection, job.id, ParseJobTrigger(row.Text(4))));
  job.exclusive = row.Int(5) != 0;
  PGK_TRY(Take(job.status, connection, job.id, ParseJobStatus(row.Text(6))));
  job.phase = row.Text(7);
  PGK_ASSIGN_OR_RETURN(job.queued, ReadTime(connection, row, 8));
  PGK_ASSIGN_OR_RETURN(job.started, ReadOptionalTime(connection, row, 9));
  PGK_ASSIGN_OR_RETURN(job.finished, ReadOptionalTime(connection, row, 10));
  if (const auto duration = row.OptionalInt(11)) job.duration = Duration(*duration);
  job.figures = ReadFigures(row, 12);
  job.error = ReadError(row, 21);
  job.version = row.Text(25);
  job.worker = {
      .id = row.Text(26), .host = row.Text(24), .pid = row.Int(27), .process = row.Text(28)};
  PGK_ASSIGN_OR_RETURN(job.lease_expires, ReadOptionalTime(connection, row, 29));
  PGK_ASSIGN_OR_RETURN(job.proven_at, ReadOptionalTime(connection, row, 30));
  job.report_id = row.Text(31);
  PGK_ASSIGN_OR_RETURN(job.databases, ReadDatabases(connection, job.id));
  return job;
}

Result<std::vector<JobRecord>> ReadJobs(SqliteConnection& connection, SqliteStatement& query) {
  std::vector<JobRecord> jobs;
  while (true) {
    PGK_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return jobs;
    PGK_ASSIGN_OR_RETURN(JobRecord job, ReadJob(connection, query));
    jobs.push_back(std::move(job));
  }
}

Status WriteDatabases(SqliteConnection& connection, const std::string& job_id,
                      const std::vector<DatabaseOutcome>& databases) {
  PGK_TRY(connection.Run(kWritingDatabases, "DELETE FROM backup_history_database WHERE job_id = ?",
                         job_id));
  int64_t position = 0;
  for (const DatabaseOutcome& outcome : databases) {
    const JobError error = outcome.error.value_or(JobError());
    PGK_TRY(connection.Run(kWritingDatabases,
                           "INSERT INTO backup_history_database (job_id, position, database, "
                           "status, error_code, error_text, error_hint) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?)",
                           job_id, position, outcome.database, JobStatusName(outcome.status),
                           error.code, error.text, error.hint));
    ++position;
  }
  return connection.Run(
      kWritingDatabases,
      "UPDATE backup_history SET databases = (SELECT json_group_array(database) FROM "
      "(SELECT database FROM backup_history_database WHERE job_id = ?1 ORDER BY position)) "
      "WHERE id = ?1",
      job_id);
}

}  // namespace pgkeep::catalog

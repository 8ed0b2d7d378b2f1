#include "catalog/sqlite_job_list.h"

#include <fmt/format.h>

#include <functional>
#include <utility>

#include "catalog/catalog.h"
#include "catalog/job_cursor.h"
#include "catalog/job_rows.h"

namespace pgkeep::catalog {
namespace {

constexpr std::string_view kReading = "reading jobs";

// What a list is sorted by, as SQL; never NULL, so that a cursor can say where it was.
std::string_view SortKey(JobSort sort) {
  switch (sort) {
    case JobSort::kQueued:
      return "queued_us";
    case JobSort::kDuration:
      return "coalesce(duration_us, -1)";
    case JobSort::kBytesRead:
      return "bytes_read";
    case JobSort::kBytesNew:
      break;
  }
  return "bytes_new";
}

// "?, ?, ?"
std::string Marks(size_t count) {
  std::string marks;
  for (size_t i = 0; i < count; ++i) marks += i == 0 ? "?" : ", ?";
  return marks;
}

// The WHERE clause, whose values BindFilter() gives in the same order.
std::string FilterClause(const JobFilter& filter) {
  std::string clause = " WHERE true";
  if (filter.source) clause += " AND source = ?";
  if (!filter.kinds.empty()) clause += fmt::format(" AND kind IN ({})", Marks(filter.kinds.size()));
  if (!filter.statuses.empty()) {
    clause += fmt::format(" AND status IN ({})", Marks(filter.statuses.size()));
  }
  if (filter.since) clause += " AND queued_us >= ?";
  if (filter.before) clause += " AND queued_us < ?";
  return clause;
}

void BindFilter(SqliteStatement& statement, const JobFilter& filter) {
  if (filter.source) statement.Bind(*filter.source);
  for (const JobKind kind : filter.kinds) statement.Bind(JobKindName(kind));
  for (const JobStatus status : filter.statuses) statement.Bind(JobStatusName(status));
  if (filter.since) statement.Bind(*filter.since);
  if (filter.before) statement.Bind(*filter.before);
}

Result<SqliteStatement> PrepareList(SqliteConnection& connection, const JobQuery& query) {
  const std::string_view key = SortKey(query.sort);
  const char* direction = query.descending ? "DESC" : "ASC";
  std::string where = FilterClause(query.filter);
  if (!query.cursor.empty()) {
    where += fmt::format(" AND ({}, id) {} (?, ?)", key, query.descending ? "<" : ">");
  }
  const std::string sql =
      fmt::format("SELECT {}, {} FROM backup_history{} ORDER BY {} {}, id {} LIMIT ?", kJobColumns,
                  key, where, key, direction, direction);
  PGK_ASSIGN_OR_RETURN(SqliteStatement statement, connection.Query(kReading, sql));
  BindFilter(statement, query.filter);
  if (!query.cursor.empty()) {
    PGK_ASSIGN_OR_RETURN(const JobCursor cursor,
                         ParseJobCursor(query.cursor, query.sort, query.descending));
    statement.Bind(cursor.key);
    statement.Bind(cursor.id);
  }
  statement.Bind(uint64_t{query.limit} + 1);  // one more tells whether there is another page
  return statement;
}

int CountColumns(std::string_view columns) {
  int count = 1;
  for (const char c : columns) count += c == ',' ? 1 : 0;
  return count;
}

}  // namespace

Result<JobRecord> FindJobRow(SqliteConnection& connection, const std::string& id) {
  PGK_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection.Query(kReading,
                       fmt::format("SELECT {} FROM backup_history WHERE id = ?", kJobColumns), id));
  PGK_ASSIGN_OR_RETURN(const bool found, query.Step());
  if (found) return ReadJob(connection, query);
  return Err(ErrorCode::kNotFound, "the history has no job {}", id)
      .WithHint("'pgkeep history' lists the jobs");
}

Result<std::vector<JobPhase>> ListPhaseRows(SqliteConnection& connection, const std::string& id) {
  PGK_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection.Query("reading phases",
                       "SELECT name, started_us, finished_us FROM backup_history_phase "
                       "WHERE job_id = ? ORDER BY position",
                       id));
  std::vector<JobPhase> phases;
  while (true) {
    PGK_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return phases;
    JobPhase phase;
    phase.name = query.Text(0);
    PGK_ASSIGN_OR_RETURN(phase.started, ReadTime(connection, query, 1));
    PGK_ASSIGN_OR_RETURN(phase.finished, ReadOptionalTime(connection, query, 2));
    phases.push_back(std::move(phase));
  }
}

Result<JobPage> ListJobRows(SqliteConnection& connection, const JobQuery& query) {
  if (query.limit < 1 || query.limit > Catalog::kMaxPage) {
    return Err(ErrorCode::kInvalidArgument, "a page of {} jobs is not possible", query.limit)
        .WithHint(fmt::format("ask for 1 to {}", Catalog::kMaxPage));
  }
  PGK_ASSIGN_OR_RETURN(SqliteStatement rows, PrepareList(connection, query));
  static const int key_column = CountColumns(kJobColumns);
  JobPage page;
  JobCursor last;
  while (true) {
    PGK_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return page;
    if (page.jobs.size() == query.limit) {
      page.next_cursor = FormatJobCursor(last, query.sort, query.descending);
      return page;
    }
    PGK_ASSIGN_OR_RETURN(JobRecord job, ReadJob(connection, rows));
    last = {.key = rows.Int(key_column), .id = job.id};
    page.jobs.push_back(std::move(job));
  }
}

Result<std::vector<JobRecord>> ListActiveRows(SqliteConnection& connection) {
  PGK_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection.Query(kReading,
                       fmt::format("SELECT {} FROM backup_history WHERE "
                                   "status IN ('queued', 'running') ORDER BY queued_us, id",
                                   kJobColumns)));
  return ReadJobs(connection, query);
}

Result<std::vector<LastSuccess>> ListLastSuccessRows(SqliteConnection& connection, JobKind kind) {
  PGK_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection.Query(
          kReading,
          "SELECT source, database, id, backup_id, finished_us, proven_at_us FROM ("
          "  SELECT h.source, coalesce(d.database, '') AS database, h.id, h.backup_id,"
          "         h.finished_us, h.proven_at_us, row_number() OVER ("
          "           PARTITION BY h.source, coalesce(d.database, '')"
          "           ORDER BY h.finished_us DESC, h.id DESC) AS place"
          "  FROM backup_history h LEFT JOIN backup_history_database d ON d.job_id = h.id"
          "  WHERE h.kind = ? AND h.status IN ('succeeded', 'partial')"
          "    AND coalesce(d.status, h.status) = 'succeeded'"
          ") WHERE place = 1 ORDER BY source, database",
          JobKindName(kind)));
  std::vector<LastSuccess> found;
  while (true) {
    PGK_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return found;
    LastSuccess last{.source = query.Text(0),
                     .database = query.Text(1),
                     .job_id = query.Text(2),
                     .backup_id = query.Text(3),
                     .finished = {},
                     .proven_at = {}};
    PGK_ASSIGN_OR_RETURN(last.finished, ReadTime(connection, query, 4));
    PGK_ASSIGN_OR_RETURN(last.proven_at, ReadOptionalTime(connection, query, 5));
    found.push_back(std::move(last));
  }
}

}  // namespace pgkeep::catalog

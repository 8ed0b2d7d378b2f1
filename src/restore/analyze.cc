#include "restore/analyze.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>

#include "base/mutex.h"
#include "base/task_group.h"
#include "postgres/connection.h"
#include "postgres/quote.h"
#include "postgres/session_settings.h"

namespace pgkeep::restore {
namespace {

using postgres::Connection;

constexpr std::string_view kTablesSql = R"sql(
SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT c.relispartition AND (c.relkind IN ('r', 'p') OR c.relkind = 'm' AND c.relispopulated)
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY CASE WHEN c.relkind = 'p' THEN 1 ELSE 0 END DESC, pg_catalog.pg_relation_size(c.oid) DESC
)sql";

// The tables that are left, and what went wrong. Thread-safe.
class AnalyzeQueue {
 public:
  explicit AnalyzeQueue(std::vector<std::string> tables) : tables_(std::move(tables)) {}

  std::optional<std::string> Next() PGK_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    if (next_ == tables_.size()) return std::nullopt;
    return tables_[next_++];
  }
  void Fail(std::string line) PGK_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    errors_.push_back(std::move(line));
  }
  std::vector<std::string> TakeErrors() PGK_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return std::move(errors_);
  }

 private:
  const std::vector<std::string> tables_;
  Mutex mutex_;
  size_t next_ PGK_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> errors_ PGK_GUARDED_BY(mutex_);
};

Result<std::unique_ptr<Connection>> Connect(const postgres::ConnectionParams& params,
                                            const std::string& encoding, std::stop_token stop) {
  postgres::ConnectOptions connect;
  connect.stop = std::move(stop);
  PGK_ASSIGN_OR_RETURN(auto connection, Connection::Open(params, connect));
  PGK_TRY(postgres::ApplyRestoreSettings(*connection, encoding));
  return connection;
}

Result<std::vector<std::string>> ListTables(Connection& connection, const TableNames& wanted) {
  PGK_ASSIGN_OR_RETURN(const postgres::QueryResult result, connection.Query(kTablesSql));
  std::vector<std::string> tables;
  for (size_t row = 0; row < result.rows(); ++row) {
    PGK_ASSIGN_OR_RETURN(const std::string_view schema, result.Text(row, 0));
    PGK_ASSIGN_OR_RETURN(const std::string_view name, result.Text(row, 1));
    if (!wanted.contains({std::string(schema), std::string(name)})) continue;
    tables.push_back(postgres::QuoteQualified(schema, name));
  }
  return tables;
}

Status Work(Connection& connection, AnalyzeQueue& queue, Progress& progress,
            const std::stop_token& stop) {
  while (const std::optional<std::string> table = queue.Next()) {
    if (stop.stop_requested()) return Err(ErrorCode::kCancelled, "analyzing was interrupted");
    progress.SetObject(*table);
    const Status done = connection.Execute("ANALYZE " + *table);
    if (!done.ok() && !connection.usable()) return done;
    if (!done.ok()) queue.Fail(fmt::format("analyzing {}: {}", *table, done.error().ToString()));
    progress.AddObjects();
  }
  return Ok();
}

}  // namespace

Result<std::vector<std::string>> AnalyzeTables(const postgres::ConnectionParams& params,
                                               const std::string& encoding,
                                               const TableNames& tables, unsigned workers,
                                               Progress& progress, std::stop_token stop) {
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> first, Connect(params, encoding, stop));
  PGK_ASSIGN_OR_RETURN(std::vector<std::string> names, ListTables(*first, tables));
  progress.SetTotalObjects(names.size());
  const size_t count = std::min<size_t>(std::max(1U, workers), names.size());
  AnalyzeQueue queue(std::move(names));
  TaskGroup group(stop);
  for (size_t worker = 1; worker < count; ++worker) {
    group.Spawn(fmt::format("analyze-{}", worker), [&](std::stop_token token) -> Status {
      PGK_ASSIGN_OR_RETURN(const auto connection, Connect(params, encoding, token));
      return Work(*connection, queue, progress, token);
    });
  }
  const Status own = Work(*first, queue, progress, group.token());
  if (!own.ok()) group.RequestStop();
  const Status others = group.Wait();
  PGK_TRY(own);
  PGK_TRY(others);
  return queue.TakeErrors();
}

}  // namespace pgkeep::restore

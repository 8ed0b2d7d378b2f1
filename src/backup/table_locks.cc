#include "backup/table_locks.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "backup/table_list.h"
#include "postgres/sqlstate.h"

namespace pgkeep::backup {
namespace {

using postgres::Connection;
using postgres::Param;
using postgres::QueryResult;

constexpr size_t kTablesPerStatement = 500;

// Own sessions never wait behind each other: they take share locks only.
constexpr std::string_view kWaitersSql =
    "SELECT l.pid, l.mode, coalesce(l.relation::pg_catalog.regclass::pg_catalog.text, ''),"
    " coalesce(pg_catalog.left(a.query, 200), '')"
    " FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
    " WHERE NOT l.granted AND l.relation IS NOT NULL AND l.pid <> ALL ($1::pg_catalog.int4[])"
    " AND pg_catalog.pg_blocking_pids(l.pid) && $1::pg_catalog.int4[]"
    " ORDER BY l.pid LIMIT 100";

constexpr std::string_view kExclusiveSql =
    "SELECT l.pid, l.mode, l.relation::pg_catalog.regclass::pg_catalog.text,"
    " coalesce(pg_catalog.left(a.query, 200), '')"
    " FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.mode = 'AccessExclusiveLock' AND l.pid <> ALL ($1::pg_catalog.int4[])"
    " AND l.database = (SELECT oid FROM pg_catalog.pg_database"
    "  WHERE datname = pg_catalog.current_database())"
    " AND l.relation = ANY ($2::pg_catalog.oid[])"
    " ORDER BY l.granted DESC, l.pid LIMIT 100";

std::string PidArray(std::span<const int> pids) {
  std::string text = "{";
  for (const int pid : pids) {
    if (text.size() > 1) text += ',';
    text += std::to_string(pid);
  }
  return text + "}";
}

Result<std::vector<LockParty>> ReadParties(const QueryResult& rows) {
  std::vector<LockParty> parties;
  for (size_t row = 0; row < rows.rows(); ++row) {
    LockParty& party = parties.emplace_back();
    PGK_ASSIGN_OR_RETURN(const int64_t pid, rows.Int64(row, 0));
    party.pid = static_cast<int>(pid);
    PGK_ASSIGN_OR_RETURN(party.mode, rows.Text(row, 1));
    PGK_ASSIGN_OR_RETURN(party.relation, rows.Text(row, 2));
    PGK_ASSIGN_OR_RETURN(party.query, rows.Text(row, 3));
  }
  return parties;
}

}  // namespace

std::string LockParty::Describe() const {
  return fmt::format("process {} with {} on {}", pid, mode, relation);
}

Error NoRoomForLocks() {
  return Err(ErrorCode::kLimitExceeded, "the server has no room for locks on all tables: {}",
             kOutOfSharedMemory)
      .WithSqlState(std::string(postgres::kSqlStateOutOfMemory))
      .WithHint(
          "raise max_locks_per_transaction of the server ('pgkeep check' says how many locks a "
          "backup takes), or leave tables out with exclude_tables");
}

Status LockTables(Connection& connection, std::span<const TableInfo* const> tables,
                  Duration timeout) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
  PGK_TRY(connection.Execute(fmt::format("SET LOCAL lock_timeout = {}", milliseconds)));
  while (!tables.empty()) {
    const auto portion = tables.first(std::min(tables.size(), kTablesPerStatement));
    tables = tables.subspan(portion.size());
    std::string sql = "LOCK TABLE ";
    for (const TableInfo* table : portion) {
      if (table != portion.front()) sql += ", ";
      sql += "ONLY " + QualifiedName(*table);
    }
    const Status locked = connection.Execute(sql + " IN ACCESS SHARE MODE");
    if (!locked.ok() && locked.error().sqlstate() == postgres::kSqlStateOutOfMemory) {
      return NoRoomForLocks();
    }
    PGK_TRY_CONTEXT("locking tables", locked);
  }
  return connection.Execute("SET LOCAL lock_timeout = 0");
}

Result<std::vector<LockParty>> FindWaiters(Connection& connection, std::span<const int> pids) {
  const std::string ours = PidArray(pids);
  PGK_ASSIGN_OR_RETURN(const QueryResult rows, connection.Query(kWaitersSql, {ours}));
  return ReadParties(rows);
}

Result<std::vector<LockParty>> FindExclusive(Connection& connection,
                                             std::span<const TableInfo> tables,
                                             std::span<const int> pids) {
  const std::string ours = PidArray(pids);
  const std::string oids = OidArray(tables);
  PGK_ASSIGN_OR_RETURN(const QueryResult rows, connection.Query(kExclusiveSql, {ours, oids}));
  return ReadParties(rows);
}

}  // namespace pgkeep::backup

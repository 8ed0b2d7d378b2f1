#include "cli/database_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "backup/read_plan.h"
#include "backup/table_list.h"
#include "cli/source_access.h"
#include "cli/text_format.h"
#include "postgres/server_info.h"
#include "postgres/session_settings.h"
#include "postgres/transaction.h"

namespace pgkeep::cli {
namespace {

using postgres::Connection;
using postgres::QueryResult;

// pg_dump asks every sequence for its value.
constexpr std::string_view kSequencesSql =
    "SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'"
    " AND n.nspname <> 'information_schema'"
    " AND NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
    " AND pg_catalog.has_sequence_privilege(c.oid, 'SELECT'))"
    " ORDER BY 1";

// No function tells this before version 18.
constexpr std::string_view kLargeObjectsSql =
    "SELECT pg_catalog.count(*) FROM pg_catalog.pg_largeobject_metadata m"
    " WHERE NOT pg_catalog.has_table_privilege('pg_catalog.pg_largeobject', 'SELECT')"
    " AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)"
    " AND NOT pg_catalog.pg_has_role(m.lomowner, 'USAGE')"
    " AND NOT EXISTS (SELECT 1 FROM pg_catalog.aclexplode(m.lomacl) a"
    "  WHERE a.privilege_type = 'SELECT'"
    "  AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE')))";

// Locks that whoever reads a table takes besides its own: on its indexes and on its TOAST table.
constexpr std::string_view kOtherLocksSql =
    "SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_index)"
    " + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class WHERE relkind = 't')";

constexpr size_t kNamesShown = 5;

class DatabaseCheck {
 public:
  DatabaseCheck(const DatabaseToCheck& database, CheckList& list)
      : database_(database), list_(list) {}

  std::optional<uint64_t> Run() {
    std::optional<uint64_t> bytes;
    const Status looked = Look(bytes);
    if (!looked.ok()) list_.Bad("database", Error(looked.error()).WithContext(database_.name));
    return bytes;
  }

 private:
  Status Look(std::optional<uint64_t>& bytes) {
    PGK_ASSIGN_OR_RETURN(const auto connection,
                         Connection::Open(database_.params, database_.connect));
    PGK_TRY(postgres::ApplyBackupSettings(*connection, database_.source.logical.role));
    PGK_ASSIGN_OR_RETURN(const postgres::ServerInfo server, postgres::ReadServerInfo(*connection));
    const auto size = postgres::QueryInt64(
        *connection, "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())");
    if (size.ok()) bytes = static_cast<uint64_t>(*size);
    PGK_ASSIGN_OR_RETURN(postgres::Transaction transaction,
                         postgres::Transaction::Begin(
                             *connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    PGK_ASSIGN_OR_RETURN(const std::vector<backup::TableInfo> tables,
                         backup::ListTables(*connection, FilterOf(database_.source.logical)));
    PGK_ASSIGN_OR_RETURN(const bool sequences, CheckSequences(*connection));
    PGK_ASSIGN_OR_RETURN(const bool objects, CheckLargeObjects(*connection));
    PGK_ASSIGN_OR_RETURN(const bool locks, CheckLocks(*connection, server, tables));
    if (sequences && objects && locks) {
      list_.Good("database", fmt::format("{}: {}{}, everything can be read", database_.name,
                                         Count(tables.size(), "table"),
                                         bytes ? ", " + FormatBytes(*bytes) : ""));
    }
    return transaction.Rollback();
  }

  Result<bool> CheckSequences(Connection& connection) {
    PGK_ASSIGN_OR_RETURN(const QueryResult rows, connection.Query(kSequencesSql));
    if (rows.rows() == 0) return true;
    std::string names;
    for (size_t row = 0; row < rows.rows() && row < kNamesShown; ++row) {
      PGK_ASSIGN_OR_RETURN(const std::string_view name, rows.Text(row, 0));
      names += (row == 0 ? "" : ", ") + std::string(name);
    }
    if (rows.rows() > kNamesShown) names += fmt::format(" and {} more", rows.rows() - kNamesShown);
    list_.Bad("database",
              fmt::format("{}: the role may not read {}: {}", database_.name,
                          Count(rows.rows(), "sequence"), names),
              "grant it pg_read_all_data, or SELECT on the sequences and USAGE on their schemas");
    return false;
  }

  Result<bool> CheckLargeObjects(Connection& connection) {
    PGK_ASSIGN_OR_RETURN(const int64_t unreadable,
                         postgres::QueryInt64(connection, kLargeObjectsSql));
    if (unreadable == 0) return true;
    list_.Bad("database",
              fmt::format("{}: the role may not read {}", database_.name,
                          Count(static_cast<uint64_t>(unreadable), "large object")),
              "grant it SELECT on the large objects, or membership in the roles that own them; "
              "pg_read_all_data does not do");
    return false;
  }

  // The leader and pg_dump lock all tables, each worker those that it may read.
  Result<bool> CheckLocks(Connection& connection, const postgres::ServerInfo& server,
                          const std::vector<backup::TableInfo>& tables) {
    const config::LogicalSettings& logical = database_.source.logical;
    const backup::ReadPlan plan =
        backup::MakeReadPlan(tables, logical.jobs, ReadModeOf(logical), server.version_num);
    PGK_ASSIGN_OR_RETURN(int64_t needed, postgres::QueryInt64(connection, kOtherLocksSql));
    needed += 2 * static_cast<int64_t>(tables.size());
    for (const auto& locks : plan.locks) needed += static_cast<int64_t>(locks.size());
    if (needed < server.lock_capacity) return true;
    list_.Bad("locks",
              fmt::format("{}: a backup takes about {}, and the server has room for {}",
                          database_.name, needed, server.lock_capacity),
              "raise max_locks_per_transaction of the server, or leave tables out with "
              "exclude_tables");
    return false;
  }

  const DatabaseToCheck& database_;
  CheckList& list_;
};

}  // namespace

std::optional<uint64_t> CheckDatabase(const DatabaseToCheck& database, CheckList& list) {
  return DatabaseCheck(database, list).Run();
}

}  // namespace pgkeep::cli

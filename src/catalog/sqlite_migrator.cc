#include "catalog/sqlite_migrator.h"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

namespace pgkeep::catalog {
namespace {

constexpr std::string_view kReading = "reading its schema";
constexpr std::string_view kMigrating = "changing its schema";

// "pgkp" in the header of the file says whose it is.
constexpr int64_t kApplicationId = 0x70676b70;

struct Applied {
  int64_t number;
  std::string name;
  std::string checksum;
};

Result<int64_t> ReadNumber(SqliteConnection& connection, std::string_view sql) {
  PGK_ASSIGN_OR_RETURN(SqliteStatement query, connection.Query(kReading, sql));
  PGK_ASSIGN_OR_RETURN(const bool found, query.Step());
  return found ? query.Int(0) : 0;
}

// Whether the catalog's tables are there; kRefused if somebody else's are.
Result<bool> IsCatalog(SqliteConnection& connection) {
  PGK_ASSIGN_OR_RETURN(const int64_t id, ReadNumber(connection, "PRAGMA application_id"));
  if (id == kApplicationId) return true;
  PGK_ASSIGN_OR_RETURN(const int64_t objects,
                       ReadNumber(connection, "SELECT count(*) FROM sqlite_schema"));
  if (id == 0 && objects == 0) return false;
  return Err(ErrorCode::kRefused, "{} is the database of another program", connection.path())
      .WithHint("give the catalog a file of its own");
}

Result<std::vector<Applied>> ReadApplied(SqliteConnection& connection) {
  PGK_ASSIGN_OR_RETURN(
      SqliteStatement query,
      connection.Query(kReading,
                       "SELECT number, name, checksum FROM schema_migration ORDER BY number"));
  std::vector<Applied> applied;
  while (true) {
    PGK_ASSIGN_OR_RETURN(const bool row, query.Step());
    if (!row) return applied;
    applied.push_back({query.Int(0), query.Text(1), query.Text(2)});
  }
}

// Compares what was applied with what this program knows; returns how many were.
Result<size_t> CountApplied(SqliteConnection& connection, std::span<const Migration> migrations) {
  PGK_ASSIGN_OR_RETURN(const bool is_catalog, IsCatalog(connection));
  if (!is_catalog) return size_t{0};
  PGK_ASSIGN_OR_RETURN(const std::vector<Applied> applied, ReadApplied(connection));
  for (size_t i = 0; i < applied.size(); ++i) {
    const Applied& found = applied[i];
    if (i >= migrations.size()) {
      return Err(ErrorCode::kUnsupportedVersion,
                 "catalog {} was made by a newer pgkeep: its schema is at step {}, this program "
                 "knows {}",
                 connection.path(), applied.back().number, migrations.size())
          .WithHint("run the newest pgkeep that was used here");
    }
    if (found.number != migrations[i].number || found.checksum != migrations[i].checksum) {
      return Err(ErrorCode::kCorruption,
                 "catalog {}: step {} of its schema ({}) is not the one that this program knows",
                 connection.path(), found.number, found.name)
          .WithHint("use a released pgkeep; a migration must not be edited once it was applied");
    }
  }
  return applied.size();
}

Status CheckForeignKeys(SqliteConnection& connection) {
  PGK_ASSIGN_OR_RETURN(SqliteStatement query,
                       connection.Query(kMigrating, "PRAGMA foreign_key_check"));
  PGK_ASSIGN_OR_RETURN(const bool broken, query.Step());
  if (!broken) return Ok();
  return Err(ErrorCode::kCorruption, "a row of table {} refers to nothing", query.Text(0));
}

Status RunMigration(SqliteConnection& connection, const Migration& migration, Clock& clock) {
  PGK_TRY(connection.RunScript(kMigrating,
                               fmt::format("PRAGMA application_id = {};"
                                           "CREATE TABLE IF NOT EXISTS schema_migration ("
                                           "  number INTEGER NOT NULL PRIMARY KEY,"
                                           "  name TEXT NOT NULL,"
                                           "  checksum TEXT NOT NULL,"  // SHA-256 of the file
                                           "  applied_us INTEGER NOT NULL) STRICT;",
                                           kApplicationId)));
  PGK_TRY(connection.RunScript(kMigrating, std::string(migration.sql)));
  if (!connection.in_transaction()) {
    return Err(ErrorCode::kInternal, "the file ends its transaction itself");
  }
  PGK_TRY(CheckForeignKeys(connection));
  return connection.Run(kMigrating,
                        "INSERT INTO schema_migration (number, name, checksum, applied_us) "
                        "VALUES (?, ?, ?, ?)",
                        migration.number, migration.name, migration.checksum, clock.Now());
}

// Applies the first missing migration, unless another process was faster. Returns how many are
// applied then.
Result<size_t> ApplyNext(SqliteConnection& connection, std::span<const Migration> migrations,
                         Clock& clock) {
  PGK_ASSIGN_OR_RETURN(SqliteTransaction transaction,
                       SqliteTransaction::Begin(connection, kMigrating));
  PGK_ASSIGN_OR_RETURN(const size_t applied, CountApplied(connection, migrations));
  if (applied == migrations.size()) return applied;
  const Migration& next = migrations[applied];
  PGK_TRY_CONTEXT(fmt::format("applying step {} ({}) of the schema", next.number, next.name),
                  RunMigration(connection, next, clock));
  PGK_TRY(transaction.Commit());
  return applied + 1;
}

}  // namespace

Status CheckOwner(SqliteConnection& connection) {
  PGK_ASSIGN_OR_RETURN(const SqliteTransaction snapshot,
                       SqliteTransaction::BeginRead(connection, kReading));
  PGK_TRY(IsCatalog(connection));
  return Ok();
}

Status MigrateSqlite(SqliteConnection& connection, std::span<const Migration> migrations,
                     Clock& clock) {
  size_t applied = 0;
  {
    // In one snapshot: another process may be creating the tables.
    PGK_ASSIGN_OR_RETURN(const SqliteTransaction snapshot,
                         SqliteTransaction::BeginRead(connection, kReading));
    PGK_ASSIGN_OR_RETURN(applied, CountApplied(connection, migrations));
  }
  while (applied < migrations.size()) {
    PGK_ASSIGN_OR_RETURN(applied, ApplyNext(connection, migrations, clock));
  }
  return Ok();
}

}  // namespace pgkeep::catalog

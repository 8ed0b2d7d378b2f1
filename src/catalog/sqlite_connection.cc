#include "catalog/sqlite_connection.h"

#include <sqlite3.h>

#include <limits>
#include <utility>

#include "catalog/sqlite_error.h"

namespace pgkeep::catalog {
namespace {

// Nothing that this program stores is longer; a damaged file must not make it allocate more.
constexpr int kMaxValueBytes = 4 << 20;

}  // namespace

SqliteStatement::SqliteStatement(sqlite3* database, const std::string& path, std::string_view doing,
                                 sqlite3_stmt* statement)
    : database_(database), path_(&path), doing_(doing), statement_(statement) {}

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  // Repeats the error of the last step, which was returned then.
  static_cast<void>(sqlite3_finalize(statement));
}

Result<bool> SqliteStatement::Step() {
  if (bind_error_) return *bind_error_;
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return SqliteError(database_, code, *path_, doing_);
}

Status SqliteStatement::Run() {
  while (true) {
    PGK_ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) return Ok();
  }
}

int64_t SqliteStatement::Int(int i) const { return sqlite3_column_int64(statement_.get(), i); }

double SqliteStatement::Real(int i) const { return sqlite3_column_double(statement_.get(), i); }

std::string SqliteStatement::Text(int i) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), i);
  if (bytes == nullptr) return "";
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_.get(), i));
  return {static_cast<const char*>(bytes), size};
}

std::optional<int64_t> SqliteStatement::OptionalInt(int i) const {
  if (sqlite3_column_type(statement_.get(), i) == SQLITE_NULL) return std::nullopt;
  return Int(i);
}

std::optional<double> SqliteStatement::OptionalReal(int i) const {
  if (sqlite3_column_type(statement_.get(), i) == SQLITE_NULL) return std::nullopt;
  return Real(i);
}

void SqliteStatement::Bind(int64_t value) {
  Note(sqlite3_bind_int64(statement_.get(), next_++, value));
}

void SqliteStatement::Bind(uint64_t value) {
  if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    Bind(static_cast<int64_t>(value));
    return;
  }
  ++next_;
  if (!bind_error_) {
    bind_error_ = Err(ErrorCode::kInvalidArgument, "catalog {}: {}: {} is too large a number",
                      *path_, doing_, value);
  }
}

void SqliteStatement::Bind(double value) {
  Note(sqlite3_bind_double(statement_.get(), next_++, value));
}

void SqliteStatement::Bind(std::string_view value) {
  // An empty view may have a null pointer, which would bind NULL.
  const char* bytes = value.empty() ? "" : value.data();
  Note(sqlite3_bind_text64(statement_.get(), next_++, bytes, value.size(), SQLITE_TRANSIENT,
                           SQLITE_UTF8));
}

void SqliteStatement::Bind(Timestamp value) { Bind(Duration(value.time_since_epoch())); }

void SqliteStatement::Bind(Duration value) { Bind(int64_t{value.count()}); }

void SqliteStatement::BindNull() { Note(sqlite3_bind_null(statement_.get(), next_++)); }

void SqliteStatement::Note(int code) {
  if (code == SQLITE_OK || bind_error_) return;
  bind_error_ = SqliteError(database_, code, *path_, doing_);
}

void SqliteConnection::Close::operator()(sqlite3* database) const {
  // Writes nothing that was not durable before.
  static_cast<void>(sqlite3_close_v2(database));
}

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& path,
                                                                 Duration busy_timeout) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  auto connection = std::unique_ptr<SqliteConnection>(new SqliteConnection(path, database));
  if (code != SQLITE_OK) return SqliteError(database, code, path, "opening it");

  const auto millis = std::chrono::floor<std::chrono::milliseconds>(busy_timeout).count();
  static_cast<void>(sqlite3_busy_timeout(database, static_cast<int>(millis)));
  static_cast<void>(sqlite3_limit(database, SQLITE_LIMIT_LENGTH, kMaxValueBytes));
  static_cast<void>(sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr));
  static_cast<void>(sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr));
  // A database is opened at the first look only.
  PGK_TRY(connection->RunScript("opening it",
                                "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;"
                                "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;"
                                "PRAGMA synchronous = FULL;"));
  return connection;
}

Result<SqliteStatement> SqliteConnection::Prepare(std::string_view doing, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      &statement, nullptr);
  if (code != SQLITE_OK) return SqliteError(database_.get(), code, path_, doing);
  return SqliteStatement(database_.get(), path_, doing, statement);
}

Status SqliteConnection::RunScript(std::string_view doing, const std::string& sql) {
  const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return SqliteError(database_.get(), code, path_, doing);
  return Ok();
}

int64_t SqliteConnection::changes() const { return sqlite3_changes64(database_.get()); }

bool SqliteConnection::in_transaction() const {
  return sqlite3_get_autocommit(database_.get()) == 0;
}

Result<SqliteTransaction> SqliteTransaction::Begin(SqliteConnection& connection,
                                                   std::string_view doing) {
  PGK_TRY(connection.RunScript(doing, "BEGIN IMMEDIATE"));
  return SqliteTransaction(connection, doing);
}

Result<SqliteTransaction> SqliteTransaction::BeginRead(SqliteConnection& connection,
                                                       std::string_view doing) {
  PGK_TRY(connection.RunScript(doing, "BEGIN DEFERRED"));
  return SqliteTransaction(connection, doing);
}

SqliteTransaction::~SqliteTransaction() {
  // SQLite may have undone it already, after a full disk for instance. A rollback that fails leaves
  // nothing either: the journal without its commit is not read.
  if (connection_ == nullptr || !connection_->in_transaction()) return;
  const Status undone = connection_->RunScript(doing_, "ROLLBACK");
  static_cast<void>(undone);
}

Status SqliteTransaction::Commit() {
  PGK_TRY(connection_->RunScript(doing_, "COMMIT"));
  connection_ = nullptr;
  return Ok();
}

}  // namespace pgkeep::catalog

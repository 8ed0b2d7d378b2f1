// SQLite as this program uses it: one connection, prepared statements, transactions that roll back
// by themselves. Everything returns Result.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace pgkeep::catalog {

// A prepared statement with its parameters. One thread at a time; does not outlive its connection.
class SqliteStatement {
 public:
  // True: there is a row to read. False: it is done. Also returns what went wrong while binding.
  Result<bool> Step();

  // Runs a statement that returns no rows, or whose rows do not matter, to its end.
  Status Run();

  // Column `i`, from 0, of the current row. Text is copied byte by byte; NULL is 0, "" or nullopt.
  int64_t Int(int i) const;
  double Real(int i) const;
  std::string Text(int i) const;
  std::optional<int64_t> OptionalInt(int i) const;
  std::optional<double> OptionalReal(int i) const;

  // The next parameter. What SQLite cannot hold (2^63 and more) is an error of the next Step().
  void Bind(int64_t value);
  void Bind(uint64_t value);
  void Bind(double value);
  void Bind(std::string_view value);
  void Bind(Timestamp value);  // in microseconds
  void Bind(Duration value);
  void Bind(bool value) { Bind(int64_t{value ? 1 : 0}); }
  void Bind(int value) { Bind(int64_t{value}); }
  void Bind(const std::string& value) { Bind(std::string_view(value)); }
  void Bind(const char* value) { Bind(std::string_view(value)); }
  template <class T>
  void Bind(const std::optional<T>& value) {
    if (value) {
      Bind(*value);
    } else {
      BindNull();
    }
  }

 private:
  friend class SqliteConnection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  SqliteStatement(sqlite3* database, const std::string& path, std::string_view doing,
                  sqlite3_stmt* statement);
  void BindNull();
  void Note(int code);  // keeps the first failure of binding

  sqlite3* database_;
  const std::string* path_;
  std::string doing_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int next_ = 1;
  std::optional<Error> bind_error_;
};

// One open database file. One thread at a time. Not to be used after fork().
class SqliteConnection {
 public:
  // Opens an existing file for reading and writing, and makes this connection strict: foreign keys
  // checked, nothing in the file is trusted, waits up to `busy_timeout` for locks.
  static Result<std::unique_ptr<SqliteConnection>> Open(const std::string& path,
                                                        Duration busy_timeout);

  // Prepares one statement and binds the arguments in order. `doing` is for the message.
  template <class... Args>
  Result<SqliteStatement> Query(std::string_view doing, std::string_view sql, const Args&... args) {
    PGK_ASSIGN_OR_RETURN(SqliteStatement statement, Prepare(doing, sql));
    (statement.Bind(args), ...);
    return statement;
  }

  // Query() and Run().
  template <class... Args>
  Status Run(std::string_view doing, std::string_view sql, const Args&... args) {
    PGK_ASSIGN_OR_RETURN(SqliteStatement statement, Query(doing, sql, args...));
    return statement.Run();
  }

  // Runs a text of several statements without parameters.
  Status RunScript(std::string_view doing, const std::string& sql);

  // Rows that the last INSERT, UPDATE or DELETE changed.
  int64_t changes() const;

  bool in_transaction() const;

  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };

  SqliteConnection(std::string path, sqlite3* database)
      : path_(std::move(path)), database_(database) {}
  Result<SqliteStatement> Prepare(std::string_view doing, std::string_view sql);

  const std::string path_;
  std::unique_ptr<sqlite3, Close> database_;
};

// A transaction. Undone by the destructor unless Commit() succeeded. One thread at a time.
class SqliteTransaction {
 public:
  // Takes the one write lock of the database at once: nothing later in the transaction has to wait.
  static Result<SqliteTransaction> Begin(SqliteConnection& connection, std::string_view doing);

  // For several queries that see one state; waits for nobody. Needs no Commit().
  static Result<SqliteTransaction> BeginRead(SqliteConnection& connection, std::string_view doing);

  SqliteTransaction(SqliteTransaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)), doing_(std::move(other.doing_)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();

  // Durable when it returns success; undone otherwise.
  Status Commit();

 private:
  SqliteTransaction(SqliteConnection& connection, std::string_view doing)
      : connection_(&connection), doing_(doing) {}

  SqliteConnection* connection_;
  std::string doing_;
};

}  // namespace pgkeep::catalog

// A connection to a PostgreSQL server.
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "postgres/cancel.h"
#include "postgres/connection_params.h"
#include "postgres/notice.h"
#include "postgres/query_result.h"

namespace pgkeep::postgres {

class Session;

// How to connect, and what may interrupt the connection for the rest of its life.
struct ConnectOptions {
  // When it is stopped, the call that waits, or else the next one, cancels the running statement,
  // closes the connection and returns kCancelled.
  std::stop_token stop = {};
  // For the whole attempt, all hosts together. The keyword connect_timeout (seconds) wins. Asking
  // the name server is not interrupted.
  Duration connect_timeout = std::chrono::seconds(30);
  // Takes notices; without one they go to LogNotice().
  NoticeHandler notice = {};
};

// One value for $1, $2, ... of a statement, as text, or null.
using Param = std::optional<std::string_view>;

// One session on one server. One thread at a time; CancelHandle is for the others.
//
// Errors: what the server refuses comes back as the code of its SQLSTATE (see sqlstate.h), which
// Error::sqlstate() keeps, and the connection stays usable (inside a transaction, only for ending
// it). Everything else ends the connection: a stop is kCancelled, a deadline kTimeout, a lost
// server kUnavailable, an answer that makes no sense kProtocol. An ended connection has told the
// server to cancel what it did, and answers every later call with the error that ended it; nothing
// is ever retried or reconnected.
class Connection {
 public:
  // Connects. The application_name is "pgkeep" unless `params` say otherwise.
  //   kUnauthenticated  password or role refused, or the server's certificate
  //   kNotFound         no such database
  //   kUnavailable      nothing listens there, or the server is starting or stopping
  //   kBusy             all connections of the server are taken
  //   kTimeout          connect_timeout has passed
  //   kConfig           keywords that libpq refuses
  static Result<std::unique_ptr<Connection>> Open(const ConnectionParams& params,
                                                  const ConnectOptions& options = {});

  // Cancels what still runs, and closes. The server rolls back what was not committed.
  ~Connection();

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs one statement and returns its rows, of which there are none for most commands. All rows
  // are kept in memory: for catalogs, not for data. kInvalidArgument if the text is not one
  // statement; what it holds has been run then.
  Result<QueryResult> Query(std::string_view sql);

  // The same with values for $1, $2, ...
  Result<QueryResult> Query(std::string_view sql, std::span<const Param> params);
  Result<QueryResult> Query(std::string_view sql, std::initializer_list<Param> params);

  // Runs one or more statements and drops their rows. The first that fails ends the text; without
  // a transaction block in it, the server runs all of them as one transaction.
  Status Execute(std::string_view sql);

  // Later calls end with kTimeout when SystemClock().Monotonic() reaches this moment; nullopt: no
  // limit, as at the start. Ends the connection, so it is for giving up; to limit a statement use
  // statement_timeout.
  void SetDeadline(std::optional<Duration> moment);

  // For other threads.
  CancelHandle cancel_handle() const;

  // False once the connection has ended.
  bool usable() const;
  // True inside a transaction block, also a failed one.
  bool in_transaction() const;

  // 150018 for 15.18: what the server reported when the session began.
  int server_version() const;
  // A parameter that the server reports on its own, such as "server_encoding"; "" if it does not.
  std::string ReportedParameter(std::string_view name) const;
  // The process that serves us, as told when the session began. A pooler in between tells something
  // else (see pooler.h).
  int backend_pid() const;
  bool uses_tls() const;

  // Keywords that lead to this very server again, with what came from the environment and service
  // files filled in and several hosts narrowed down to the one that answered: for more connections
  // and for children.
  ConnectionParams EffectiveParams() const;

  // For the rest of this room.
  Session& session() { return *session_; }

 private:
  explicit Connection(std::unique_ptr<Session> session);

  std::unique_ptr<Session> session_;
};

// The only value of the only row; kProtocol if there are more or fewer.
Result<std::string> QueryText(Connection& connection, std::string_view sql,
                              std::initializer_list<Param> params = {});
Result<int64_t> QueryInt64(Connection& connection, std::string_view sql,
                           std::initializer_list<Param> params = {});
Result<bool> QueryBool(Connection& connection, std::string_view sql,
                       std::initializer_list<Param> params = {});

}  // namespace pgkeep::postgres

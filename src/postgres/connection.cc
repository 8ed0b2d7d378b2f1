#include "postgres/connection.h"

#include <string>
#include <utility>
#include <vector>

#include "postgres/libpq.h"
#include "postgres/session.h"

namespace pgkeep::postgres {
namespace {

using internal::OptionsPtr;
using internal::ResultPtr;

// The one set of rows that a statement should have brought.
Result<QueryResult> TakeRows(Session& session) {
  PGK_ASSIGN_OR_RETURN(std::vector<ResultPtr> results, session.Collect());
  if (results.size() != 1 || PQresultStatus(results[0].get()) == PGRES_EMPTY_QUERY) {
    return Err(ErrorCode::kInvalidArgument, "one statement was expected, the text has {}",
               results.size() == 1 ? 0 : results.size());
  }
  return QueryResult(results[0].release());
}

Result<QueryResult> QueryValue(Connection& connection, std::string_view sql,
                               std::initializer_list<Param> params) {
  PGK_ASSIGN_OR_RETURN(QueryResult result, connection.Query(sql, params));
  PGK_TRY(result.ExpectRows(1));
  PGK_TRY(result.ExpectColumns(1));
  return result;
}

}  // namespace

Connection::Connection(std::unique_ptr<Session> session) : session_(std::move(session)) {}
Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::Open(const ConnectionParams& params,
                                                     const ConnectOptions& options) {
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<Session> session, Session::Open(params, options));
  return std::unique_ptr<Connection>(new Connection(std::move(session)));
}

Result<QueryResult> Connection::Query(std::string_view sql) {
  PGK_TRY(session_->Send(sql));
  return TakeRows(*session_);
}

Result<QueryResult> Connection::Query(std::string_view sql, std::span<const Param> params) {
  PGK_TRY(session_->Send(sql, params));
  return TakeRows(*session_);
}

Result<QueryResult> Connection::Query(std::string_view sql, std::initializer_list<Param> params) {
  return Query(sql, std::span<const Param>(params.begin(), params.size()));
}

Status Connection::Execute(std::string_view sql) {
  PGK_TRY(session_->Send(sql));
  PGK_TRY(session_->Collect());
  return Ok();
}

void Connection::SetDeadline(std::optional<Duration> moment) { session_->SetDeadline(moment); }
CancelHandle Connection::cancel_handle() const { return session_->cancel_handle(); }
bool Connection::usable() const { return session_->CheckUsable().ok(); }

bool Connection::in_transaction() const {
  if (!usable()) return false;
  const PGTransactionStatusType status = PQtransactionStatus(session_->libpq());
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

int Connection::server_version() const { return usable() ? PQserverVersion(session_->libpq()) : 0; }

std::string Connection::ReportedParameter(std::string_view name) const {
  if (!usable()) return "";
  const char* value = PQparameterStatus(session_->libpq(), std::string(name).c_str());
  return value == nullptr ? "" : value;
}

int Connection::backend_pid() const { return usable() ? PQbackendPID(session_->libpq()) : 0; }
bool Connection::uses_tls() const { return usable() && PQsslInUse(session_->libpq()) != 0; }

ConnectionParams Connection::EffectiveParams() const {
  ConnectionParams params;
  if (!usable()) return params;
  const auto set = [&params](std::string_view keyword, const char* value) {
    // Keyword and value come from libpq, which accepts them again.
    static_cast<void>(params.Set(keyword, value == nullptr ? "" : value));
  };
  PGconn* connection = session_->libpq();
  const OptionsPtr options(PQconninfo(connection));
  for (const PQconninfoOption* option = options.get();
       option != nullptr && option->keyword != nullptr; ++option) {
    const bool by_default =
        option->val == nullptr ||
        (option->compiled != nullptr && std::string_view(option->compiled) == option->val);
    if (!by_default) set(option->keyword, option->val);
  }
  set("dbname", PQdb(connection));
  set("user", PQuser(connection));
  set("port", PQport(connection));
  // A list narrows down to the one that answered. "hostaddr" stays only if it was given.
  set("host", PQhost(connection));
  if (params.Has("hostaddr")) set("hostaddr", PQhostaddr(connection));
  return params;
}

Result<std::string> QueryText(Connection& connection, std::string_view sql,
                              std::initializer_list<Param> params) {
  PGK_ASSIGN_OR_RETURN(const QueryResult result, QueryValue(connection, sql, params));
  PGK_ASSIGN_OR_RETURN(const std::string_view text, result.Text(0, 0));
  return std::string(text);
}

Result<int64_t> QueryInt64(Connection& connection, std::string_view sql,
                           std::initializer_list<Param> params) {
  PGK_ASSIGN_OR_RETURN(const QueryResult result, QueryValue(connection, sql, params));
  return result.Int64(0, 0);
}

Result<bool> QueryBool(Connection& connection, std::string_view sql,
                       std::initializer_list<Param> params) {
  PGK_ASSIGN_OR_RETURN(const QueryResult result, QueryValue(connection, sql, params));
  return result.Bool(0, 0);
}

}  // namespace pgkeep::postgres

#include "postgres/session.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "postgres/cancel_state.h"
#include "postgres/server_error.h"
#include "postgres/sqlstate.h"

namespace pgkeep::postgres {
namespace {

using internal::ResultPtr;
using internal::SocketWaiter;

// A TLS library may hold decrypted bytes that the socket does not show. So with encryption no wait
// is longer than this before the next read.
constexpr Duration kEncryptedTick = std::chrono::milliseconds(100);

bool IsEncrypted(PGconn* connection) {
  return PQsslInUse(connection) != 0 || PQgssEncInUse(connection) != 0;
}

// After these the server closes the connection.
bool EndsSession(const PGresult* result) {
  const std::string_view severity = internal::ErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  return severity == "FATAL" || severity == "PANIC";
}

std::optional<Duration> Shorter(std::optional<Duration> left, std::optional<Duration> right) {
  if (!left) return right;
  return right ? std::min(*left, *right) : left;
}

bool IsCopy(ExecStatusType status) {
  return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

bool IsFailure(ExecStatusType status) {
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

}  // namespace

Session::~Session() {
  if (connection_ != nullptr) {
    static_cast<void>(End(Error(ErrorCode::kCancelled, "the connection was closed")));
  }
}

Status Session::CheckUsable() const {
  if (end_) return *end_;
  return Ok();
}

Error Session::End(Error reason) {
  if (end_) return *end_;
  // Without this the server goes on with a statement that nobody waits for. If it fails, the closed
  // socket will have to tell it.
  if (PQstatus(connection_.get()) == CONNECTION_OK &&
      PQtransactionStatus(connection_.get()) == PQTRANS_ACTIVE) {
    static_cast<void>(cancel_.Cancel());
  }
  connection_.reset();
  end_ = reason;
  return reason;
}

Error Session::EndLost() {
  if (end_) return *end_;
  // What the server said before it went may still wait to be read.
  Error reason = internal::LostError(PQerrorMessage(connection_.get()));
  if (PQstatus(connection_.get()) == CONNECTION_BAD) {
    // Out of COPY IN, in which libpq holds errors back; in any other state this does nothing.
    static_cast<void>(PQputCopyEnd(connection_.get(), "the connection is lost"));
    constexpr int kResultsMax = 8;
    for (int i = 0; i < kResultsMax; ++i) {
      const ResultPtr result(PQgetResult(connection_.get()));
      if (result == nullptr) break;
      if (internal::ErrorField(result.get(), PG_DIAG_SQLSTATE).empty()) continue;
      reason = internal::ServerError(result.get(), sql_);
      break;
    }
  }
  return End(std::move(reason));
}

Error Session::ServerError(const PGresult* result) {
  Error error = internal::ServerError(result, sql_);
  if (error.sqlstate() == kSqlStateQueryCanceled && cancel_.TakeRequest()) {
    error = Error(ErrorCode::kCancelled, "the statement was cancelled")
                .WithSqlState(std::string(kSqlStateQueryCanceled));
  }
  const bool gone = connection_ == nullptr || PQstatus(connection_.get()) == CONNECTION_BAD;
  if (gone || EndsSession(result)) return End(std::move(error));
  return error;
}

Result<Session::Ready> Session::Wait(Ready wanted, std::optional<Duration> at_most) {
  PGK_TRY(CheckUsable());
  std::optional<Duration> left = at_most;
  if (deadline_) {
    const Duration until = *deadline_ - SystemClock().Monotonic();
    if (until <= Duration::zero()) {
      return End(Err(ErrorCode::kTimeout, "the server did not answer in time")
                     .WithHint("look at what the server does in pg_stat_activity"));
    }
    left = Shorter(left, until);
  }
  Result<Ready> ready = waiter_->Wait(PQsocket(connection_.get()), wanted, left);
  if (!ready.ok()) return End(std::move(ready).error());
  return *ready;
}

Result<bool> Session::ReadMore() {
  const auto tick = IsEncrypted(connection_.get()) ? std::optional(kEncryptedTick) : std::nullopt;
  PGK_TRY(Wait(SocketWaiter::kReadable, tick));
  return PQconsumeInput(connection_.get()) == 1;
}

Status Session::Flush() {
  while (true) {
    PGK_TRY(CheckUsable());
    const int flushed = PQflush(connection_.get());
    if (flushed == 0) return Ok();
    if (flushed < 0) return EndLost();
    PGK_ASSIGN_OR_RETURN(const Ready ready, Wait(SocketWaiter::kEither));
    if (ready.readable && PQconsumeInput(connection_.get()) != 1) return EndLost();
  }
}

Status Session::CheckBeforeSend() {
  PGK_TRY(CheckUsable());
  if (waiter_->stop_requested()) PGK_TRY(Wait(SocketWaiter::kWritable));  // which ends us
  return Ok();
}

Status Session::CheckSent(int sent, std::string_view sql) {
  sql_ = sql;
  if (sent == 1) return Flush();
  if (PQstatus(connection_.get()) == CONNECTION_BAD) return EndLost();
  return End(Err(ErrorCode::kInternal, "the statement could not be sent: {}",
                 PQerrorMessage(connection_.get())));
}

Status Session::Send(std::string_view sql) {
  PGK_TRY(CheckBeforeSend());
  if (sql.find('\0') != std::string_view::npos) {
    return Err(ErrorCode::kInvalidArgument, "a statement has a zero byte in it");
  }
  const std::string text(sql);
  return CheckSent(PQsendQuery(connection_.get(), text.c_str()), sql);
}

Status Session::Send(std::string_view sql, std::span<const Param> params) {
  PGK_TRY(CheckBeforeSend());
  const auto has_zero = [](std::string_view text) {
    return text.find('\0') != std::string_view::npos;
  };
  std::vector<std::string> texts;
  texts.reserve(params.size());
  bool zero = has_zero(sql);
  for (const Param& param : params) {
    texts.emplace_back(param.value_or(std::string_view()));
    zero = zero || has_zero(texts.back());
  }
  if (zero || params.size() > PQ_QUERY_PARAM_MAX_LIMIT) {
    return Err(ErrorCode::kInvalidArgument, "a statement has too many values or a zero byte in it");
  }
  std::vector<const char*> values;
  values.reserve(params.size());
  for (size_t i = 0; i < params.size(); ++i) {
    values.push_back(params[i] ? texts[i].c_str() : nullptr);
  }
  const std::string text(sql);
  return CheckSent(
      PQsendQueryParams(connection_.get(), text.c_str(), static_cast<int>(values.size()), nullptr,
                        values.data(), nullptr, nullptr, 0),
      sql);
}

Result<ResultPtr> Session::NextResult() {
  PGK_TRY(CheckUsable());
  while (PQisBusy(connection_.get()) != 0) {
    PGK_ASSIGN_OR_RETURN(const bool more, ReadMore());
    // What came before the loss is handed out first.
    if (!more && PQisBusy(connection_.get()) != 0) return EndLost();
  }
  return ResultPtr(PQgetResult(connection_.get()));
}

Result<std::vector<ResultPtr>> Session::Collect() {
  std::vector<ResultPtr> results;
  Status outcome;
  while (true) {
    PGK_ASSIGN_OR_RETURN(ResultPtr result, NextResult());
    if (result == nullptr) break;
    const ExecStatusType status = PQresultStatus(result.get());
    if (IsCopy(status)) {
      return End(Error(ErrorCode::kInvalidArgument, "COPY is run where a plain statement belongs"));
    }
    if (!IsFailure(status)) {
      results.push_back(std::move(result));
      continue;
    }
    Error error = ServerError(result.get());
    if (end_) return error;
    if (outcome.ok()) outcome = std::move(error);
  }
  PGK_TRY(std::move(outcome));
  return results;
}

}  // namespace pgkeep::postgres

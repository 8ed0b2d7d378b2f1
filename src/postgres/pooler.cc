#include "postgres/pooler.h"

#include <memory>
#include <string>

namespace pgkeep::postgres {
namespace {

constexpr int kRounds = 4;
// With a pool of one process, a second session waits until the first ends.
constexpr Duration kSecondMayWait = std::chrono::seconds(5);

constexpr std::string_view kOwnProcess = "SELECT pg_catalog.pg_backend_pid()";
constexpr std::string_view kMark = "SET pgkeep.pooling = 'seen'";
constexpr std::string_view kIsMarked =
    "SELECT pg_catalog.current_setting('pgkeep.pooling', true) IS NOT DISTINCT FROM 'seen'";

// Process that serves a transaction of the second session; nothing if it has to wait for one.
Result<std::optional<int64_t>> ProcessOfSecond(Connection& second) {
  second.SetDeadline(SystemClock().Monotonic() + kSecondMayWait);
  const Result<int64_t> process = QueryInt64(second, kOwnProcess);
  if (process.ok()) return std::optional<int64_t>(*process);
  if (process.error().code() == ErrorCode::kTimeout) return std::optional<int64_t>();
  return process.error();
}

}  // namespace

Result<Pooling> DetectPooling(Connection& connection, const ConnectionParams& params,
                              const ConnectOptions& options) {
  PGK_ASSIGN_OR_RETURN(const int64_t own, QueryInt64(connection, kOwnProcess));
  if (own == connection.backend_pid()) return Pooling::kNone;

  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> second, Connection::Open(params, options));
  PGK_TRY(connection.Execute(kMark));
  for (int round = 0; round < kRounds; ++round) {
    PGK_ASSIGN_OR_RETURN(const int64_t ours, QueryInt64(connection, kOwnProcess));
    PGK_ASSIGN_OR_RETURN(const bool marked, QueryBool(connection, kIsMarked));
    if (ours != own || !marked) return Pooling::kTransaction;
    PGK_ASSIGN_OR_RETURN(const std::optional<int64_t> theirs, ProcessOfSecond(*second));
    if (!theirs) return Pooling::kSession;
    if (*theirs == own) return Pooling::kTransaction;
  }
  PGK_TRY(connection.Execute("RESET pgkeep.pooling"));
  return Pooling::kSession;
}

Status RefuseTransactionPooling(Connection& connection, const ConnectionParams& params,
                                const ConnectOptions& options) {
  PGK_ASSIGN_OR_RETURN(const Pooling pooling, DetectPooling(connection, params, options));
  if (pooling != Pooling::kTransaction) return Ok();
  return Error(ErrorCode::kRefused,
               "a connection pooler gives every transaction another server process, so a "
               "snapshot would not hold")
      .WithHint("connect to the PostgreSQL server itself, or to a pool in session mode");
}

}  // namespace pgkeep::postgres

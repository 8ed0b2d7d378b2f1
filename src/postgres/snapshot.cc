#include "postgres/snapshot.h"

#include <algorithm>
#include <utility>

#include "postgres/quote.h"

namespace pgkeep::postgres {
namespace {

constexpr std::string_view kBegin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

Status Begin(Connection& connection) {
  if (connection.in_transaction()) {
    return Error(ErrorCode::kInvalidArgument, "a transaction is open on the connection already");
  }
  return connection.Execute(kBegin);
}

Result<ExportedSnapshot> Export(Connection& leader) {
  PGK_ASSIGN_OR_RETURN(const QueryResult result,
                       leader.Query("SELECT pg_catalog.pg_export_snapshot(), pg_catalog.to_char("
                                    "pg_catalog.transaction_timestamp() AT TIME ZONE 'UTC',"
                                    " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"));
  PGK_ASSIGN_OR_RETURN(const std::string_view id, result.Text(0, 0));
  PGK_ASSIGN_OR_RETURN(const std::string_view started, result.Text(0, 1));
  PGK_ASSIGN_OR_RETURN(const Timestamp time, ParseUtc(started));
  return ExportedSnapshot{.id = std::string(id), .started = time};
}

// What servers answer to an identifier that is not, or no longer, a snapshot: 55000 when the
// transaction has ended meanwhile, 22023 up to 15 and 42704 from 16 on when nothing is left of it.
bool MeansGone(const Error& error) {
  return error.sqlstate() == "55000" || error.sqlstate() == "22023" || error.sqlstate() == "42704";
}

}  // namespace

Result<ExportedSnapshot> ExportSnapshot(Connection& leader) {
  PGK_TRY_CONTEXT("taking a snapshot", Begin(leader));
  Result<ExportedSnapshot> snapshot = Export(leader);
  if (snapshot.ok()) return snapshot;
  static_cast<void>(leader.Execute("ROLLBACK"));
  return std::move(snapshot).error().WithContext("taking a snapshot");
}

Status JoinSnapshot(Connection& follower, const std::string& id) {
  PGK_TRY_CONTEXT("joining a snapshot", Begin(follower));
  const Status joined = follower.Execute("SET TRANSACTION SNAPSHOT " + QuoteLiteral(id));
  if (joined.ok()) return Ok();
  static_cast<void>(follower.Execute("ROLLBACK"));
  if (!MeansGone(joined.error())) return Error(joined.error()).WithContext("joining a snapshot");
  return Err(ErrorCode::kConflict, "the snapshot {} is gone", id)
      .WithHint("the transaction that took it has ended; start the backup again")
      .Attach(joined.error());
}

}  // namespace pgkeep::postgres

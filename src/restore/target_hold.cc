#include "restore/target_hold.h"

#include <fmt/core.h>

#include <string>
#include <utility>

#include "postgres/pooler.h"
#include "postgres/session_settings.h"
#include "postgres/sqlstate.h"

namespace pgkeep::restore {
namespace {

using postgres::Connection;

// The server ends a session a moment after it was left, or its program killed: the restore before
// this one may seem to run still.
constexpr std::string_view kPatience = "SET lock_timeout = '3s'";

// Who has the lock, for the message.
constexpr std::string_view kHolderSql = R"sql(
SELECT coalesce((
  SELECT pg_catalog.format(' (process %s on the server)', pid) FROM pg_catalog.pg_locks
  WHERE locktype = 'advisory' AND granted AND classid::bigint = 1885825893
    AND objid::bigint = 1701859923 AND objsubid = 1
    AND database = (SELECT oid FROM pg_catalog.pg_database
                    WHERE datname = pg_catalog.current_database())
  LIMIT 1), '')
)sql";

static_assert(kRestoreLockKey == (int64_t{1885825893} << 32 | 1701859923), "as in the query");

}  // namespace

Result<TargetHold> TargetHold::Acquire(const postgres::ConnectionParams& target,
                                       const postgres::ConnectOptions& connect) {
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connection::Open(target, connect));
  PGK_TRY(postgres::RefuseTransactionPooling(*connection, connection->EffectiveParams(), connect));
  PGK_ASSIGN_OR_RETURN(
      const bool read_only,
      QueryBool(*connection,
                "SELECT pg_catalog.current_setting('default_transaction_read_only') = 'on'"));
  PGK_TRY(postgres::ApplyBackupSettings(*connection));
  PGK_TRY(connection->Execute(kPatience));
  const Status locked =
      connection->Execute(fmt::format("SELECT pg_catalog.pg_advisory_lock({})", kRestoreLockKey));
  if (locked.ok()) {
    PGK_TRY(connection->Execute("SET lock_timeout = 0"));
    return TargetHold(std::move(connection), read_only);
  }
  if (locked.error().sqlstate() != postgres::kSqlStateLockNotAvailable) return locked.error();
  PGK_ASSIGN_OR_RETURN(const std::string holder, QueryText(*connection, kHolderSql));
  PGK_ASSIGN_OR_RETURN(const std::string name,
                       QueryText(*connection, "SELECT pg_catalog.current_database()"));
  return Err(ErrorCode::kBusy, "another restore into database '{}' is running{}", name, holder)
      .WithHint("wait until it has ended, or restore into another database");
}

Status TargetHold::Check() {
  const Status alive = connection_->Execute("SELECT 1");
  if (alive.ok()) return Ok();
  return Error(alive.error())
      .WithContext("the lock that keeps other restores out of the database was lost meanwhile");
}

}  // namespace pgkeep::restore

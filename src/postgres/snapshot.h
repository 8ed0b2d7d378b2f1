// One view of the database for several connections.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "postgres/connection.h"

namespace pgkeep::postgres {

// A snapshot that other connections may join as long as the leader's transaction is open.
struct ExportedSnapshot {
  std::string id;     // as pg_dump --snapshot takes it
  Timestamp started;  // of the leader's transaction, by the server's clock
};

// Begins a REPEATABLE READ READ ONLY transaction on `leader` and exports its snapshot. Works on a
// standby. kInvalidArgument if a transaction is open. The caller ends the transaction.
Result<ExportedSnapshot> ExportSnapshot(Connection& leader);

// Begins such a transaction on `follower` that sees exactly what the leader sees. Same database
// only. kConflict if the leader's transaction has ended.
Status JoinSnapshot(Connection& follower, const std::string& id);

}  // namespace pgkeep::postgres

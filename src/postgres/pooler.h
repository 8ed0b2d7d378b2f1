// Connection poolers between us and the server.
#pragma once

#include "base/result.h"
#include "postgres/connection.h"

namespace pgkeep::postgres {

// What lies between us and the server process.
enum class Pooling {
  kNone,         // we talk to the server process itself, or through something that only moves bytes
  kSession,      // a pooler that leaves us one server process as long as we stay connected
  kTransaction,  // a pooler that may give every transaction another server process
};

// Finds out. Without a pooler one statement; with one about a dozen, on two connections: `params`
// (usually connection.EffectiveParams()) is used to open the second.
//
// How: a pooler hands out cancel keys of its own, so the process number of the session's beginning
// is not pg_backend_pid(). Then we leave our connection idle, but open, and let a second one run a
// transaction: where both are served by the same process, or ours changes from one transaction to
// the next, or forgets a setting, the pooler works by transactions. Repeated a few times, because
// other clients may take a process in between.
// REQUIRES: the connection is in no transaction.
Result<Pooling> DetectPooling(Connection& connection, const ConnectionParams& params,
                              const ConnectOptions& options);

// kRefused with advice for Pooling::kTransaction: snapshots, locks and settings would not hold.
Status RefuseTransactionPooling(Connection& connection, const ConnectionParams& params,
                                const ConnectOptions& options);

}  // namespace pgkeep::postgres

// Keeping other restores out of the database that is restored into.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "postgres/connection.h"
#include "postgres/connection_params.h"

namespace pgkeep::restore {

// The key of the advisory lock that a restore holds in the database it restores into, as long as it
// runs: "pgkeepRS". For pg_locks: classid 1885825893, objid 1701859923, objsubid 1.
inline constexpr int64_t kRestoreLockKey = 0x70676b6565705253;

// A session that holds the lock. Two restores at once into one database would load its rows twice,
// and neither could tell: the second gets none.
//
// Ends with this object, or with the session. One thread at a time.
class TargetHold {
 public:
  // kBusy if another restore holds it; errors as connecting; kRefused behind a pooler that gives
  // every transaction another session, where a lock would stay in somebody else's.
  static Result<TargetHold> Acquire(const postgres::ConnectionParams& target,
                                    const postgres::ConnectOptions& connect);

  // For questions about what is in the database. REQUIRES: nothing else uses it meanwhile.
  postgres::Connection& connection() { return *connection_; }

  // Whether sessions of this role in this database begin read-only unless they say otherwise.
  bool read_only_by_default() const { return read_only_by_default_; }

  // An error if the session has ended since, and the lock with it.
  Status Check();

 private:
  TargetHold(std::unique_ptr<postgres::Connection> connection, bool read_only_by_default)
      : connection_(std::move(connection)), read_only_by_default_(read_only_by_default) {}

  std::unique_ptr<postgres::Connection> connection_;
  bool read_only_by_default_ = false;
};

}  // namespace pgkeep::restore

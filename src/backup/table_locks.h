// Locking the tables of a backup, and finding out who is in the way.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backup/table_info.h"
#include "base/clock.h"
#include "base/result.h"
#include "postgres/connection.h"

namespace pgkeep::backup {

// Takes ACCESS SHARE locks on all these tables, some hundred in each statement: nobody can drop,
// truncate or rewrite them until the transaction ends. Waits for each lock no longer than
// `timeout`, which must be at least a millisecond. Partitions and heirs are not locked along.
//   kBusy           a lock was not to be had in time
//   kNotFound       a table is gone
//   kLimitExceeded  as NoRoomForLocks()
// REQUIRES: an open transaction, which has failed after an error.
Status LockTables(postgres::Connection& connection, std::span<const TableInfo* const> tables,
                  Duration timeout);

// What a server says, and pg_dump tells, whose table of locks is full. Trying again is of no use.
inline constexpr std::string_view kOutOfSharedMemory = "out of shared memory";

// The error for that.
Error NoRoomForLocks();

// Another session that waits for a lock because of sessions of ours, or that stands in their way.
struct LockParty {
  int pid = 0;
  std::string mode;      // "AccessExclusiveLock"
  std::string relation;  // with its schema, quoted where needed
  std::string query;     // what it runs, its first 200 characters; empty if we may not see it

  // One line for people.
  std::string Describe() const;
};

// The sessions that wait for locks on relations, behind any of `pids`.
Result<std::vector<LockParty>> FindWaiters(postgres::Connection& connection,
                                           std::span<const int> pids);

// The sessions, `pids` left out, that hold or want to hold an exclusive lock on a table in this
// list.
Result<std::vector<LockParty>> FindExclusive(postgres::Connection& connection,
                                             std::span<const TableInfo> tables,
                                             std::span<const int> pids);

}  // namespace pgkeep::backup

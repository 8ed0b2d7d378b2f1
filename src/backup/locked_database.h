// One database, held still: a snapshot in several sessions, with every table locked.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "archive/toc.h"
#include "backup/definition_dump.h"
#include "backup/read_plan.h"
#include "backup/table_filter.h"
#include "backup/table_info.h"
#include "backup/watcher.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "logical/client_programs.h"
#include "postgres/connection.h"
#include "postgres/server_info.h"
#include "postgres/snapshot.h"

namespace pgkeep::backup {

// What is wanted of one database.
struct DatabaseRequest {
  postgres::ConnectionParams params;  // with the database's name
  std::string database;
  unsigned jobs = 2;  // sessions that read, besides the one that holds the snapshot
  ReadMode mode = ReadMode::kGentle;
  Duration lock_timeout = std::chrono::seconds(30);  // for each lock
  TableFilter filter;
  std::string role;  // for SET ROLE; empty: none
  logical::ProgramSearch programs;
};

// How often a snapshot is tried before the database is given up.
inline constexpr int kSnapshotAttempts = 3;

// A database whose tables can be read at leisure: what they hold belongs to one moment, and nobody
// can take it away. The locks, and with them those who wait for exclusive ones, are held until
// this goes.
//
// The order of the steps is measured; others hang behind a queued ALTER TABLE or give an empty
// table after a TRUNCATE:
//   1. the leader takes the snapshot and exports it;
//   2. lists the tables, and locks all of them;
//   3. compares their files with those of the snapshot;
//   4. every worker joins the snapshot, and locks all its tables at once, before any reading;
//   5. pg_dump, in the same snapshot, tells the definitions; it is stopped when it is known that
//      the leader holds a lock on every table whose data belongs to them.
// Where a table has gone or changed in between, or a lock is not to be had in time, everything is
// let go and begins again, kSnapshotAttempts times at most.
//
// One thread at a time; each worker's connection may be used by one thread of its own.
class LockedDatabase {
 public:
  // `stop` ends every session, now and for as long as this lives.
  //   kBusy, kConflict, kNotFound  still somebody in the way at the last attempt
  //   kPermission                  tables that cannot be read; see ListTables()
  //   kRefused                     a pooler that works by transactions
  //   others                       as the server's, and pg_dump's
  static Result<std::unique_ptr<LockedDatabase>> Open(const DatabaseRequest& request,
                                                      BackupWatcher& watcher, std::stop_token stop);

  LockedDatabase(const LockedDatabase&) = delete;
  LockedDatabase& operator=(const LockedDatabase&) = delete;
  ~LockedDatabase() = default;

  postgres::Connection& leader() { return *leader_; }
  const std::vector<std::unique_ptr<postgres::Connection>>& workers() const { return workers_; }
  // Server processes of all of them.
  std::vector<int> pids() const;

  const postgres::ServerInfo& server() const { return server_; }
  const postgres::ExportedSnapshot& snapshot() const { return snapshot_; }
  // Clock::Monotonic() when the snapshot was taken.
  Duration taken() const { return taken_; }
  const logical::ClientProgram& dump_program() const { return dump_program_; }

  // The tables that are locked. plan() names those of which the dump has data, by their places.
  const std::vector<TableInfo>& tables() const { return tables_; }
  const ReadPlan& plan() const { return plan_; }
  // OIDs of the large objects that belong to the dump.
  const std::vector<uint32_t>& large_objects() const { return large_objects_; }

  // pg_dump's header and table of contents. Call once.
  Bytes TakeContents() { return std::move(contents_); }

 private:
  LockedDatabase() = default;

  Status Attempt(const DatabaseRequest& request, BackupWatcher& watcher, std::stop_token stop);
  Status Connect(const DatabaseRequest& request, const postgres::ConnectOptions& options);
  Status LockAll(const DatabaseRequest& request, BackupWatcher& watcher);
  Status StartWorkers(const DatabaseRequest& request, const postgres::ConnectOptions& options);
  Status ReadDefinitions(const DatabaseRequest& request, std::stop_token stop);
  Status KeepTasksWithData(const archive::Toc& toc);
  Error Explain(Error error, Duration lock_timeout);

  logical::ClientProgram dump_program_;
  std::unique_ptr<postgres::Connection> leader_;
  std::vector<std::unique_ptr<postgres::Connection>> workers_;
  postgres::ServerInfo server_;
  postgres::ExportedSnapshot snapshot_;
  Duration taken_{};
  std::vector<TableInfo> tables_;
  ReadPlan plan_;
  std::vector<uint32_t> large_objects_;
  Bytes contents_;
};

}  // namespace pgkeep::backup

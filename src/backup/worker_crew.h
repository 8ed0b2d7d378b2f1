// The threads that read the tables of one database.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/locked_database.h"
#include "backup/read_plan.h"
#include "backup/stream_set.h"
#include "backup/table_reader.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/task_group.h"
#include "crypto/siphash.h"

namespace pgkeep::backup {

// Something else than a table that one of the workers shall do: it gets a connection.
using ExtraTask = std::function<Status(postgres::Connection&)>;

// Lets every worker of a locked database read tables until none is left or one of them fails; then
// the others are stopped too. What is given must outlive this. Run() is called once, the rest is
// for any thread.
class WorkerCrew {
 public:
  // `interrupt` is requested when a worker fails; the sessions of `database` listen to it.
  WorkerCrew(LockedDatabase& database, StreamSet& streams, ReadMode mode,
             const crypto::SipHash128& hash, std::optional<ExtraTask> extra,
             std::stop_source interrupt);

  // Reads everything. Calls `tick` about once a second, in this thread; if it fails, all stops.
  // Returns the first error of all.
  Status Run(const std::function<Status()>& tick);

  const ReadCounters& counters() const { return counters_; }
  // The counters, for who does the extra task.
  ReadCounters& counters() { return counters_; }
  // The table that a worker took last.
  std::string current_table() PGK_EXCLUDES(mutex_);

 private:
  void Work(size_t worker) PGK_EXCLUDES(mutex_);
  Status ReadAll(size_t worker) PGK_EXCLUDES(mutex_);
  Status Read(postgres::Connection& connection, const ReadTask& task) PGK_EXCLUDES(mutex_);
  std::optional<ReadTask> Next(size_t worker) PGK_EXCLUDES(mutex_);
  std::optional<ExtraTask> TakeExtra() PGK_EXCLUDES(mutex_);
  void Fail(Error error) PGK_EXCLUDES(mutex_);

  LockedDatabase& database_;
  StreamSet& streams_;
  const ReadMode mode_;
  const crypto::SipHash128& hash_;
  std::stop_source interrupt_;
  ReadCounters counters_;

  Mutex mutex_;
  CondVar changed_;
  size_t running_ PGK_GUARDED_BY(mutex_) = 0;
  std::optional<ExtraTask> extra_ PGK_GUARDED_BY(mutex_);
  size_t next_shared_ PGK_GUARDED_BY(mutex_) = 0;
  std::vector<size_t> next_own_ PGK_GUARDED_BY(mutex_);
  std::string current_ PGK_GUARDED_BY(mutex_);
  std::optional<Error> error_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::backup

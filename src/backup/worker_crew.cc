#include "backup/worker_crew.h"

#include <fmt/core.h>

#include <chrono>
#include <memory>
#include <utility>

namespace pgkeep::backup {
namespace {

constexpr Duration kTick = std::chrono::seconds(1);

}  // namespace

WorkerCrew::WorkerCrew(LockedDatabase& database, StreamSet& streams, ReadMode mode,
                       const crypto::SipHash128& hash, std::optional<ExtraTask> extra,
                       std::stop_source interrupt)
    : database_(database),
      streams_(streams),
      mode_(mode),
      hash_(hash),
      interrupt_(std::move(interrupt)),
      extra_(std::move(extra)),
      next_own_(database.workers().size()) {}

std::string WorkerCrew::current_table() {
  const MutexLock lock(mutex_);
  return current_;
}

std::optional<ReadTask> WorkerCrew::Next(size_t worker) {
  const ReadPlan& plan = database_.plan();
  const MutexLock lock(mutex_);
  std::optional<ReadTask> task;
  if (next_shared_ < plan.shared.size()) {
    task = plan.shared[next_shared_++];
  } else if (next_own_[worker] < plan.own[worker].size()) {
    task = plan.own[worker][next_own_[worker]++];
  }
  if (task) current_ = QualifiedName(database_.tables()[task->table]);
  return task;
}

std::optional<ExtraTask> WorkerCrew::TakeExtra() {
  const MutexLock lock(mutex_);
  return std::exchange(extra_, std::nullopt);
}

Status WorkerCrew::Read(postgres::Connection& connection, const ReadTask& task) {
  const TableInfo& table = database_.tables()[task.table];
  PGK_ASSIGN_OR_RETURN(repository::StreamWriter * stream, streams_.Open(task.table));
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<repository::RangeWriter> range,
                       stream->OpenRange(task.first_block));
  PGK_ASSIGN_OR_RETURN(const logical::TableFingerprint fingerprint,
                       ReadTable(connection, table, task, std::move(range), hash_, counters_));
  PGK_ASSIGN_OR_RETURN(const bool finished, streams_.TaskDone(task.table, fingerprint));
  if (finished) ++counters_.tables;
  return Ok();
}

Status WorkerCrew::ReadAll(size_t worker) {
  postgres::Connection& connection = *database_.workers()[worker];
  PGK_TRY(connection.Execute(ScanSettings(mode_, connection.server_version())));
  // Before the tables: it may be the largest of all, and nobody knows.
  if (const std::optional<ExtraTask> extra = TakeExtra()) {
    PGK_TRY_CONTEXT("reading large objects", (*extra)(connection));
  }
  while (const std::optional<ReadTask> task = Next(worker)) {
    PGK_TRY_CONTEXT(fmt::format("reading table {}", QualifiedName(database_.tables()[task->table])),
                    Read(connection, *task));
  }
  return Ok();
}

void WorkerCrew::Fail(Error error) {
  {
    const MutexLock lock(mutex_);
    // The others fail because they are stopped: only the first error is the reason.
    if (!error_) error_ = std::move(error);
  }
  interrupt_.request_stop();
}

void WorkerCrew::Work(size_t worker) {
  const Status done = ReadAll(worker);
  if (!done.ok()) Fail(Error(done.error()));
  const MutexLock lock(mutex_);
  --running_;
  changed_.NotifyAll();
}

Status WorkerCrew::Run(const std::function<Status()>& tick) {
  const size_t workers = database_.workers().size();
  TaskGroup group;
  {
    const MutexLock lock(mutex_);
    running_ = workers;
  }
  for (size_t worker = 0; worker < workers; ++worker) {
    group.Spawn(fmt::format("read-{}", worker), [this, worker](std::stop_token) {
      Work(worker);
      return Ok();
    });
  }
  while (true) {
    {
      const MutexLock lock(mutex_);
      if (changed_.WaitFor(mutex_, kTick, {},
                           [this]() PGK_REQUIRES(mutex_) { return running_ == 0; })) {
        break;
      }
    }
    if (group.token().stop_requested()) {
      // A thread could not be started, and will never be done.
      interrupt_.request_stop();
      break;
    }
    const Status ticked = tick();
    if (!ticked.ok()) Fail(Error(ticked.error()));
  }
  PGK_TRY(group.Wait());
  const MutexLock lock(mutex_);
  if (error_) return Error(*error_);
  return Ok();
}

}  // namespace pgkeep::backup

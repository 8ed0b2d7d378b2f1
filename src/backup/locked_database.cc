#include "backup/locked_database.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "archive/contents.h"
#include "archive/toc_index.h"
#include "backup/table_list.h"
#include "backup/table_locks.h"
#include "postgres/pooler.h"
#include "postgres/session_settings.h"
#include "postgres/sqlstate.h"

namespace pgkeep::backup {
namespace {

using postgres::Connection;
using postgres::ConnectOptions;

// What the server answers when an object has gone between the snapshot and the lock: no such
// table, column, schema; cache look-ups that fail; and conflicts with recovery on a standby.
constexpr std::string_view kGoneStates[] = {postgres::kSqlStateUndefinedTable,
                                            postgres::kSqlStateLockNotAvailable,
                                            postgres::kSqlStateDeadlockDetected,
                                            postgres::kSqlStateSerializationFailure,
                                            "42703",
                                            "3F000",
                                            "42704",
                                            "XX000"};

// True if a new snapshot may succeed where this attempt has failed.
bool WarrantsNewSnapshot(const Error& error) {
  if (error.code() == ErrorCode::kConflict) return true;
  // pg_dump's reasons come in words only. What a new attempt cannot mend is told apart so that the
  // user does not wait for nothing.
  if (error.code() == ErrorCode::kChildFailed) {
    constexpr std::string_view kLasting[] = {"permission denied", "version mismatch",
                                             "no matching"};
    return std::ranges::none_of(kLasting, [&error](std::string_view words) {
      return error.message().find(words) != std::string::npos;
    });
  }
  return std::ranges::find(kGoneStates, std::string_view(error.sqlstate())) !=
         std::end(kGoneStates);
}

bool MayBeLock(const Error& error) {
  return error.sqlstate() == postgres::kSqlStateLockNotAvailable ||
         error.code() == ErrorCode::kChildFailed;
}

std::vector<const TableInfo*> All(const std::vector<TableInfo>& tables) {
  std::vector<const TableInfo*> pointers;
  pointers.reserve(tables.size());
  for (const TableInfo& table : tables) pointers.push_back(&table);
  return pointers;
}

}  // namespace

std::vector<int> LockedDatabase::pids() const {
  std::vector<int> pids;
  if (leader_) pids.push_back(leader_->backend_pid());
  for (const auto& worker : workers_) pids.push_back(worker->backend_pid());
  return pids;
}

Status LockedDatabase::Connect(const DatabaseRequest& request, const ConnectOptions& options) {
  PGK_ASSIGN_OR_RETURN(leader_, Connection::Open(request.params, options));
  PGK_TRY(postgres::RefuseTransactionPooling(*leader_, leader_->EffectiveParams(), options));
  PGK_TRY(postgres::ApplyBackupSettings(*leader_, request.role));
  PGK_ASSIGN_OR_RETURN(server_, postgres::ReadServerInfo(*leader_));
  PGK_ASSIGN_OR_RETURN(dump_program_, logical::FindProgram("pg_dump", server_.version_num,
                                                           request.programs, options.stop));
  return Ok();
}

Status LockedDatabase::LockAll(const DatabaseRequest& request, BackupWatcher& watcher) {
  watcher.OnPhase(BackupPhase::kListingTables, request.database);
  PGK_ASSIGN_OR_RETURN(tables_, ListTables(*leader_, request.filter));
  watcher.OnPhase(BackupPhase::kLockingTables, request.database);
  PGK_TRY(LockTables(*leader_, All(tables_), request.lock_timeout));
  watcher.OnPhase(BackupPhase::kComparingTables, request.database);
  return DescribeLockedTables(*leader_, tables_);
}

Status LockedDatabase::StartWorkers(const DatabaseRequest& request, const ConnectOptions& options) {
  plan_ = MakeReadPlan(tables_, request.jobs, request.mode, server_.version_num);
  const postgres::ConnectionParams params = leader_->EffectiveParams();
  for (unsigned i = 0; i < request.jobs; ++i) {
    PGK_ASSIGN_OR_RETURN(workers_.emplace_back(), Connection::Open(params, options));
    PGK_TRY(postgres::ApplyBackupSettings(*workers_.back(), request.role));
    PGK_TRY(postgres::JoinSnapshot(*workers_.back(), snapshot_.id));
  }
  for (unsigned i = 0; i < request.jobs; ++i) {
    std::vector<const TableInfo*> own;
    for (const size_t place : plan_.locks[i]) own.push_back(&tables_[place]);
    PGK_TRY(LockTables(*workers_[i], own, request.lock_timeout));
  }
  return Ok();
}

Status LockedDatabase::KeepTasksWithData(const archive::Toc& toc) {
  std::unordered_map<uint32_t, size_t> places;
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (tables_[i].kind == 'r') places.emplace(tables_[i].oid, i);
  }
  std::vector<bool> wanted(tables_.size());
  PGK_ASSIGN_OR_RETURN(const std::vector<archive::TableData> data,
                       archive::ListTableData(archive::TocIndex(toc)));
  for (const archive::TableData& table : data) {
    const auto place = places.find(table.table_oid);
    if (place == places.end()) {
      return Err(ErrorCode::kConflict, "pg_dump wants data of a table that is not locked: {}.{}",
                 table.schema, table.name);
    }
    wanted[place->second] = true;
  }
  const auto drop = [&wanted](std::vector<ReadTask>& tasks) {
    std::erase_if(tasks, [&wanted](const ReadTask& task) { return !wanted[task.table]; });
  };
  drop(plan_.shared);
  for (std::vector<ReadTask>& tasks : plan_.own) drop(tasks);
  return Ok();
}

Status LockedDatabase::ReadDefinitions(const DatabaseRequest& request, std::stop_token stop) {
  const DumpRequest dump_request{.program = dump_program_,
                                 .params = leader_->EffectiveParams(),
                                 .encoding = server_.encoding,
                                 .snapshot = snapshot_.id,
                                 .lock_timeout = request.lock_timeout,
                                 .filter = request.filter,
                                 .role = request.role};
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<DefinitionDump> dump,
                       DefinitionDump::Start(dump_request));
  Result<archive::Toc> read = dump->ReadContents(stop);
  if (!read.ok() && read.error().code() == ErrorCode::kChildFailed &&
      read.error().message().find(kOutOfSharedMemory) != std::string::npos) {
    return NoRoomForLocks();  // pg_dump has only words for it
  }
  PGK_ASSIGN_OR_RETURN(const archive::Toc toc, std::move(read));
  // Only now: until here pg_dump's own locks kept its tables as they are.
  PGK_TRY(KeepTasksWithData(toc));
  PGK_ASSIGN_OR_RETURN(archive::LargeObjects objects, archive::ListLargeObjects(toc));
  large_objects_ = std::move(objects.oids);
  dump->Stop();
  contents_ = dump->TakeBytes();
  return Ok();
}

Status LockedDatabase::Attempt(const DatabaseRequest& request, BackupWatcher& watcher,
                               std::stop_token stop) {
  ConnectOptions options;
  options.stop = stop;
  watcher.OnPhase(BackupPhase::kConnecting, request.database);
  PGK_TRY(Connect(request, options));
  watcher.OnPhase(BackupPhase::kTakingSnapshot, request.database);
  taken_ = SystemClock().Monotonic();
  PGK_ASSIGN_OR_RETURN(snapshot_, postgres::ExportSnapshot(*leader_));
  PGK_TRY(LockAll(request, watcher));
  watcher.OnPhase(BackupPhase::kStartingWorkers, request.database);
  PGK_TRY(StartWorkers(request, options));
  watcher.OnPhase(BackupPhase::kReadingDefinitions, request.database);
  return ReadDefinitions(request, stop);
}

// Adds who holds the lock: the server's own message names nobody.
Error LockedDatabase::Explain(Error error, Duration lock_timeout) {
  if (!MayBeLock(error) || !leader_ || !leader_->usable()) return error;
  static_cast<void>(leader_->Execute("ROLLBACK"));
  const Result<std::vector<LockParty>> parties = FindExclusive(*leader_, tables_, pids());
  if (!parties.ok() || parties->empty()) return error;
  const auto seconds = std::chrono::duration<double>(lock_timeout).count();
  Error busy = Err(ErrorCode::kBusy, "waited {:g} s for locks on tables, because of {}", seconds,
                   parties->front().Describe())
                   .WithSqlState(std::string(postgres::kSqlStateLockNotAvailable))
                   .WithHint("let that session end, then run the backup again");
  // pg_dump may have had another reason.
  return error.code() == ErrorCode::kChildFailed ? std::move(busy).Attach(std::move(error)) : busy;
}

Result<std::unique_ptr<LockedDatabase>> LockedDatabase::Open(const DatabaseRequest& request,
                                                             BackupWatcher& watcher,
                                                             std::stop_token stop) {
  PGK_CHECK(request.jobs > 0, "a backup has at least one worker");
  for (int attempt = 1;; ++attempt) {
    auto database = std::unique_ptr<LockedDatabase>(new LockedDatabase());
    const Status done = database->Attempt(request, watcher, stop);
    if (done.ok()) return database;
    if (!WarrantsNewSnapshot(done.error()) || stop.stop_requested()) return Error(done.error());
    Error error = database->Explain(Error(done.error()), request.lock_timeout);
    // The locks go before anything else: somebody may wait for them.
    database.reset();
    if (attempt == kSnapshotAttempts) {
      return std::move(error).WithContext(fmt::format("gave up after {} attempts", attempt));
    }
    watcher.OnRestart(request.database, attempt, error);
  }
}

}  // namespace pgkeep::backup

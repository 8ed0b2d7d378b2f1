#include "backup/database_backup.h"

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "backup/large_objects.h"
#include "backup/stream_set.h"
#include "backup/table_list.h"
#include "backup/table_locks.h"
#include "backup/worker_crew.h"
#include "logical/stream_format.h"

namespace pgkeep::backup {
namespace {

using logical::StreamKind;
using repository::StreamSpec;
using repository::StreamWriter;
using repository::SubtreeWriter;

// How often is asked who waits behind our locks: the question is not free for the server.
constexpr Duration kWaitersEvery = std::chrono::seconds(5);

// Stores bytes as a stream of units of one size.
Status StorePlain(SubtreeWriter& subtree, std::string_view name, StreamKind kind, ByteSpan bytes) {
  StreamSpec spec;
  spec.name = name;
  spec.kind = static_cast<uint8_t>(kind);
  spec.unit_size = logical::kPlainUnitBytes;
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<StreamWriter> stream,
                       subtree.OpenStream(std::move(spec)));
  PGK_ASSIGN_OR_RETURN(const auto range, stream->OpenRange(0));
  while (!bytes.empty()) {
    const ByteSpan unit = bytes.first(std::min<size_t>(bytes.size(), logical::kPlainUnitBytes));
    bytes = bytes.subspan(unit.size());
    PGK_TRY(range->Append(unit));
  }
  PGK_TRY(range->Close());
  return stream->Finish();
}

// One database on its way into the repository.
class DatabaseRun {
 public:
  DatabaseRun(const DatabaseRequest& request, const RunContext& run, DatabaseOutcome& outcome)
      : request_(request), run_(run), outcome_(outcome) {}

  Status Run(std::stop_token stop);

 private:
  Status ReadTables(const std::stop_source& interrupt);
  Result<std::optional<ExtraTask>> PlanLargeObjects();
  Status StoreLargeObjects(postgres::Connection& connection, const TableInfo& table, bool by_block);
  Status Tick(WorkerCrew& crew, size_t tables);
  Bytes Attributes() const;

  const DatabaseRequest& request_;
  const RunContext& run_;
  DatabaseOutcome& outcome_;
  std::unique_ptr<LockedDatabase> database_;
  std::unique_ptr<SubtreeWriter> subtree_;
  ReadCounters* counters_ = nullptr;  // the crew's, while it runs
  BackupProgress progress_;
  Duration next_waiters_{};
};

Status DatabaseRun::StoreLargeObjects(postgres::Connection& connection, const TableInfo& table,
                                      bool by_block) {
  StreamSpec spec;
  spec.name = logical::kLargeObjectsStream;
  spec.identity = logical::EncodeIdentity({.oid = table.oid, .columns = table.columns});
  spec.kind = static_cast<uint8_t>(by_block ? StreamKind::kLargeObjectsByBlock
                                            : StreamKind::kLargeObjectsBySize);
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<StreamWriter> stream,
                       subtree_->OpenStream(std::move(spec)));
  PGK_ASSIGN_OR_RETURN(auto range, stream->OpenRange(0));
  const ReadTask task{
      .table = 0, .first_block = 0, .end_block = std::nullopt, .disk_bytes = table.bytes};
  logical::TableFingerprint fingerprint;
  if (by_block) {
    PGK_ASSIGN_OR_RETURN(
        fingerprint, ReadTable(connection, table, task, std::move(range), run_.hash, *counters_));
  } else {
    PGK_ASSIGN_OR_RETURN(fingerprint, ReadLargeObjects(connection, database_->large_objects(),
                                                       std::move(range), run_.hash, *counters_));
  }
  return stream->Finish(AttributesOf(table, fingerprint));
}

Result<std::optional<ExtraTask>> DatabaseRun::PlanLargeObjects() {
  outcome_.large_objects = database_->large_objects().size();
  if (database_->large_objects().empty()) return std::optional<ExtraTask>();
  PGK_ASSIGN_OR_RETURN(const bool by_block, MayReadLargeObjectTable(database_->leader()));
  PGK_ASSIGN_OR_RETURN(TableInfo table, DescribeLargeObjects(database_->leader()));
  progress_.disk_bytes += table.bytes;
  return std::optional<ExtraTask>(
      [this, table = std::move(table), by_block](postgres::Connection& connection) {
        return StoreLargeObjects(connection, table, by_block);
      });
}

Status DatabaseRun::Tick(WorkerCrew& crew, size_t tables) {
  const ReadCounters& counters = *counters_;
  const Duration now = SystemClock().Monotonic();
  // Also notices now and then when the leader, and with it the snapshot, is lost.
  if (now >= next_waiters_) {
    next_waiters_ = now + kWaitersEvery;
    PGK_ASSIGN_OR_RETURN(progress_.waiters, FindWaiters(database_->leader(), database_->pids()));
  }
  progress_.tables = tables;
  progress_.tables_done = counters.tables;
  progress_.current_table = crew.current_table();
  progress_.disk_bytes_done = counters.disk_bytes;
  progress_.text_bytes = counters.text_bytes;
  progress_.rows = counters.rows;
  progress_.snapshot_age = now - database_->taken();
  run_.watcher.OnProgress(progress_);
  return Ok();
}

Status DatabaseRun::ReadTables(const std::stop_source& interrupt) {
  run_.watcher.OnPhase(BackupPhase::kReadingTables, request_.database);
  StreamSet streams(*subtree_, database_->tables(), database_->plan());
  for (const ReadTask& task : database_->plan().shared) progress_.disk_bytes += task.disk_bytes;
  for (const auto& tasks : database_->plan().own) {
    for (const ReadTask& task : tasks) progress_.disk_bytes += task.disk_bytes;
  }
  PGK_ASSIGN_OR_RETURN(std::optional<ExtraTask> extra, PlanLargeObjects());
  WorkerCrew crew(*database_, streams, request_.mode, run_.hash, std::move(extra), interrupt);
  counters_ = &crew.counters();
  PGK_TRY(crew.Run([&] { return Tick(crew, streams.tables()); }));
  PGK_TRY(Tick(crew, streams.tables()));
  // Also proves that the leader, and with it the snapshot and its locks, was there until now.
  PGK_TRY(ConfirmNames(database_->leader(), database_->tables()));
  outcome_.text_bytes = counters_->text_bytes;
  outcome_.tables = streams.TakeOutcomes();
  // Not the counters' rows, which have pages of large objects among them.
  for (const TableOutcome& table : outcome_.tables) outcome_.rows += table.fingerprint.rows;
  return Ok();
}

Bytes DatabaseRun::Attributes() const {
  const postgres::ServerInfo& server = database_->server();
  return logical::EncodeDatabase({.oid = server.database_oid,
                                  .encoding = server.encoding,
                                  .collate = server.collate,
                                  .ctype = server.ctype,
                                  .locale_provider = server.locale_provider,
                                  .locale = server.locale,
                                  .collation_version = server.collation_version,
                                  .server_version_num = static_cast<uint32_t>(server.version_num),
                                  .server_version = server.version,
                                  .dump_version = database_->dump_program().version,
                                  .standby = server.in_recovery,
                                  .roles_with_passwords = run_.roles_with_passwords,
                                  .fingerprint_key = ToBytes(run_.fingerprint_key),
                                  .tables = outcome_.tables.size(),
                                  .rows = outcome_.rows,
                                  .large_objects = outcome_.large_objects});
}

Status DatabaseRun::Run(std::stop_token stop) {
  std::stop_source interrupt;
  const std::stop_callback<std::function<void()>> on_stop(
      std::move(stop), [&interrupt] { interrupt.request_stop(); });
  progress_.database = request_.database;
  progress_.database_number = run_.database_number;
  progress_.databases = run_.databases;
  PGK_ASSIGN_OR_RETURN(database_,
                       LockedDatabase::Open(request_, run_.watcher, interrupt.get_token()));
  outcome_.snapshot_time = database_->snapshot().started;
  repository::SubtreeSpec spec;
  spec.name = request_.database;
  spec.snapshot_time = outcome_.snapshot_time;
  PGK_ASSIGN_OR_RETURN(subtree_, run_.writer.OpenSubtree(std::move(spec)));
  PGK_TRY(StorePlain(*subtree_, logical::kContentsStream, StreamKind::kContents,
                     database_->TakeContents()));
  if (!run_.globals.empty()) {
    PGK_TRY(StorePlain(*subtree_, logical::kGlobalsStream, StreamKind::kGlobals, run_.globals));
  }
  PGK_TRY(ReadTables(interrupt));
  run_.watcher.OnPhase(BackupPhase::kFinishing, request_.database);
  const Bytes attributes = Attributes();
  // The locks are not needed any more, and storing may take its time.
  database_.reset();
  return subtree_->Finish(attributes);
}

}  // namespace

Status BackUpDatabase(const DatabaseRequest& request, const RunContext& run, std::stop_token stop,
                      DatabaseOutcome& outcome) {
  outcome.name = request.database;
  return DatabaseRun(request, run, outcome).Run(std::move(stop));
}

}  // namespace pgkeep::backup

#include "restore/load_crew.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/task_group.h"
#include "postgres/session_settings.h"
#include "restore/row_source.h"

namespace pgkeep::restore {
namespace {

// So small that workers end at about the same time, and neighbours stay near each other; so large
// that opening them costs nothing.
constexpr uint64_t kChunkBytes = uint64_t{16} << 20;

std::vector<LoadItem> ItemsOf(const std::vector<LoadJob>& jobs) {
  std::vector<LoadItem> items;
  items.reserve(jobs.size());
  for (const LoadJob& job : jobs) {
    items.push_back({.units = job.rows->entry.units,
                     .bytes = job.rows->entry.bytes,
                     .after = job.after,
                     .shared = job.shared});
  }
  return items;
}

// Damage is one table's. That a store does not answer is everybody's.
bool IsOfOneTable(const Error& error) {
  return error.code() == ErrorCode::kCorruption || error.code() == ErrorCode::kNotFound ||
         error.code() == ErrorCode::kUnsupported;
}

Error NotTheRows(uint64_t read, uint64_t expected) {
  return Err(ErrorCode::kCorruption,
             "the rows in the backup are not those that were backed up ({} read, {} recorded)",
             read, expected)
      .WithHint("run 'pgkeep verify --data 100' on the backup, and restore from another one");
}

}  // namespace

struct LoadCrew::Share {
  size_t item = 0;
  uint64_t units = 0;
  logical::TableFingerprint read;
  uint64_t bytes = 0;
  uint64_t stored = 0;
  // What ended it: the backup, or else the server.
  bool backup_failed = false;
  bool abandoned = false;  // because somebody else has failed with the same job
};

LoadCrew::LoadCrew(const BackupSource& source, const postgres::ConnectionParams& params,
                   std::string settings, std::vector<LoadJob> jobs, Progress& progress)
    : source_(source),
      params_(params),
      settings_(std::move(settings)),
      jobs_(std::move(jobs)),
      progress_(progress),
      queue_(ItemsOf(jobs_), kChunkBytes),
      outcomes_(jobs_.size()) {}

Status LoadCrew::ReadInto(RowTarget& target, Share& share) {
  PGK_ASSIGN_OR_RETURN(const auto reader, source_.OpenStream(*jobs_[share.item].rows));
  RowSource rows(*reader, source_.hash());
  std::optional<Error> refused;
  uint64_t counted = 0;
  const RowSink sink = [&](ByteSpan text) -> Status {
    if (queue_.HasFailed(share.item)) {
      share.abandoned = true;
      return Error(ErrorCode::kCancelled, "another part of the table has failed");
    }
    Status written = target.Write(text);
    if (!written.ok()) refused = written.error();
    PGK_TRY(written);
    progress_.AddBytes(text.size());
    progress_.AddRows(rows.fingerprint().rows - counted);
    counted = rows.fingerprint().rows;
    return Ok();
  };
  while (const std::optional<LoadChunk> chunk = queue_.NextChunk(share.item)) {
    const Status read = rows.Read(chunk->first_unit, chunk->units, sink);
    if (refused) return *std::move(refused);
    if (!read.ok()) share.backup_failed = true;
    PGK_TRY(read);
    share.units += chunk->units;
  }
  share.read = rows.fingerprint();
  share.bytes = rows.bytes();
  return Ok();
}

Status LoadCrew::Store(postgres::Connection& connection, Share& share) {
  const LoadJob& job = jobs_[share.item];
  if (job.rows->entry.units == 0) return Ok();
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<RowTarget> target, job.open(connection));
  const Status read = ReadInto(*target, share);
  if (!read.ok()) {
    // After an error of the server there is nothing left to end.
    if (share.backup_failed) target->Abort("pgkeep could not read the rows from its backup");
    return read;
  }
  // Who has read all of it can still take it back.
  const logical::TableFingerprint& recorded = job.rows->attributes.fingerprint;
  if (share.units == job.rows->entry.units && share.read != recorded) {
    target->Abort("the rows are not those that were backed up");
    return NotTheRows(share.read.rows, recorded.rows);
  }
  PGK_ASSIGN_OR_RETURN(share.stored, target->Finish());
  return Ok();
}

void LoadCrew::Record(const Share& share, const Status& done) {
  const MutexLock lock(mutex_);
  LoadOutcome& outcome = outcomes_[share.item];
  if (done.ok()) {
    outcome.read += share.read;
    outcome.stored += share.stored;
    outcome.bytes += share.bytes;
  } else if (!share.abandoned) {
    outcome.errors.push_back(done.error());
  }
}

void LoadCrew::Judge(size_t item) {
  const logical::TableFingerprint& recorded = jobs_[item].rows->attributes.fingerprint;
  const MutexLock lock(mutex_);
  LoadOutcome& outcome = outcomes_[item];
  if (!outcome.errors.empty()) return;
  if (outcome.read != recorded) {
    outcome.errors.push_back(NotTheRows(outcome.read.rows, recorded.rows));
  } else if (outcome.stored != outcome.read.rows) {
    outcome.errors.push_back(Err(ErrorCode::kCorruption,
                                 "{} rows were sent, but the server stored {}", outcome.read.rows,
                                 outcome.stored));
  } else {
    outcome.complete = true;
  }
}

Status LoadCrew::LoadShare(postgres::Connection& connection, size_t item,
                           const std::stop_token& stop) {
  Share share;
  share.item = item;
  progress_.SetObject(jobs_[item].name);
  const Status done = Store(connection, share);
  Record(share, done);
  const bool last = queue_.Leave(item, done.ok());
  if (last) {
    Judge(item);
    progress_.AddObjects();
  }
  if (stop.stop_requested()) return Err(ErrorCode::kCancelled, "loading rows was interrupted");
  if (done.ok()) return Ok();
  const bool fatal = !connection.usable() ||
                     (share.backup_failed && !share.abandoned && !IsOfOneTable(done.error()));
  if (!fatal) return Ok();
  return Error(done.error()).WithContext("loading " + jobs_[item].name);
}

Result<std::unique_ptr<postgres::Connection>> LoadCrew::Connect(std::stop_token stop) const {
  postgres::ConnectOptions connect;
  connect.stop = std::move(stop);
  PGK_ASSIGN_OR_RETURN(auto connection, postgres::Connection::Open(params_, connect));
  PGK_TRY(postgres::ApplyRestoreSettings(*connection, source_.attributes().encoding));
  PGK_TRY(connection->Execute(settings_));
  return connection;
}

Status LoadCrew::Work(postgres::Connection& connection, const std::stop_token& stop) {
  while (const std::optional<size_t> item = queue_.Join(stop)) {
    PGK_TRY(LoadShare(connection, *item, stop));
  }
  if (stop.stop_requested()) return Err(ErrorCode::kCancelled, "loading rows was interrupted");
  return Ok();
}

Result<std::vector<LoadOutcome>> LoadCrew::Run(unsigned workers, std::stop_token stop) {
  std::vector<std::unique_ptr<postgres::Connection>> connections;
  TaskGroup group(std::move(stop));
  for (unsigned worker = 0; worker < std::max(1U, workers); ++worker) {
    auto connection = Connect(group.token());
    if (!connection.ok() && connection.error().code() == ErrorCode::kBusy && worker > 0) {
      Log(LogLevel::kWarning, "restore", "{} connections instead of {}: {}", worker, workers,
          connection.error().ToString());
      break;
    }
    PGK_ASSIGN_OR_RETURN(auto usable, std::move(connection));
    connections.push_back(std::move(usable));
  }
  connections_ = static_cast<unsigned>(connections.size());
  for (unsigned worker = 0; worker < connections_; ++worker) {
    group.Spawn(fmt::format("load-{}", worker),
                [this, connection = connections[worker].get()](const std::stop_token& token) {
                  return Work(*connection, token);
                });
  }
  PGK_TRY(group.Wait());
  const MutexLock lock(mutex_);
  return std::move(outcomes_);
}

}  // namespace pgkeep::restore

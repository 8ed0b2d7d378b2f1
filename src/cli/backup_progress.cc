#include "cli/backup_progress.h"

#include <fmt/format.h>

#include "base/display.h"
#include "base/log.h"

namespace pgkeep::cli {
namespace {

// What has come since the last time; figures that go back are corrections, and count nothing.
uint64_t Grown(uint64_t now, uint64_t& before) {
  const uint64_t grown = now > before ? now - before : 0;
  before += grown;
  return grown;
}

}  // namespace

void BackupProgressWatcher::OnPhase(backup::BackupPhase phase, const std::string& database) {
  disk_bytes_ = rows_ = tables_ = 0;
  progress_.SetNote("");
  progress_.BeginPhase(backup::PhaseName(phase));
  progress_.SetObject(database);
}

void BackupProgressWatcher::OnProgress(const backup::BackupProgress& now) {
  progress_.SetTotalBytes(now.disk_bytes, true);
  progress_.SetTotalObjects(now.tables);
  progress_.AddBytes(Grown(now.disk_bytes_done, disk_bytes_));
  progress_.AddRows(Grown(now.rows, rows_));
  progress_.AddObjects(Grown(now.tables_done, tables_));
  progress_.SetObject(now.current_table);
  progress_.SetNote(BackupNote(now));
}

void BackupProgressWatcher::OnRestart(const std::string& database, int attempt,
                                      const Error& reason) {
  Log(LogLevel::kWarning, "backup", "database {}: attempt {} gave way, a new snapshot is taken: {}",
      database, attempt, reason.ToString());
}

std::string BackupNote(const backup::BackupProgress& now) {
  std::string note;
  if (now.databases > 1) {
    note = fmt::format("database {} of {}, ", now.database_number, now.databases);
  }
  note += fmt::format("snapshot {} old", FormatDuration(now.snapshot_age));
  if (now.waiters.empty()) return note;
  return fmt::format(
      "{}, {} for our locks: {}", note,
      now.waiters.size() == 1 ? "1 waits" : fmt::format("{} wait", now.waiters.size()),
      now.waiters.front().Describe());
}

}  // namespace pgkeep::cli

#include "cli/backup_progress.h"

#include <gtest/gtest.h>

namespace pgkeep::cli {
namespace {

backup::BackupProgress Reading(uint64_t bytes, uint64_t rows, uint64_t tables) {
  backup::BackupProgress now;
  now.database = "app";
  now.database_number = 1;
  now.databases = 1;
  now.tables = 9;
  now.tables_done = tables;
  now.current_table = "public.orders";
  now.disk_bytes = 1000;
  now.disk_bytes_done = bytes;
  now.rows = rows;
  now.snapshot_age = std::chrono::seconds(65);
  return now;
}

TEST(BackupProgressWatcher, CountsWhatHasComeSince) {
  Progress progress;
  BackupProgressWatcher watcher(progress);
  watcher.OnPhase(backup::BackupPhase::kReadingTables, "app");
  watcher.OnProgress(Reading(100, 10, 1));
  watcher.OnProgress(Reading(90, 10, 1));  // a correction
  watcher.OnProgress(Reading(400, 25, 3));
  const ProgressSnapshot at = progress.Snapshot();
  EXPECT_EQ(at.phase, "reading_tables");
  EXPECT_EQ(at.bytes, 400U);
  EXPECT_EQ(at.total_bytes, 1000U);
  EXPECT_TRUE(at.total_is_estimate);
  EXPECT_EQ(at.rows, 25U);
  EXPECT_EQ(at.objects, 3U);
  EXPECT_EQ(at.object, "public.orders");
}

TEST(BackupProgressWatcher, BeginsAnewWithEachDatabase) {
  Progress progress;
  BackupProgressWatcher watcher(progress);
  for (const char* database : {"a", "b"}) {
    watcher.OnPhase(backup::BackupPhase::kReadingTables, database);
    watcher.OnProgress(Reading(400, 25, 3));
  }
  EXPECT_EQ(progress.Snapshot().bytes, 400U);
  EXPECT_EQ(progress.Snapshot().job_bytes, 800U);
}

TEST(BackupNote, TellsAgeAndWhoWaits) {
  backup::BackupProgress now = Reading(0, 0, 0);
  EXPECT_EQ(BackupNote(now), "snapshot 1:05 old");
  now.databases = 3;
  now.database_number = 2;
  now.waiters.push_back({.pid = 7, .mode = "AccessExclusiveLock", .relation = "t", .query = ""});
  EXPECT_EQ(BackupNote(now), "database 2 of 3, snapshot 1:05 old, 1 waits for our locks: " +
                                 now.waiters.front().Describe());
}

}  // namespace
}  // namespace pgkeep::cli

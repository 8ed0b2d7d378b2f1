// Power cuts during whole backups: what was acknowledged is there, what was not is absent or whole,
// and the next backup works.
#include <gtest/gtest.h>

#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "repository/backup_list.h"
#include "repository/data_test_kit.h"
#include "storage/directory_store.h"
#include "testing/crash_replay.h"
#include "testing/recording_file_system.h"
#include "testing/temporary_directory.h"

namespace pgkeep::repository {
namespace {

TestTree Tree(size_t pages) {
  TestTree tree;
  tree["db"]["t"] = TestPages(5, pages, 64);
  return tree;
}

std::unique_ptr<storage::ObjectStore> OpenStore(FileSystem& files, const std::string& path) {
  storage::DirectoryStoreOptions options;
  options.path = path;
  options.create = true;
  auto store = storage::OpenDirectoryStore(files, options);
  PGK_CHECK(store.ok(), "the directory store opens");
  return *std::move(store);
}

// A backup, and from which crash point on it must be there.
struct Acknowledged {
  BackupId id;
  size_t position = 0;
  TestTree tree;
};

Status CheckState(TestVault& vault, const std::vector<Acknowledged>& backups,
                  const testing::CrashState& state, uint64_t* present) {
  const auto store = OpenStore(PosixFileSystem(), state.directory + "/repository");
  const auto repository = vault.Open(false, "", store.get());
  PGK_ASSIGN_OR_RETURN(const auto listed, ListBackups(repository->context()));
  for (const Acknowledged& backup : backups) {
    const bool there = std::ranges::find(listed, backup.id, &BackupSummary::id) != listed.end();
    if (!there && state.prefix >= backup.position) {
      return Err(ErrorCode::kInternal, "backup {} is lost", backup.id.Hex());
    }
    if (!there) continue;
    ++*present;
    PGK_ASSIGN_OR_RETURN(const TestTree read, ReadTree(*repository, backup.id));
    if (read != backup.tree) return Err(ErrorCode::kInternal, "other content was read");
  }
  const TestTree next = Tree(33);
  PGK_ASSIGN_OR_RETURN(const TestBackup after, WriteTree(*repository, next));
  PGK_ASSIGN_OR_RETURN(const TestTree read, ReadTree(*repository, after.id));
  if (read != next) return Err(ErrorCode::kInternal, "the next backup reads back other content");
  return Ok();
}

TEST(BackupCrash, NothingAcknowledgedIsLostAndTheNextBackupWorks) {
  const testing::TemporaryDirectory directory;
  const testing::TemporaryDirectory scratch;
  // The repository exists before the recording: a crash during init leaves a place to init again.
  ASSERT_TRUE(PosixFileSystem().CreateDirectory(directory.path() + "/repository", 0700).ok());
  auto plain = OpenStore(PosixFileSystem(), directory.path() + "/repository");
  TestVault vault(3, plain.get());
  testing::RecordingFileSystem recording(PosixFileSystem(), directory.path());
  const auto store = OpenStore(recording, directory.path() + "/repository");
  std::vector<Acknowledged> backups;
  for (const size_t pages : {size_t{20}, size_t{30}}) {
    const auto backup = WriteTree(*vault.Open(false, "", store.get()), Tree(pages));
    ASSERT_TRUE(backup.ok()) << backup.error().Describe();
    backups.push_back({backup->id, recording.position(), Tree(pages)});
  }
  const testing::CrashReplay replay(recording.log());
  uint64_t present = 0;
  const auto report = testing::ForEachCrash(replay, scratch.path(), {.states_max = 6, .seed = 1},
                                            [&](const testing::CrashState& state) {
                                              return CheckState(vault, backups, state, &present);
                                            });
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  std::cout << report->points << " crash points, " << report->states << " states, backups found "
            << present << " times\n";
  EXPECT_GT(report->points, 50U);
  EXPECT_GT(report->states, report->points);
  EXPECT_GT(present, 0U);
}

}  // namespace
}  // namespace pgkeep::repository

// Which temporaries are swept, and above all which are not.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "storage/directory_layout.h"
#include "storage/directory_store.h"
#include "storage/directory_writer.h"
#include "testing/faulty_file_system.h"
#include "testing/temporary_directory.h"

namespace pgkeep::storage {
namespace {

constexpr std::string_view kDeadWriter = "00000000deadbeef";

class SweepTest : public ::testing::Test {
 protected:
  SweepTest() : root_(directory_.Join("repository")) {
    store_ = OpenDirectoryStore(PosixFileSystem(), {.path = root_, .create = true}).value();
    EXPECT_TRUE(store_->CreateIfAbsent("p/1", Bytes(10)).ok());
  }

  std::string Temporary(std::string_view name) const {
    return root_ + "/+tmp/" + std::string(name);
  }

  // A file of 100 bytes in the temporary directory that was last changed `age` ago.
  std::string Leave(const std::string& name, std::chrono::hours age) {
    const std::string path = Temporary(name);
    std::ofstream(path) << std::string(100, 'x');
    SetAge(path, age);
    return path;
  }

  static void SetAge(const std::string& path, std::chrono::hours age) {
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - age);
  }

  SweepReport Sweep() {
    const auto report = SweepTemporaries(PosixFileSystem(), {.path = root_});
    EXPECT_TRUE(report.ok()) << report.error().Describe();
    return report.ok() ? *report : SweepReport{};
  }

  const testing::TemporaryDirectory directory_;
  const std::string root_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(SweepTest, RemovesOldTemporariesOfDeadWriters) {
  const std::string lock = Leave(WriterLockName(kDeadWriter), std::chrono::hours(25));
  const std::string one = Leave(TemporaryName(kDeadWriter, 1), std::chrono::hours(25));
  const std::string two = Leave(TemporaryName(kDeadWriter, 2), std::chrono::hours(1000));
  const SweepReport report = Sweep();
  EXPECT_EQ(report.removed, 3U);
  EXPECT_EQ(report.removed_bytes, 300U);
  for (const std::string& path : {lock, one, two}) EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(store_->Head("p/1").ok());
  EXPECT_TRUE(store_->CreateIfAbsent("p/2", Bytes(10)).ok());
}

TEST_F(SweepTest, RemovesOldTemporariesWhoseLockFileIsGone) {
  const std::string path = Leave(TemporaryName(kDeadWriter, 1), std::chrono::hours(25));
  EXPECT_EQ(Sweep().removed, 1U);
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(Temporary(WriterLockName(kDeadWriter))));
}

TEST_F(SweepTest, KeepsYoungTemporaries) {
  Leave(TemporaryName(kDeadWriter, 1), std::chrono::hours(23));
  Leave(WriterLockName(kDeadWriter), std::chrono::hours(0));
  const SweepReport report = Sweep();
  EXPECT_EQ(report.removed, 0U);
  // Ours, the dead writer's lock and its temporary.
  EXPECT_EQ(report.kept, 3U);
}

// However old they are: a slow upload on a suspended machine is not dead.
TEST_F(SweepTest, KeepsEverythingOfALiveWriter) {
  const auto writer = DirectoryWriter::Open(PosixFileSystem(), root_ + "/+tmp");
  ASSERT_TRUE(writer.ok()) << writer.error().Describe();
  const auto file = (*writer)->Write(Bytes(10));
  ASSERT_TRUE(file.ok());
  SetAge(file->path(), std::chrono::hours(10'000));
  SetAge(Temporary(WriterLockName((*writer)->id())), std::chrono::hours(10'000));
  const SweepReport report = Sweep();
  EXPECT_EQ(report.removed, 0U);
  EXPECT_EQ(report.kept, 3U);
  EXPECT_TRUE(std::filesystem::exists(file->path()));
}

TEST_F(SweepTest, TouchesNothingThatPgkeepDidNotName) {
  std::vector<std::string> foreign;
  for (const char* name :
       {"notes.txt", "00000000deadbee-1", "00000000DEADBEEF-1", "00000000deadbeef", ".lock",
        "00000000deadbeef-", "00000000deadbeef-x", "00000000deadbeef-1.old", "x00000000deadbeef-1",
        "00000000deadbeef.lock2", "00000000deadbeef-123456789012345678901"}) {
    foreign.push_back(Leave(name, std::chrono::hours(1000)));
  }
  std::filesystem::create_directory(Temporary(TemporaryName(kDeadWriter, 7)));
  EXPECT_EQ(Sweep().removed, 0U);
  for (const std::string& path : foreign) EXPECT_TRUE(std::filesystem::exists(path)) << path;
  EXPECT_TRUE(std::filesystem::exists(Temporary(TemporaryName(kDeadWriter, 7))));
}

TEST_F(SweepTest, LeavesNoTraceOfItself) {
  store_.reset();
  Sweep();
  EXPECT_TRUE(std::filesystem::is_empty(root_ + "/+tmp"));
}

TEST_F(SweepTest, ReportsWhyItCannotSweep) {
  testing::FaultyFileSystem files(PosixFileSystem());
  files.AddFault({.call = testing::FileCall::kCreateNew, .os_errno = EROFS});
  const auto report = SweepTemporaries(files, {.path = root_});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kPermission);
  EXPECT_NE(report.error().hint().find("read-only"), std::string::npos);
}

// Where the file system has no locks, age alone decides, and both sides go on.
TEST_F(SweepTest, WorksWithoutLocks) {
  testing::FaultyFileSystem files(PosixFileSystem());
  files.AddFault(
      {.call = testing::FileCall::kTryLock, .times = testing::kForEver, .os_errno = ENOLCK});
  const auto store = OpenDirectoryStore(files, {.path = root_});
  ASSERT_TRUE(store.ok());
  EXPECT_TRUE((*store)->CreateIfAbsent("p/3", Bytes(10)).ok());
  Leave(WriterLockName(kDeadWriter), std::chrono::hours(25));
  Leave(TemporaryName(kDeadWriter, 1), std::chrono::hours(25));
  const auto report = SweepTemporaries(files, {.path = root_});
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_EQ(report->removed, 2U);
}

}  // namespace
}  // namespace pgkeep::storage

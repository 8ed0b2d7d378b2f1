#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "base/file.h"
#include "base/file_util.h"
#include "testing/temporary_directory.h"

namespace pgkeep {
namespace {

class PosixFileSystemTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, std::string_view text) {
    ASSERT_TRUE((*files_.CreateNew(path, 0600))->WriteAll(AsBytes(text)).ok());
  }
  std::string Read(const std::string& path) {
    return std::string(AsText(*ReadWholeFile(files_, path, 1000)));
  }
  std::string At(std::string_view name) { return directory_.Join(name); }

  FileSystem& files_ = PosixFileSystem();
  testing::TemporaryDirectory directory_;
};

// Sets the umask for a scope.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

TEST_F(PosixFileSystemTest, ModesDoNotDependOnTheUmask) {
  for (const mode_t mask : {0U, 022U, 077U, 0777U}) {
    const Umask umask(mask);
    const std::string suffix = std::to_string(mask);
    ASSERT_TRUE(files_.CreateNew(At("new" + suffix), 0664).ok());
    ASSERT_TRUE(files_.OpenWrite(At("write" + suffix), 0600).ok());
    ASSERT_TRUE(files_.CreateDirectory(At("directory" + suffix), 0750).ok());
    EXPECT_EQ(files_.Stat(At("new" + suffix))->mode, 0664U);
    EXPECT_EQ(files_.Stat(At("write" + suffix))->mode, 0600U);
    EXPECT_EQ(files_.Stat(At("directory" + suffix))->mode, 0750U);
  }
}

TEST_F(PosixFileSystemTest, CreateNewRefusesATakenName) {
  Write(At("file"), "abc");
  ASSERT_EQ(::symlink("nowhere", At("symlink").c_str()), 0);
  EXPECT_EQ(files_.CreateNew(At("file"), 0600).error().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(files_.CreateNew(At("symlink"), 0600).error().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(Read(At("file")), "abc");
}

TEST_F(PosixFileSystemTest, DescriptorsAreClosedOnExec) {
  const Result<std::unique_ptr<File>> file = files_.CreateNew(At("file"), 0600);
  const Result<std::unique_ptr<FileLock>> lock = files_.TryLock(At("lock"));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(lock.ok());
  int found = 0;
  for (const DirectoryEntry& entry : *files_.ReadDirectory("/proc/self/fd")) {
    const int fd = std::stoi(entry.name);
    char target[1000] = {};
    if (::readlink(("/proc/self/fd/" + entry.name).c_str(), target, sizeof target - 1) < 0)
      continue;
    if (std::string_view(target).starts_with(directory_.path())) {
      ++found;
      EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC) << target;
    }
  }
  EXPECT_EQ(found, 2);
}

TEST_F(PosixFileSystemTest, MissingFilesAreNotFound) {
  EXPECT_EQ(files_.OpenRead(At("a")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.Stat(At("a")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.Remove(At("a")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.RemoveDirectory(At("a")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.Rename(At("a"), At("b")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.Link(At("a"), At("b")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.RenameNoReplace(At("a"), At("b")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.ReadDirectory(At("a")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.SyncDirectory(At("a")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.Space(At("a")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.CreateDirectory(At("a/b"), 0700).error().code(), ErrorCode::kNotFound);
  const Error error = files_.OpenRead(At("a")).error();
  EXPECT_EQ(error.ToString(), "opening " + At("a") + ": No such file or directory");
  EXPECT_EQ(error.os_errno(), ENOENT);
}

TEST_F(PosixFileSystemTest, RefusesPathsThatMeanSomethingElse) {
  Write(At("file"), "abc");
  const std::string cut = At("file") + std::string("\0.gone", 6);
  for (const std::string& path : {std::string(), cut}) {
    EXPECT_EQ(files_.OpenRead(path).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.CreateNew(path, 0600).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.OpenWrite(path, 0600).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.Stat(path).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.StatNoFollow(path).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.Remove(path).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.RemoveDirectory(path).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.CreateDirectory(path, 0700).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.Link(path, At("b")).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.Link(At("file"), path).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.Rename(path, At("b")).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.Rename(At("file"), path).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.RenameNoReplace(path, At("b")).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.RenameNoReplace(At("file"), path).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.ReadDirectory(path).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.SyncDirectory(path).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.Space(path).error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(files_.TryLock(path).error().code(), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(Read(At("file")), "abc");
}

TEST_F(PosixFileSystemTest, LinkAndRenameNoReplaceNeverReplace) {
  Write(At("a"), "a");
  Write(At("b"), "b");
  EXPECT_EQ(files_.Link(At("a"), At("b")).error().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(files_.RenameNoReplace(At("a"), At("b")).error().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(Read(At("b")), "b");
  ASSERT_TRUE(files_.Link(At("a"), At("c")).ok());
  EXPECT_EQ(files_.Stat(At("a"))->inode, files_.Stat(At("c"))->inode);
  ASSERT_TRUE(files_.RenameNoReplace(At("a"), At("d")).ok());
  EXPECT_EQ(Read(At("d")), "a");
  EXPECT_FALSE(files_.Stat(At("a")).ok());
}

TEST_F(PosixFileSystemTest, RenameReplaces) {
  Write(At("a"), "a");
  Write(At("b"), "b");
  ASSERT_TRUE(files_.Rename(At("a"), At("b")).ok());
  EXPECT_EQ(Read(At("b")), "a");
  EXPECT_FALSE(files_.Stat(At("a")).ok());
}

TEST_F(PosixFileSystemTest, ReadDirectoryNamesEverythingWithItsType) {
  Write(At("file"), "");
  ASSERT_TRUE(files_.CreateDirectory(At("directory"), 0700).ok());
  ASSERT_EQ(::symlink("file", At("symlink").c_str()), 0);
  ASSERT_EQ(::mkfifo(At("fifo").c_str(), 0600), 0);
  std::vector<DirectoryEntry> entries = *files_.ReadDirectory(directory_.path());
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  ASSERT_EQ(entries.size(), 4U);
  const std::pair<std::string, FileInfo::Type> expected[] = {
      {"directory", FileInfo::Type::kDirectory},
      {"fifo", FileInfo::Type::kOther},
      {"file", FileInfo::Type::kFile},
      {"symlink", FileInfo::Type::kOther}};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(entries[i].name, expected[i].first);
    EXPECT_EQ(entries[i].type, expected[i].second) << entries[i].name;
  }
}

TEST_F(PosixFileSystemTest, VisitDirectoryEndsWithTheFirstError) {
  Write(At("a"), "");
  Write(At("b"), "");
  int visits = 0;
  const Status visited = files_.VisitDirectory(directory_.path(), [&](const DirectoryEntry&) {
    ++visits;
    return Status(Err(ErrorCode::kRefused, "enough"));
  });
  EXPECT_EQ(visited.error().message(), "enough");
  EXPECT_EQ(visits, 1);
}

TEST_F(PosixFileSystemTest, StatFollowsLinksOnlyWhenAsked) {
  Write(At("file"), "abc");
  ASSERT_EQ(::symlink("file", At("symlink").c_str()), 0);
  ASSERT_EQ(::symlink("nowhere", At("dangling").c_str()), 0);
  EXPECT_EQ(files_.Stat(At("symlink"))->type, FileInfo::Type::kFile);
  EXPECT_EQ(files_.Stat(At("symlink"))->size, 3U);
  EXPECT_EQ(files_.StatNoFollow(At("symlink"))->type, FileInfo::Type::kOther);
  EXPECT_EQ(files_.Stat(At("dangling")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.StatNoFollow(At("dangling"))->type, FileInfo::Type::kOther);
  EXPECT_EQ(files_.Stat(directory_.path())->type, FileInfo::Type::kDirectory);
}

TEST_F(PosixFileSystemTest, RemoveIsForFilesAndRemoveDirectoryForEmptyDirectories) {
  Write(At("file"), "");
  ASSERT_TRUE(files_.CreateDirectory(At("directory"), 0700).ok());
  Write(At("directory/inner"), "");
  EXPECT_FALSE(files_.Remove(At("directory")).ok());
  EXPECT_FALSE(files_.RemoveDirectory(At("file")).ok());
  EXPECT_FALSE(files_.RemoveDirectory(At("directory")).ok());
  EXPECT_TRUE(files_.Remove(At("directory/inner")).ok());
  EXPECT_TRUE(files_.RemoveDirectory(At("directory")).ok());
  EXPECT_TRUE(files_.Remove(At("file")).ok());
  EXPECT_TRUE(files_.ReadDirectory(directory_.path())->empty());
}

TEST_F(PosixFileSystemTest, SyncDirectoryWantsADirectory) {
  Write(At("file"), "");
  EXPECT_TRUE(files_.SyncDirectory(directory_.path()).ok());
  EXPECT_EQ(files_.SyncDirectory(At("file")).error().os_errno(), ENOTDIR);
}

// /proc has no fsync: a failure must not look like success.
TEST_F(PosixFileSystemTest, SyncDirectoryReportsThatItCannot) {
  const Status synced = files_.SyncDirectory("/proc");
  ASSERT_FALSE(synced.ok());
  EXPECT_EQ(synced.error().code(), ErrorCode::kUnsupported);
  EXPECT_FALSE(synced.error().hint().empty());
}

TEST_F(PosixFileSystemTest, SpaceIsPlausible) {
  const SpaceInfo space = *files_.Space(directory_.path());
  EXPECT_GT(space.total, 0U);
  EXPECT_LE(space.available, space.total);
}

TEST_F(PosixFileSystemTest, LockIsExclusiveUntilItIsDropped) {
  std::unique_ptr<FileLock> first = *files_.TryLock(At("lock"));
  EXPECT_EQ(files_.TryLock(At("lock")).error().code(), ErrorCode::kBusy);
  EXPECT_TRUE(files_.TryLock(At("other")).ok());
  first.reset();
  EXPECT_TRUE(files_.TryLock(At("lock")).ok());
  EXPECT_TRUE(files_.Stat(At("lock")).ok());
}

TEST_F(PosixFileSystemTest, LockOfADirectoryLeavesNothing) {
  ASSERT_TRUE(files_.CreateDirectory(At("d"), 0500).ok());
  std::unique_ptr<FileLock> first = *files_.TryLock(At("d"));
  EXPECT_EQ(files_.TryLock(At("d")).error().code(), ErrorCode::kBusy);
  EXPECT_TRUE(files_.ReadDirectory(At("d"))->empty());
  first.reset();
  EXPECT_TRUE(files_.TryLock(At("d")).ok());
}

// A pipe that nobody writes to would hold the process for ever.
TEST_F(PosixFileSystemTest, OpenReadDoesNotWaitForAPipe) {
  ASSERT_EQ(::mkfifo(At("pipe").c_str(), 0600), 0);
  const std::unique_ptr<File> pipe = *files_.OpenRead(At("pipe"));
  EXPECT_EQ(pipe->Info()->type, FileInfo::Type::kOther);
}

}  // namespace
}  // namespace pgkeep

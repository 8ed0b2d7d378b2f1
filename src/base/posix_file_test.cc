#include "base/posix_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <limits>

#include "base/file_util.h"
#include "testing/temporary_directory.h"

namespace pgkeep {
namespace {

class PosixFileTest : public ::testing::Test {
 protected:
  std::string Content() { return std::string(AsText(*ReadWholeFile(files_, path_, 1 << 20))); }

  FileSystem& files_ = PosixFileSystem();
  testing::TemporaryDirectory directory_;
  std::string path_ = directory_.Join("file");
};

TEST_F(PosixFileTest, WriteAllAppendsAndWriteAtDoesNotMove) {
  const std::unique_ptr<File> file = *files_.CreateNew(path_, 0600);
  ASSERT_TRUE(file->WriteAll(AsBytes("abc")).ok());
  ASSERT_TRUE(file->WriteAt(1, AsBytes("XY")).ok());
  ASSERT_TRUE(file->WriteAll(AsBytes("de")).ok());
  EXPECT_EQ(Content(), "aXYde");
  EXPECT_EQ(file->Info()->size, 5U);
}

TEST_F(PosixFileTest, OpenWriteKeepsTheContentAndAppends) {
  ASSERT_TRUE((*files_.OpenWrite(path_, 0640))->WriteAll(AsBytes("abc")).ok());
  ASSERT_TRUE((*files_.OpenWrite(path_, 0600))->WriteAll(AsBytes("def")).ok());
  EXPECT_EQ(Content(), "abcdef");
  EXPECT_EQ(files_.Stat(path_)->mode, 0640U);
}

TEST_F(PosixFileTest, ReadAtIsShortOnlyAtTheEnd) {
  const std::unique_ptr<File> file = *files_.CreateNew(path_, 0600);
  ASSERT_TRUE(file->WriteAll(AsBytes("abcdef")).ok());
  Bytes buffer(4);
  EXPECT_EQ(*file->ReadAt(1, buffer), 4U);
  EXPECT_EQ(AsText(buffer), "bcde");
  EXPECT_EQ(*file->ReadAt(4, buffer), 2U);
  EXPECT_EQ(*file->ReadAt(6, buffer), 0U);
  EXPECT_EQ(*file->ReadAt(1000, buffer), 0U);
}

TEST_F(PosixFileTest, TruncateMovesThePositionBack) {
  const std::unique_ptr<File> file = *files_.CreateNew(path_, 0600);
  ASSERT_TRUE(file->WriteAll(AsBytes("abcdef")).ok());
  ASSERT_TRUE(file->Truncate(2).ok());
  ASSERT_TRUE(file->WriteAll(AsBytes("X")).ok());
  EXPECT_EQ(Content(), "abX");
  ASSERT_TRUE(file->Truncate(5).ok());
  EXPECT_EQ(Content(), std::string("abX\0\0", 5));
}

TEST_F(PosixFileTest, EverythingFailsAfterCloseButCloseItself) {
  const std::unique_ptr<File> file = *files_.CreateNew(path_, 0600);
  ASSERT_TRUE(file->Close().ok());
  EXPECT_TRUE(file->Close().ok());
  Bytes buffer(1);
  EXPECT_EQ(file->ReadAt(0, buffer).error().code(), ErrorCode::kIo);
  EXPECT_EQ(file->WriteAll(AsBytes("a")).error().code(), ErrorCode::kIo);
  EXPECT_EQ(file->Truncate(0).error().code(), ErrorCode::kIo);
  EXPECT_EQ(file->Sync().error().code(), ErrorCode::kIo);
  EXPECT_EQ(file->Info().error().code(), ErrorCode::kIo);
}

TEST_F(PosixFileTest, RefusesOffsetsThatTheKernelCannotAddress) {
  const std::unique_ptr<File> file = *files_.CreateNew(path_, 0600);
  Bytes buffer(1);
  const uint64_t top = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(file->ReadAt(top, buffer).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(file->WriteAt(top >> 1, AsBytes("a")).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(file->Truncate(top).error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(PosixFileTest, FullDeviceIsOutOfSpace) {
  const std::unique_ptr<File> full = *files_.OpenWrite("/dev/full", 0600);
  const Status written = full->WriteAll(AsBytes("a"));
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kOutOfSpace);
  EXPECT_EQ(written.error().os_errno(), ENOSPC);
  EXPECT_EQ(written.error().ToString(), "writing /dev/full: No space left on device");
}

// The kernel writes up to the limit, reports a short write, and fails only the next one.
TEST_F(PosixFileTest, ShortWriteIsContinuedUntilItFails) {
  const std::unique_ptr<File> file = *files_.CreateNew(path_, 0600);
  struct rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit tight = {1000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const Status written = file->WriteAll(Bytes(3000, 'a'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().os_errno(), EFBIG);
  EXPECT_EQ(file->Info()->size, 1000U);
}

// A pipe cannot be synced: the nearest to a disk that fails, without one.
TEST_F(PosixFileTest, FailedSyncIsReportedAndFinal) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  internal::PosixFile file(UniqueFd(ends[1]), "pipe", 0);
  const Status first = file.Sync();
  ASSERT_FALSE(first.ok());
  EXPECT_EQ(first.error().os_errno(), EINVAL);
  // The descriptor becomes one for which fsync succeeds: the handle must not believe it.
  const UniqueFd good(::open(directory_.path().c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::fsync(good.get()), 0);
  ASSERT_EQ(::dup3(good.get(), ends[1], O_CLOEXEC), ends[1]);
  const Status second = file.Sync();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().ToString(), first.error().ToString());
}

TEST_F(PosixFileTest, CloseReportsItsFailure) {
  const int fd = ::open(directory_.path().c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  internal::PosixFile file(UniqueFd(fd), "gone", 0);
  ASSERT_EQ(::close(fd), 0);
  const Status closed = file.Close();
  ASSERT_FALSE(closed.ok());
  EXPECT_EQ(closed.error().os_errno(), EBADF);
}

TEST_F(PosixFileTest, InfoDescribesTheFile) {
  const std::unique_ptr<File> file = *files_.CreateNew(path_, 0604);
  ASSERT_TRUE(file->WriteAll(AsBytes("abc")).ok());
  const FileInfo info = *file->Info();
  EXPECT_EQ(info.type, FileInfo::Type::kFile);
  EXPECT_EQ(info.size, 3U);
  EXPECT_EQ(info.mode, 0604U);
  EXPECT_EQ(info.inode, files_.Stat(path_)->inode);
  EXPECT_EQ(info.modified, files_.Stat(path_)->modified);
  EXPECT_LE(info.modified, SystemClock().Now());
  EXPECT_GT(info.modified, SystemClock().Now() - std::chrono::hours(1));
}

// What a damaged inode may say.
TEST(ToFileInfo, KeepsImpossibleTimesInRange) {
  struct stat from = {};
  from.st_mtim.tv_sec = INT64_MAX;
  EXPECT_GT(internal::ToFileInfo(from).modified, SystemClock().Now());
  EXPECT_EQ(FormatUtc(internal::ToFileInfo(from).modified), "9999-12-31T23:59:59Z");
  from.st_mtim.tv_sec = INT64_MIN;
  EXPECT_LT(internal::ToFileInfo(from).modified, Timestamp());
  EXPECT_EQ(FormatUtc(internal::ToFileInfo(from).modified), "0000-01-01T00:00:00Z");
}

}  // namespace
}  // namespace pgkeep

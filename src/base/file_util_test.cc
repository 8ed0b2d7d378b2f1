#include "base/file_util.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "testing/faulty_file_system.h"
#include "testing/temporary_directory.h"

namespace pgkeep {
namespace {

using testing::FaultyFileSystem;
using testing::FileCall;
using testing::FileFaultAction;

class FileUtilTest : public ::testing::Test {
 protected:
  std::string At(std::string_view name) { return directory_.Join(name); }
  std::string Read(const std::string& path) {
    return std::string(AsText(*ReadWholeFile(PosixFileSystem(), path, 1 << 20)));
  }
  size_t CountNames(const std::string& path) {
    return PosixFileSystem().ReadDirectory(path)->size();
  }

  testing::TemporaryDirectory directory_;
  FaultyFileSystem files_{PosixFileSystem()};
};

using ReadWholeFileTest = FileUtilTest;
using WriteFileDurablyTest = FileUtilTest;
using ReplaceFileDurablyTest = FileUtilTest;
using CreateDirectoriesTest = FileUtilTest;
using CanonicalPathTest = FileUtilTest;

TEST_F(ReadWholeFileTest, ReadsUpToTheLimit) {
  const std::string text(200000, 'x');
  ASSERT_TRUE(WriteFileDurably(files_, At("a"), AsBytes(text), 0600, false).ok());
  EXPECT_EQ(AsText(*ReadWholeFile(files_, At("a"), 200000)), text);
  EXPECT_EQ(AsText(*ReadWholeFile(files_, At("a"), UINT64_MAX)), text);
  EXPECT_EQ(ReadWholeFile(files_, At("a"), 199999).error().code(), ErrorCode::kLimitExceeded);
  EXPECT_EQ(ReadWholeFile(files_, At("a"), 0).error().code(), ErrorCode::kLimitExceeded);
}

TEST_F(ReadWholeFileTest, ReadsFilesWhoseSizeIsNotKnown) {
  EXPECT_EQ(files_.Stat("/proc/self/status")->size, 0U);
  EXPECT_NE(Read("/proc/self/status").find("Name:"), std::string::npos);
}

TEST_F(ReadWholeFileTest, ReadsTheEmptyFile) {
  ASSERT_TRUE(WriteFileDurably(files_, At("a"), {}, 0600, false).ok());
  EXPECT_TRUE(ReadWholeFile(files_, At("a"), 0)->empty());
}

TEST_F(ReadWholeFileTest, ReportsReadErrors) {
  ASSERT_TRUE(WriteFileDurably(files_, At("a"), AsBytes("abc"), 0600, false).ok());
  files_.AddFault({.call = FileCall::kRead});
  EXPECT_EQ(ReadWholeFile(files_, At("a"), 10).error().os_errno(), EIO);
  EXPECT_EQ(files_.fired(), 1U);
}

TEST_F(WriteFileDurablyTest, WritesContentAndModeAndLeavesNothingElse) {
  ASSERT_TRUE(WriteFileDurably(files_, At("a"), AsBytes("one"), 0640, false).ok());
  EXPECT_EQ(Read(At("a")), "one");
  EXPECT_EQ(files_.Stat(At("a"))->mode, 0640U);
  EXPECT_EQ(CountNames(directory_.path()), 1U);
}

TEST_F(WriteFileDurablyTest, ReplacesOnlyWhenTold) {
  ASSERT_TRUE(WriteFileDurably(files_, At("a"), AsBytes("one"), 0600, true).ok());
  EXPECT_EQ(WriteFileDurably(files_, At("a"), AsBytes("two"), 0600, false).error().code(),
            ErrorCode::kAlreadyExists);
  EXPECT_EQ(Read(At("a")), "one");
  ASSERT_TRUE(WriteFileDurably(files_, At("a"), AsBytes("three"), 0600, true).ok());
  EXPECT_EQ(Read(At("a")), "three");
  EXPECT_EQ(CountNames(directory_.path()), 1U);
}

TEST_F(WriteFileDurablyTest, WorksWithoutHardLinks) {
  files_.AddFault(
      {.call = FileCall::kLink, .times = testing::kForEver, .code = ErrorCode::kUnsupported});
  ASSERT_TRUE(WriteFileDurably(files_, At("a"), AsBytes("one"), 0600, false).ok());
  EXPECT_EQ(WriteFileDurably(files_, At("a"), AsBytes("two"), 0600, false).error().code(),
            ErrorCode::kAlreadyExists);
  EXPECT_EQ(files_.fired(), 2U);
  EXPECT_EQ(Read(At("a")), "one");
  EXPECT_EQ(CountNames(directory_.path()), 1U);
}

TEST_F(WriteFileDurablyTest, NamesOfAnyAllowedLengthWork) {
  const std::string name(255, 'n');
  ASSERT_TRUE(WriteFileDurably(files_, At(name), AsBytes("one"), 0600, false).ok());
  EXPECT_EQ(Read(At(name)), "one");
}

TEST_F(WriteFileDurablyTest, TemporaryNameThatIsTakenIsNotTouched) {
  files_.AddFault({.call = FileCall::kCreateNew, .times = 3, .os_errno = EEXIST});
  ASSERT_TRUE(WriteFileDurably(files_, At("a"), AsBytes("one"), 0600, false).ok());
  EXPECT_EQ(files_.calls(FileCall::kCreateNew), 4U);
  files_.AddFault({.call = FileCall::kCreateNew, .times = testing::kForEver, .os_errno = EEXIST});
  EXPECT_EQ(WriteFileDurably(files_, At("b"), AsBytes("one"), 0600, false).error().code(),
            ErrorCode::kAlreadyExists);
}

TEST_F(WriteFileDurablyTest, FullDiskLeavesTheOldContentAndNoRest) {
  ASSERT_TRUE(WriteFileDurably(files_, At("a"), AsBytes("old"), 0600, false).ok());
  files_.LimitSpace(2);
  const Status status = WriteFileDurably(files_, At("a"), AsBytes("new!"), 0600, true);
  EXPECT_EQ(status.error().code(), ErrorCode::kOutOfSpace);
  EXPECT_EQ(files_.fired(), 1U);
  EXPECT_EQ(Read(At("a")), "old");
  EXPECT_EQ(CountNames(directory_.path()), 1U);
}

TEST_F(WriteFileDurablyTest, FailureOfTheCleaningUpIsKept) {
  files_.AddFault({.call = FileCall::kSync});
  files_.AddFault({.call = FileCall::kRemove, .os_errno = EROFS});
  const Status status = WriteFileDurably(files_, At("a"), AsBytes("new"), 0600, true);
  EXPECT_EQ(status.error().code(), ErrorCode::kIo);
  ASSERT_EQ(status.error().attached().size(), 1U);
  EXPECT_EQ(status.error().attached()[0].os_errno(), EROFS);
}

// Fails the N-th call for every N, before it and after it, once and for ever. Success is only
// reported if the new content is there and both syncs were made; otherwise it is the old or the new
// in full.
TEST_F(WriteFileDurablyTest, EveryFaultIsReportedAndHarmless) {
  for (const bool replace : {false, true}) {
    for (const FileFaultAction action :
         {FileFaultAction::kFailBefore, FileFaultAction::kFailAfter}) {
      for (const uint64_t times : {uint64_t{1}, testing::kForEver}) {
        uint64_t nth = 1;
        for (bool fired = true; fired; ++nth) {
          const testing::TemporaryDirectory directory;
          const std::string path = directory.Join("a");
          if (replace) {
            ASSERT_TRUE(
                WriteFileDurably(PosixFileSystem(), path, AsBytes("old"), 0600, false).ok());
          }
          files_.Reset();
          files_.AddFault({.action = action, .nth = nth, .times = times});
          const Status status = WriteFileDurably(files_, path, AsBytes("new"), 0600, replace);
          fired = files_.fired() > 0;
          EXPECT_EQ(status.ok(), !fired) << "call " << nth;
          const Result<Bytes> found = ReadWholeFile(PosixFileSystem(), path, 100);
          if (status.ok()) {
            EXPECT_EQ(AsText(*found), "new");
            EXPECT_EQ(files_.calls(FileCall::kSync), 1U);
            EXPECT_EQ(files_.calls(FileCall::kSyncDirectory), 1U);
          } else if (found.ok()) {
            EXPECT_TRUE(AsText(*found) == "new" || (replace && AsText(*found) == "old"));
          } else {
            EXPECT_FALSE(replace) << "call " << nth;
            EXPECT_EQ(found.error().code(), ErrorCode::kNotFound);
          }
          if (!status.ok() && times == 1) {
            for (const DirectoryEntry& entry : *PosixFileSystem().ReadDirectory(directory.path())) {
              EXPECT_TRUE(entry.name == "a" || IsTemporaryName(entry.name)) << entry.name;
            }
          }
        }
        EXPECT_GT(nth, 6U);
      }
    }
  }
}

TEST_F(ReplaceFileDurablyTest, KeepsTheModeAndTheLink) {
  ASSERT_TRUE(files_.CreateDirectory(At("below"), 0700).ok());
  ASSERT_TRUE(WriteFileDurably(files_, At("below/a"), AsBytes("old"), 0640, false).ok());
  ASSERT_EQ(::symlink("below/a", At("link").c_str()), 0);
  ASSERT_TRUE(ReplaceFileDurably(files_, At("link"), AsBytes("new")).ok());
  EXPECT_EQ(Read(At("below/a")), "new");
  EXPECT_EQ(files_.Stat(At("below/a"))->mode, 0640U);
  EXPECT_EQ(files_.StatNoFollow(At("link"))->type, FileInfo::Type::kOther);
  EXPECT_EQ(CountNames(At("below")), 1U);
  EXPECT_EQ(CountNames(directory_.path()), 2U);
}

TEST_F(ReplaceFileDurablyTest, KeepsOwnerAndGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  ASSERT_TRUE(WriteFileDurably(files_, At("a"), AsBytes("old"), 0640, false).ok());
  ASSERT_EQ(::chown(At("a").c_str(), 1234, 4321), 0);
  ASSERT_TRUE(ReplaceFileDurably(files_, At("a"), AsBytes("new")).ok());
  const FileInfo info = *files_.Stat(At("a"));
  EXPECT_EQ(info.owner, 1234U);
  EXPECT_EQ(info.group, 4321U);
  EXPECT_EQ(info.mode, 0640U);
  EXPECT_EQ(Read(At("a")), "new");
}

// The right to keep the owner is asked for before anything is replaced.
TEST_F(ReplaceFileDurablyTest, ChangesNothingWithoutTheRightToKeepTheOwner) {
  ASSERT_TRUE(WriteFileDurably(files_, At("a"), AsBytes("old"), 0640, false).ok());
  files_.AddFault({.call = FileCall::kSetAccess, .os_errno = EPERM});
  EXPECT_EQ(ReplaceFileDurably(files_, At("a"), AsBytes("new")).error().code(),
            ErrorCode::kPermission);
  EXPECT_EQ(files_.fired(), 1U);
  EXPECT_EQ(Read(At("a")), "old");
  EXPECT_EQ(CountNames(directory_.path()), 1U);
}

TEST_F(ReplaceFileDurablyTest, MakesNoNewFile) {
  EXPECT_EQ(ReplaceFileDurably(files_, At("a"), AsBytes("new")).error().code(),
            ErrorCode::kNotFound);
  EXPECT_EQ(CountNames(directory_.path()), 0U);
}

TEST_F(CanonicalPathTest, OnePlaceHasOneText) {
  ASSERT_TRUE(files_.CreateDirectory(At("real"), 0700).ok());
  ASSERT_EQ(::symlink("real", At("link").c_str()), 0);
  const std::string canonical = *files_.Resolve(At("real"));
  EXPECT_EQ(*CanonicalPath(files_, At("link")), canonical);
  EXPECT_EQ(*CanonicalPath(files_, At("link/")), canonical);
  EXPECT_EQ(*CanonicalPath(files_, At("./link/../real/.")), canonical);
  // What is not there yet.
  EXPECT_EQ(*CanonicalPath(files_, At("link/a/b")), canonical + "/a/b");
  EXPECT_EQ(*CanonicalPath(files_, At("link/a/./c/../b")), canonical + "/a/b");
  EXPECT_EQ(*CanonicalPath(files_, "/"), "/");
  ASSERT_TRUE(WriteFileDurably(files_, At("file"), AsBytes("x"), 0600, false).ok());
  EXPECT_FALSE(CanonicalPath(files_, At("file/below")).ok());
}

TEST_F(CreateDirectoriesTest, CreatesTheWholeChain) {
  ASSERT_TRUE(CreateDirectories(files_, At("a/b/c"), 0710).ok());
  for (const char* name : {"a", "a/b", "a/b/c"}) {
    EXPECT_EQ(files_.Stat(At(name))->type, FileInfo::Type::kDirectory);
    EXPECT_EQ(files_.Stat(At(name))->mode, 0710U);
  }
  EXPECT_EQ(files_.calls(FileCall::kCreateDirectory), 3U);
  EXPECT_EQ(files_.calls(FileCall::kSyncDirectory), 4U);
}

TEST_F(CreateDirectoriesTest, ExistingDirectoryIsMadeDurableAgain) {
  ASSERT_TRUE(CreateDirectories(PosixFileSystem(), At("a/b"), 0700).ok());
  ASSERT_TRUE(CreateDirectories(files_, At("a/b//"), 0700).ok());
  EXPECT_EQ(files_.calls(FileCall::kCreateDirectory), 0U);
  EXPECT_EQ(files_.calls(FileCall::kSyncDirectory), 1U);
}

TEST_F(CreateDirectoriesTest, RefusesAFileInTheWay) {
  ASSERT_TRUE(WriteFileDurably(files_, At("a"), {}, 0600, false).ok());
  EXPECT_EQ(CreateDirectories(files_, At("a"), 0700).error().code(), ErrorCode::kAlreadyExists);
  EXPECT_FALSE(CreateDirectories(files_, At("a/b"), 0700).ok());
}

TEST_F(CreateDirectoriesTest, AcceptsThatAnotherProcessWasFaster) {
  files_.AddFault({.action = FileFaultAction::kFailAfter,
                   .call = FileCall::kCreateDirectory,
                   .os_errno = EEXIST});
  ASSERT_TRUE(CreateDirectories(files_, At("a/b"), 0700).ok());
  EXPECT_EQ(files_.fired(), 1U);
  EXPECT_EQ(files_.calls(FileCall::kSyncDirectory), 3U);
}

TEST_F(CreateDirectoriesTest, ParentThatMayNotBeReadStopsOnlyWhatIsNew) {
  files_.AddFault({.call = FileCall::kSyncDirectory, .os_errno = EACCES});
  EXPECT_TRUE(CreateDirectories(files_, At("a"), 0700).ok());
  EXPECT_EQ(files_.fired(), 1U);
  files_.Reset();
  files_.AddFault({.call = FileCall::kSyncDirectory, .nth = 2, .os_errno = EACCES});
  EXPECT_EQ(CreateDirectories(files_, At("b"), 0700).error().code(), ErrorCode::kPermission);
  files_.Reset();
  files_.AddFault({.call = FileCall::kSyncDirectory, .os_errno = EIO});
  EXPECT_EQ(CreateDirectories(files_, At("b"), 0700).error().code(), ErrorCode::kIo);
}

TEST(Paths, ParentDirectoryDropsTheLastPart) {
  const std::pair<const char*, const char*> expected[] = {
      {"/a/b", "/a"}, {"/a", "/"},   {"a", "."},   {"/a/b/", "/a"}, {"a/b", "a"},
      {"/", "/"},     {"//", "/"},   {"", "."},    {".", "."},      {"//a//b//", "//a"},
      {"a/", "."},    {"/a//", "/"}, {"a//b", "a"}};
  for (const auto& [path, parent] : expected) EXPECT_EQ(ParentDirectory(path), parent) << path;
}

TEST(Paths, FileNameIsTheLastPart) {
  const std::pair<const char*, const char*> expected[] = {
      {"/a/b", "b"}, {"/a", "a"}, {"a", "a"}, {"/a/b/", "b"}, {"/", ""}, {"", ""}, {"a//b//", "b"}};
  for (const auto& [path, name] : expected) EXPECT_EQ(FileName(path), name) << path;
}

TEST(Paths, JoinPathHasOneSlash) {
  EXPECT_EQ(JoinPath("/a", "b"), "/a/b");
  EXPECT_EQ(JoinPath("/a/", "b/c"), "/a/b/c");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
  EXPECT_EQ(JoinPath(".", "b"), "./b");
}

TEST(Paths, TemporaryNamesAreOursOnly) {
  EXPECT_TRUE(IsTemporaryName(".pgkeep.key.123-0.tmp"));
  EXPECT_TRUE(IsTemporaryName(".a.1-22.tmp"));
  for (const char* name :
       {"", ".tmp", "..tmp", ".a.tmp", ".a.1.tmp", ".a.1-.tmp", ".a.-1.tmp", "a.1-2.tmp",
        ".a.1-2.tmp2", ".1-2.tmp", ".a.x-2.tmp", ".a.1-2-3.tmp", "..1-2.tmp"}) {
    EXPECT_FALSE(IsTemporaryName(name)) << name;
  }
}

}  // namespace
}  // namespace pgkeep

#include "testing/faulty_file_system.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "base/file_util.h"
#include "testing/temporary_directory.h"

namespace pgkeep::testing {
namespace {

class FaultyFileSystemTest : public ::testing::Test {
 protected:
  std::string At(std::string_view name) { return directory_.Join(name); }
  std::string Read(const std::string& path) {
    return std::string(AsText(*ReadWholeFile(PosixFileSystem(), path, 1000)));
  }

  TemporaryDirectory directory_;
  FaultyFileSystem files_{PosixFileSystem()};
};

// One of each call, in the order of FileCall.
Status MakeCall(FileSystem& files, File& file, const std::string& root, FileCall call) {
  Bytes buffer(1);
  switch (call) {
    case FileCall::kOpenRead:
      PGK_TRY(files.OpenRead(root + "/file"));
      return Ok();
    case FileCall::kCreateNew:
      PGK_TRY(files.CreateNew(root + "/created", 0600));
      return Ok();
    case FileCall::kOpenWrite:
      PGK_TRY(files.OpenWrite(root + "/file", 0600));
      return Ok();
    case FileCall::kStat:
      PGK_TRY(files.Stat(root + "/file"));
      return Ok();
    case FileCall::kLink:
      return files.Link(root + "/file", root + "/linked");
    case FileCall::kRename:
      return files.Rename(root + "/a", root + "/b");
    case FileCall::kRenameNoReplace:
      return files.RenameNoReplace(root + "/c", root + "/d");
    case FileCall::kRemove:
      return files.Remove(root + "/e");
    case FileCall::kRemoveDirectory:
      return files.RemoveDirectory(root + "/f");
    case FileCall::kCreateDirectory:
      return files.CreateDirectory(root + "/g", 0700);
    case FileCall::kSyncDirectory:
      return files.SyncDirectory(root);
    case FileCall::kReadDirectory:
      PGK_TRY(files.ReadDirectory(root));
      return Ok();
    case FileCall::kSpace:
      PGK_TRY(files.Space(root));
      return Ok();
    case FileCall::kTryLock:
      PGK_TRY(files.TryLock(root + "/lock"));
      return Ok();
    case FileCall::kRead:
      PGK_TRY(file.ReadAt(0, buffer));
      return Ok();
    case FileCall::kWrite:
      return file.WriteAll(AsBytes("x"));
    case FileCall::kTruncate:
      return file.Truncate(0);
    case FileCall::kSync:
      return file.Sync();
    case FileCall::kClose:
      return file.Close();
    case FileCall::kInfo:
      PGK_TRY(file.Info());
      return Ok();
    case FileCall::kResolve:
      PGK_TRY(files.Resolve(root + "/file"));
      return Ok();
    case FileCall::kSetAccess:
      return file.SetAccess(::geteuid(), ::getegid(), 0600);
  }
  return Err(ErrorCode::kInternal, "no such call");
}

// Fills a directory with what MakeCall() needs.
void Furnish(const std::string& root) {
  FileSystem& files = PosixFileSystem();
  for (const char* name : {"/file", "/a", "/c", "/e"}) {
    ASSERT_TRUE(files.CreateNew(root + name, 0600).ok());
  }
  ASSERT_TRUE(files.CreateDirectory(root + "/f", 0700).ok());
}

TEST_F(FaultyFileSystemTest, EachKindOfCallIsCountedAndHitAsItself) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kFileCallCount; ++i) {
    const auto call = static_cast<FileCall>(i);
    EXPECT_TRUE(names.insert(FileCallName(call)).second);
    for (const bool fail : {false, true}) {
      const TemporaryDirectory directory;
      Furnish(directory.path());
      const std::unique_ptr<File> file = *files_.OpenWrite(directory.Join("file"), 0600);
      files_.Reset();
      if (fail) files_.AddFault({.call = call, .os_errno = EDQUOT});
      const Status status = MakeCall(files_, *file, directory.path(), call);
      EXPECT_EQ(files_.calls(call), 1U) << FileCallName(call);
      EXPECT_EQ(files_.calls(), 1U) << FileCallName(call);
      EXPECT_EQ(files_.fired(), fail ? 1U : 0U);
      ASSERT_EQ(status.ok(), !fail) << FileCallName(call);
      if (fail) {
        EXPECT_EQ(status.error().code(), ErrorCode::kOutOfSpace);
        EXPECT_NE(status.error().message().find(FileCallName(call)), std::string::npos);
      }
    }
  }
}

TEST_F(FaultyFileSystemTest, HitsTheNthMatchAndAsManyAsTold) {
  files_.AddFault({.call = FileCall::kStat, .path_contains = "wanted", .nth = 2, .times = 2});
  std::string outcome;
  for (int i = 0; i < 4; ++i) {
    static_cast<void>(files_.Stat(At("other")));
    outcome += files_.Stat(At("wanted")).error().code() == ErrorCode::kIo ? 'x' : '.';
  }
  EXPECT_EQ(outcome, ".xx.");
  EXPECT_EQ(files_.fired(), 2U);
  EXPECT_EQ(files_.calls(FileCall::kStat), 8U);
}

TEST_F(FaultyFileSystemTest, FailBeforeDoesNothingAndFailAfterDoesEverything) {
  files_.AddFault({.action = FileFaultAction::kFailBefore, .call = FileCall::kCreateDirectory});
  EXPECT_FALSE(files_.CreateDirectory(At("before"), 0700).ok());
  EXPECT_FALSE(PosixFileSystem().Stat(At("before")).ok());
  files_.Reset();
  files_.AddFault({.action = FileFaultAction::kFailAfter, .call = FileCall::kCreateDirectory});
  EXPECT_FALSE(files_.CreateDirectory(At("after"), 0700).ok());
  EXPECT_TRUE(PosixFileSystem().Stat(At("after")).ok());
}

TEST_F(FaultyFileSystemTest, FailAfterHasNotFiredIfTheCallFailsByItself) {
  files_.AddFault({.action = FileFaultAction::kFailAfter, .call = FileCall::kRemove});
  EXPECT_EQ(files_.Remove(At("missing")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.fired(), 0U);
}

TEST_F(FaultyFileSystemTest, ShortReadLooksLikeTheEndOfTheFile) {
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), At("a"), AsBytes("abcdef"), 0600, false).ok());
  files_.AddFault({.action = FileFaultAction::kShort, .call = FileCall::kRead, .bytes = 2});
  EXPECT_EQ(AsText(*ReadWholeFile(files_, At("a"), 100)), "ab");
  EXPECT_EQ(files_.fired(), 1U);
  EXPECT_EQ(AsText(*ReadWholeFile(files_, At("a"), 100)), "abcdef");
}

TEST_F(FaultyFileSystemTest, ShortWriteWritesAPartAndFails) {
  const std::unique_ptr<File> file = *files_.CreateNew(At("a"), 0600);
  files_.AddFault({.action = FileFaultAction::kShort, .call = FileCall::kWrite, .bytes = 2});
  EXPECT_EQ(file->WriteAll(AsBytes("abcdef")).error().os_errno(), EIO);
  EXPECT_EQ(Read(At("a")), "ab");
}

TEST_F(FaultyFileSystemTest, SpaceEndsInTheMiddleOfAWrite) {
  files_.LimitSpace(5);
  const std::unique_ptr<File> first = *files_.CreateNew(At("a"), 0600);
  const std::unique_ptr<File> second = *files_.CreateNew(At("b"), 0600);
  EXPECT_TRUE(first->WriteAll(AsBytes("abc")).ok());
  EXPECT_EQ(second->WriteAt(0, AsBytes("defg")).error().code(), ErrorCode::kOutOfSpace);
  EXPECT_EQ(first->WriteAll(AsBytes("h")).error().os_errno(), ENOSPC);
  EXPECT_TRUE(first->WriteAll({}).ok());
  EXPECT_EQ(Read(At("a")) + Read(At("b")), "abcde");
  EXPECT_EQ(files_.fired(), 2U);
}

TEST_F(FaultyFileSystemTest, FailedSyncStaysFailedOnThatHandleOnly) {
  const std::unique_ptr<File> file = *files_.CreateNew(At("a"), 0600);
  files_.AddFault({.call = FileCall::kSync});
  EXPECT_FALSE(file->Sync().ok());
  EXPECT_FALSE(file->Sync().ok());
  EXPECT_EQ(files_.fired(), 1U);
  EXPECT_TRUE((*files_.OpenWrite(At("a"), 0600))->Sync().ok());
}

TEST_F(FaultyFileSystemTest, SkippedCallClaimsSuccess) {
  files_.AddFault({.action = FileFaultAction::kSkip, .call = FileCall::kCreateDirectory});
  EXPECT_TRUE(files_.CreateDirectory(At("a"), 0700).ok());
  EXPECT_FALSE(PosixFileSystem().Stat(At("a")).ok());
  EXPECT_EQ(files_.fired(), 1U);
  const std::unique_ptr<File> file = *files_.CreateNew(At("b"), 0600);
  files_.AddFault({.action = FileFaultAction::kSkip, .call = FileCall::kWrite});
  EXPECT_TRUE(file->WriteAll(AsBytes("lost")).ok());
  EXPECT_EQ(Read(At("b")), "");
}

}  // namespace
}  // namespace pgkeep::testing

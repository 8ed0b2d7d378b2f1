#include "testing/recording_file_system.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file_util.h"
#include "testing/temporary_directory.h"

namespace pgkeep::testing {
namespace {

class RecordingFileSystemTest : public ::testing::Test {
 protected:
  std::string At(std::string_view name) { return directory_.Join(name); }

  // What was recorded after the baseline, in words.
  static std::vector<std::string> Texts(const RecordingFileSystem& files) {
    const FileLog log = files.log();
    std::vector<std::string> texts;
    for (size_t i = log.baseline; i < log.operations.size(); ++i) {
      texts.push_back(log.operations[i].text);
    }
    return texts;
  }

  TemporaryDirectory directory_;
};

TEST_F(RecordingFileSystemTest, WritesEveryChangeDownInOrder) {
  RecordingFileSystem files(PosixFileSystem(), directory_.path() + "/");
  ASSERT_TRUE(files.CreateDirectory(At("d"), 0700).ok());
  const std::unique_ptr<File> file = *files.CreateNew(At("d/f"), 0600);
  ASSERT_TRUE(file->WriteAll(AsBytes("abc")).ok());
  ASSERT_TRUE(file->WriteAll(AsBytes("de")).ok());
  ASSERT_TRUE(file->WriteAt(1, AsBytes("X")).ok());
  ASSERT_TRUE(file->Truncate(2).ok());
  ASSERT_TRUE(file->WriteAll(AsBytes("Y")).ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(files.Link(At("d/f"), At("g")).ok());
  ASSERT_TRUE(files.Rename(At("g"), At("h")).ok());
  ASSERT_TRUE(files.RenameNoReplace(At("h"), At("i")).ok());
  ASSERT_TRUE(files.Remove(At("d//./f")).ok());
  ASSERT_TRUE(files.SyncDirectory(At("d")).ok());
  ASSERT_TRUE(files.RemoveDirectory(At("d")).ok());
  ASSERT_TRUE(files.TryLock(At("l")).ok());
  ASSERT_TRUE(files.TryLock(At("l")).ok());
  ASSERT_TRUE(files.OpenWrite(At("m"), 0600).ok());
  ASSERT_TRUE(files.SyncDirectory(directory_.path()).ok());
  EXPECT_EQ(Texts(files),
            (std::vector<std::string>{"make directory d", "create d/f", "write 3 bytes at 0 of d/f",
                                      "write 2 bytes at 3 of d/f", "write 1 bytes at 1 of d/f",
                                      "truncate d/f to 2", "write 1 bytes at 2 of d/f", "sync d/f",
                                      "link d/f to g", "rename g to h", "rename h to i",
                                      "remove d/f", "sync directory d", "remove directory d",
                                      "create l", "create m", "sync directory ."}));
  EXPECT_EQ(AsText(*ReadWholeFile(PosixFileSystem(), At("i"), 10)), "aXY");
}

TEST_F(RecordingFileSystemTest, FollowsAFileThroughItsNames) {
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  const std::unique_ptr<File> first = *files.CreateNew(At("a"), 0600);
  ASSERT_TRUE(files.Rename(At("a"), At("b")).ok());
  ASSERT_TRUE(files.Link(At("b"), At("c")).ok());
  const std::unique_ptr<File> other = *files.CreateNew(At("a"), 0600);
  ASSERT_TRUE((*files.OpenWrite(At("c"), 0600))->WriteAll(AsBytes("x")).ok());
  const FileLog log = files.log();
  const size_t base = log.baseline;
  ASSERT_EQ(log.operations.size(), base + 5);
  const NodeId node = log.operations[base].node;
  EXPECT_EQ(log.operations[base + 1].node, node);
  EXPECT_EQ(log.operations[base + 2].node, node);
  EXPECT_NE(log.operations[base + 3].node, node);
  EXPECT_EQ(log.operations[base + 4].node, node);
}

TEST_F(RecordingFileSystemTest, FailedCallsChangeNothing) {
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  EXPECT_FALSE(files.Remove(At("a")).ok());
  EXPECT_FALSE(files.Rename(At("a"), At("b")).ok());
  EXPECT_FALSE(files.CreateNew(At("a/b"), 0600).ok());
  EXPECT_EQ(files.position(), files.log().baseline);
}

TEST_F(RecordingFileSystemTest, StartsFromWhatIsThere) {
  ASSERT_TRUE(CreateDirectories(PosixFileSystem(), At("d/e"), 0750).ok());
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), At("d/f"), AsBytes("abc"), 0640, false).ok());
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  EXPECT_GT(files.position(), 0U);
  EXPECT_EQ(files.position(), files.log().baseline);
  ASSERT_TRUE((*files.OpenWrite(At("d/f"), 0600))->WriteAll(AsBytes("def")).ok());
  EXPECT_EQ(Texts(files), (std::vector<std::string>{"write 3 bytes at 3 of d/f"}));
}

TEST_F(RecordingFileSystemTest, SyncOfADirectoryOutsideIsNotRecorded) {
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  ASSERT_TRUE(files.SyncDirectory(ParentDirectory(directory_.path())).ok());
  EXPECT_EQ(files.position(), files.log().baseline);
}

TEST_F(RecordingFileSystemTest, ChangesOutsideAbort) {
  const TemporaryDirectory outside;
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  EXPECT_DEATH(static_cast<void>(files.CreateNew(outside.Join("a"), 0600)), "outside");
  EXPECT_DEATH(static_cast<void>(files.CreateDirectory(directory_.path() + "-b", 0700)), "outside");
  ASSERT_TRUE(files.CreateDirectory(At("d"), 0700).ok());
  EXPECT_DEATH(static_cast<void>(files.CreateNew(At("d/../a"), 0600)), "with \\.\\.");
}

}  // namespace
}  // namespace pgkeep::testing

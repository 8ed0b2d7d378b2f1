#include "testing/crash_replay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "base/file_util.h"
#include "testing/faulty_file_system.h"
#include "testing/temporary_directory.h"

namespace pgkeep::testing {
namespace {

// Everything below a directory: "path=content" and "path/", in order.
std::string Describe(const std::string& directory) {
  std::set<std::string> lines;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const std::string path = entry.path().string().substr(directory.size() + 1);
    if (entry.is_directory()) {
      lines.insert(path + "/");
    } else {
      const Bytes content = *ReadWholeFile(PosixFileSystem(), entry.path().string(), 1000);
      lines.insert(path + "=" + std::string(AsText(content)));
    }
  }
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : " ") + line;
  std::ranges::replace(text, '\0', '0');
  return text;
}

class CrashReplayTest : public ::testing::Test {
 protected:
  std::string At(std::string_view name) { return directory_.Join(name); }

  // The states in which the disk may be after all that was recorded.
  std::set<std::string> FinalStates(const RecordingFileSystem& files) {
    const CrashReplay replay(files.log());
    std::set<std::string> states;
    const Result<CrashSweepReport> report =
        ForEachCrash(replay, scratch_.path(), {}, [&](const CrashState& state) {
          if (state.prefix == replay.log().operations.size()) {
            EXPECT_TRUE(states.insert(Describe(state.directory)).second) << state.description;
          }
          return Ok();
        });
    EXPECT_TRUE(report.ok());
    EXPECT_EQ(report->sampled, 0U);
    return states;
  }

  TemporaryDirectory directory_;
  TemporaryDirectory scratch_;
};

using States = std::set<std::string>;

TEST_F(CrashReplayTest, SyncedFileWithSyncedNameStays) {
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  const std::unique_ptr<File> file = *files.CreateNew(At("a"), 0600);
  ASSERT_TRUE(file->WriteAll(AsBytes("12")).ok());
  ASSERT_TRUE(file->Sync().ok());
  EXPECT_EQ(FinalStates(files), (States{"", "a=12"}));
  ASSERT_TRUE(files.SyncDirectory(directory_.path()).ok());
  EXPECT_EQ(FinalStates(files), (States{"a=12"}));
}

TEST_F(CrashReplayTest, ContentThatWasNotSyncedIsLostWhollyOrInPart) {
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  const std::unique_ptr<File> file = *files.CreateNew(At("a"), 0600);
  ASSERT_TRUE(files.SyncDirectory(directory_.path()).ok());
  ASSERT_TRUE(file->WriteAll(AsBytes("1234")).ok());
  EXPECT_EQ(FinalStates(files), (States{"a=", "a=0000", "a=12", "a=1234"}));
  ASSERT_TRUE(file->WriteAll(AsBytes("56")).ok());
  EXPECT_EQ(FinalStates(files), (States{"a=", "a=000000", "a=123", "a=000056", "a=123456"}));
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(file->Truncate(3).ok());
  EXPECT_EQ(FinalStates(files), (States{"a=123456", "a=123"}));
}

TEST_F(CrashReplayTest, OverwrittenContentIsNeverZeros) {
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), At("a"), AsBytes("old!"), 0600, false).ok());
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  const std::unique_ptr<File> file = *files.OpenWrite(At("a"), 0600);
  ASSERT_TRUE(file->WriteAt(0, AsBytes("NEW")).ok());
  EXPECT_EQ(FinalStates(files), (States{"a=old!", "a=Nld!", "a=NEW!"}));
}

TEST_F(CrashReplayTest, NamesAreKeptOrLostEachForItself) {
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  ASSERT_TRUE(files.CreateNew(At("a"), 0600).ok());
  ASSERT_TRUE(files.CreateNew(At("b"), 0600).ok());
  EXPECT_EQ(FinalStates(files), (States{"", "a=", "b=", "a= b="}));
}

TEST_F(CrashReplayTest, RenameInOneDirectoryIsOneStep) {
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), At("a"), AsBytes("1"), 0600, false).ok());
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), At("b"), AsBytes("2"), 0600, false).ok());
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  ASSERT_TRUE(files.Rename(At("a"), At("b")).ok());
  EXPECT_EQ(FinalStates(files), (States{"a=1 b=2", "b=1"}));
}

TEST_F(CrashReplayTest, RenameBetweenDirectoriesIsTwoSteps) {
  ASSERT_TRUE(CreateDirectories(PosixFileSystem(), At("x"), 0700).ok());
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), At("a"), AsBytes("1"), 0600, false).ok());
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  ASSERT_TRUE(files.Rename(At("a"), At("x/a")).ok());
  EXPECT_EQ(FinalStates(files), (States{"a=1 x/", "a=1 x/ x/a=1", "x/", "x/ x/a=1"}));
  ASSERT_TRUE(files.SyncDirectory(At("x")).ok());
  EXPECT_EQ(FinalStates(files), (States{"a=1 x/ x/a=1", "x/ x/a=1"}));
}

TEST_F(CrashReplayTest, FileInALostDirectoryIsLostEvenIfBothWereSynced) {
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  ASSERT_TRUE(files.CreateDirectory(At("d"), 0700).ok());
  ASSERT_TRUE((*files.CreateNew(At("d/a"), 0600))->Sync().ok());
  ASSERT_TRUE(files.SyncDirectory(At("d")).ok());
  EXPECT_EQ(FinalStates(files), (States{"", "d/ d/a="}));
}

TEST_F(CrashReplayTest, RemovedNameComesBackWithWhatItHad) {
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), At("a"), AsBytes("1"), 0600, false).ok());
  ASSERT_TRUE(CreateDirectories(PosixFileSystem(), At("d"), 0700).ok());
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  ASSERT_TRUE(files.Remove(At("a")).ok());
  ASSERT_TRUE(files.RemoveDirectory(At("d")).ok());
  EXPECT_EQ(FinalStates(files), (States{"", "a=1", "d/", "a=1 d/"}));
  ASSERT_TRUE(files.SyncDirectory(directory_.path()).ok());
  EXPECT_EQ(FinalStates(files), (States{""}));
}

TEST_F(CrashReplayTest, LinkedNamesAreOneFileAgain) {
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  ASSERT_TRUE((*files.CreateNew(At("a"), 0640))->WriteAll(AsBytes("1")).ok());
  ASSERT_TRUE(files.Link(At("a"), At("b")).ok());
  const CrashReplay replay(files.log());
  const Result<std::string> lost = replay.Materialise(
      replay.log().operations.size(), [](size_t options) { return options - 1; }, scratch_.path());
  ASSERT_TRUE(lost.ok());
  EXPECT_EQ(*lost, "");
  EXPECT_EQ(Describe(scratch_.path()), "a=1 b=1");
  EXPECT_EQ(PosixFileSystem().Stat(scratch_.Join("a"))->inode,
            PosixFileSystem().Stat(scratch_.Join("b"))->inode);
  EXPECT_EQ(PosixFileSystem().Stat(scratch_.Join("a"))->mode, 0640U);
}

TEST_F(CrashReplayTest, ChoosingLostEverywhereLeavesTheBaseline) {
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), At("a"), AsBytes("1"), 0600, false).ok());
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  ASSERT_TRUE(files.Rename(At("a"), At("b")).ok());
  ASSERT_TRUE((*files.OpenWrite(At("b"), 0600))->WriteAll(AsBytes("2")).ok());
  const CrashReplay replay(files.log());
  const Result<std::string> lost = replay.Materialise(
      replay.log().operations.size(), [](size_t) { return size_t{0}; }, scratch_.path());
  EXPECT_EQ(*lost,
            "; lost: rename a to b; 1 bytes, not all as written, after: write 1 bytes at 1 of b");
  EXPECT_EQ(Describe(scratch_.path()), "a=1");
}

TEST_F(CrashReplayTest, ManyOpenThingsAreSampledWithBothExtremes) {
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  for (const char letter : std::string("abcdefghijkl")) {
    ASSERT_TRUE(files.CreateNew(At(std::string(1, letter)), 0600).ok());
  }
  const CrashReplay replay(files.log());
  for (const uint64_t seed : {uint64_t{1}, uint64_t{2}}) {
    size_t smallest = 12;
    size_t largest = 0;
    std::map<size_t, int> at_the_end;  // by the number of files
    const Result<CrashSweepReport> report = ForEachCrash(
        replay, scratch_.path(), {.states_max = 60, .seed = seed}, [&](const CrashState& state) {
          const size_t count = PosixFileSystem().ReadDirectory(state.directory)->size();
          smallest = std::min(smallest, count);
          largest = std::max(largest, count);
          if (state.prefix == replay.log().operations.size()) ++at_the_end[count];
          return Ok();
        });
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->points, 13U);
    EXPECT_EQ(report->sampled, 7U);  // 2^6 and more
    EXPECT_EQ(smallest, 0U);
    EXPECT_EQ(largest, 12U);
    EXPECT_EQ(at_the_end[11], 12);  // each single one lost
    EXPECT_EQ(at_the_end[1], 12);   // each single one kept
  }
}

TEST_F(CrashReplayTest, ErrorOfTheCheckerNamesTheState) {
  RecordingFileSystem files(PosixFileSystem(), directory_.path());
  ASSERT_TRUE(files.CreateNew(At("a"), 0600).ok());
  const CrashReplay replay(files.log());
  const Result<CrashSweepReport> report =
      ForEachCrash(replay, scratch_.path(), {}, [&](const CrashState& state) -> Status {
        if (state.prefix == replay.log().baseline) return Ok();
        return Err(ErrorCode::kCorruption, "bad");
      });
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().ToString(), "power cut after operation " +
                                           std::to_string(files.position()) +
                                           " (create a); lost: create a: bad");
  EXPECT_TRUE(PosixFileSystem().ReadDirectory(scratch_.path())->empty());
}

// WriteFileDurably under every power cut, on a disk that may lie about one kind of sync.
class DurableWrite : public CrashReplayTest {
 protected:
  // Writes "new!" over "old", or where nothing is, and checks every crash.
  Result<CrashSweepReport> Sweep(bool replace, std::optional<FileCall> lie) {
    if (replace) {
      PGK_TRY(WriteFileDurably(PosixFileSystem(), At("a"), AsBytes("old"), 0600, false));
    }
    RecordingFileSystem recording(PosixFileSystem(), directory_.path());
    FaultyFileSystem files(recording);
    if (lie.has_value()) {
      files.AddFault({.action = FileFaultAction::kSkip, .call = lie, .times = kForEver});
    }
    PGK_TRY(WriteFileDurably(files, At("a"), AsBytes("new!"), 0600, replace));
    EXPECT_EQ(files.fired(), lie.has_value() ? 1U : 0U);
    const size_t acknowledged = recording.position();
    return ForEachCrash(CrashReplay(recording.log()), scratch_.path(), {},
                        [&](const CrashState& state) {
                          return Check(state, replace, state.prefix >= acknowledged);
                        });
  }

  static Status Check(const CrashState& state, bool replace, bool acknowledged) {
    const Result<Bytes> found =
        ReadWholeFile(PosixFileSystem(), JoinPath(state.directory, "a"), 100);
    const bool is_new = found.ok() && AsText(*found) == "new!";
    const bool is_old = replace ? found.ok() && AsText(*found) == "old"
                                : !found.ok() && found.error().code() == ErrorCode::kNotFound;
    if (!is_new && !is_old) return Err(ErrorCode::kCorruption, "neither old nor new");
    if (acknowledged && !is_new) return Err(ErrorCode::kCorruption, "acknowledged, but lost");
    return Ok();
  }
};

TEST_F(DurableWrite, ReplacingLeavesOldOrNewAndKeepsWhatItAcknowledged) {
  const Result<CrashSweepReport> report = Sweep(true, std::nullopt);
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_EQ(report->points, 6U);  // before; create, write, sync, rename, sync directory
  EXPECT_EQ(report->sampled, 0U);
  EXPECT_GT(report->states, 10U);
}

TEST_F(DurableWrite, CreatingLeavesNothingOrAllAndKeepsWhatItAcknowledged) {
  const Result<CrashSweepReport> report = Sweep(false, std::nullopt);
  ASSERT_TRUE(report.ok()) << report.error().ToString();
  EXPECT_EQ(report->points, 7U);  // before; create, write, sync, link, remove, sync directory
  EXPECT_EQ(report->sampled, 0U);
}

TEST_F(DurableWrite, MissingSyncOfTheFileIsFound) {
  for (const bool replace : {true, false}) {
    const Result<CrashSweepReport> report = Sweep(replace, FileCall::kSync);
    ASSERT_FALSE(report.ok());
    EXPECT_TRUE(report.error().ToString().ends_with("neither old nor new"))
        << report.error().ToString();
    ASSERT_TRUE(PosixFileSystem().Remove(At("a")).ok());
  }
}

TEST_F(DurableWrite, MissingSyncOfTheDirectoryIsFound) {
  for (const bool replace : {true, false}) {
    const Result<CrashSweepReport> report = Sweep(replace, FileCall::kSyncDirectory);
    ASSERT_FALSE(report.ok());
    EXPECT_TRUE(report.error().ToString().ends_with("acknowledged, but lost"))
        << report.error().ToString();
    ASSERT_TRUE(PosixFileSystem().Remove(At("a")).ok());
  }
}

// A process dies between mkdir and the sync of the parent; the next one finds the directory and
// builds on it. What it acknowledges must survive a power cut all the same.
TEST_F(CrashReplayTest, CreateDirectoriesMakesUpForAProcessThatDied) {
  RecordingFileSystem recording(PosixFileSystem(), directory_.path());
  FaultyFileSystem dying(recording);
  dying.AddFault({.call = FileCall::kSyncDirectory, .nth = 3, .times = kForEver});
  ASSERT_FALSE(CreateDirectories(dying, At("x/y/z"), 0700).ok());
  EXPECT_GT(dying.fired(), 0U);
  ASSERT_TRUE(recording.Stat(At("x/y")).ok());
  ASSERT_TRUE(CreateDirectories(recording, At("x/y"), 0700).ok());
  const size_t acknowledged = recording.position();
  const Result<CrashSweepReport> report = ForEachCrash(
      CrashReplay(recording.log()), scratch_.path(), {}, [&](const CrashState& state) -> Status {
        if (state.prefix < acknowledged) return Ok();
        PGK_TRY(PosixFileSystem().Stat(JoinPath(state.directory, "x/y")));
        return Ok();
      });
  EXPECT_TRUE(report.ok()) << report.error().ToString();
}

}  // namespace
}  // namespace pgkeep::testing

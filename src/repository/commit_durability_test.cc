// Commits on a disk that fails to make them durable.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/retry.h"
#include "repository/expiry.h"
#include "repository/garbage_collector.h"
#include "repository/object_names.h"
#include "repository/protocol_test_kit.h"
#include "storage/directory_store.h"
#include "storage/store_util.h"
#include "testing/crash_replay.h"
#include "testing/faulty_file_system.h"
#include "testing/recording_file_system.h"
#include "testing/temporary_directory.h"

namespace pgkeep::repository {
namespace {

using testing::FileCall;
using ::testing::HasSubstr;
using testing::TemporaryDirectory;

std::unique_ptr<storage::ObjectStore> OpenStore(FileSystem& files, const std::string& path) {
  auto store = storage::OpenDirectoryStore(files, {.path = path, .create = true});
  EXPECT_TRUE(store.ok()) << store.error().Describe();
  return *std::move(store);
}

class CommitDurability : public ::testing::Test {
 protected:
  // Whether `key` is there after a power cut now that loses everything it can.
  bool Survives(const std::string& key) {
    const TemporaryDirectory after;
    const testing::CrashReplay replay(recording_.log());
    const auto lost = replay.Materialise(
        recording_.position(), [](size_t) { return size_t{0}; }, after.path());
    EXPECT_TRUE(lost.ok()) << lost.error().Describe();
    return PosixFileSystem().Stat(after.path() + "/repository/" + key).ok();
  }

  testing::FakeClock clock_;
  TemporaryDirectory directory_;
  testing::RecordingFileSystem recording_{PosixFileSystem(), directory_.path()};
  testing::FaultyFileSystem faulty_{recording_};
  std::unique_ptr<storage::ObjectStore> store_ = OpenStore(faulty_, directory_.Join("repository"));
  TestRepository repository_{*store_, clock_};
};

// The decision gets its name, but the directory cannot be synced: every later reader of this
// machine sees a backup that a power cut takes away.
TEST_F(CommitDurability, DecisionThatCannotBeSyncedIsNoSuccess) {
  const DummyBackup first = repository_.MakeBackup();
  ASSERT_TRUE(Survives(DecisionKey(first.id)));
  const RepositoryContext context = repository_.Context();
  Result<TestRepository::Writer> writer = repository_.Begin(context);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(repository_.StorePacks(context, *writer, 1).ok());
  const std::string key = DecisionKey(writer->ticket.writer);
  faulty_.AddFault({.call = FileCall::kSyncDirectory, .path_contains = "/dec"});
  const Result<DummyBackup> backup = repository_.Commit(context, *writer);
  ASSERT_EQ(faulty_.fired(), 1u);
  ASSERT_FALSE(Survives(key)) << "this disk has lost nothing, so the test shows nothing";
  const Result<Bytes> visible = store_->Get(key, 1 << 16);
  ASSERT_TRUE(visible.ok()) << "it looks like a backup";
  ASSERT_FALSE(backup.ok());
  EXPECT_THAT(backup.error().ToString(), HasSubstr("outcome unknown"));

  // Another process that is told "it exists" by the same create may believe it.
  const auto other = OpenStore(recording_, directory_.Join("repository"));
  ASSERT_TRUE(storage::CreateOnce(*other, key, *visible, RetryPolicy{}, clock_, {}).ok());
  EXPECT_TRUE(Survives(key));
}

// One process expires a backup, but the directory cannot be synced; another one collects. Wherever
// the power is cut: what is a backup then has all that it needs.
TEST(CollectionDurability, NothingIsDeletedForWhatIsOnlyVisible) {
  const TemporaryDirectory directory;
  const TemporaryDirectory scratch;
  const std::string place = directory.Join("repository");
  testing::FakeClock clock;
  const auto plain = OpenStore(PosixFileSystem(), place);
  const TestRepository repository(*plain, clock);
  repository.MakeBackup();
  const DummyBackup expired = repository.MakeBackup();
  const WriterId dead = repository.MakeDeadWriter({expired.id}, 1);
  repository.Expire(repository.MakeBackup().id);  // so that exp/ is there

  testing::RecordingFileSystem recording(PosixFileSystem(), directory.path());
  testing::FaultyFileSystem faulty(recording);
  for (const std::string folder : {"/exp", "/dec"}) {
    const auto store = OpenStore(faulty, place);
    faulty.AddFault({.call = FileCall::kSyncDirectory, .path_contains = folder});
    const RepositoryContext context = repository.Context(store.get());
    if (folder == "/exp") {
      ASSERT_FALSE(ExpireBackups(context, {.backups = {expired.id}, .force = true}).ok());
    } else {
      ASSERT_FALSE(AbortWriter(context, dead, "test").ok());
    }
  }
  ASSERT_EQ(faulty.fired(), 2u);

  const auto store = OpenStore(recording, place);
  for (int cycle = 0; cycle < 2; ++cycle) {
    const auto report = CollectGarbage(repository.KeylessContext(store.get()), {.force = true});
    ASSERT_TRUE(report.ok()) << report.error().Describe();
    ASSERT_EQ(report->deleted > 0, cycle == 1);
  }
  ASSERT_TRUE(KeysBelow(*store, "p/" + expired.id.Hex()).empty());
  ASSERT_TRUE(KeysBelow(*store, "p/" + dead.Hex()).empty());

  const testing::CrashReplay replay(recording.log());
  const auto report = testing::ForEachCrash(
      replay, scratch.path(), {.states_max = 8, .seed = 1},
      [&](const testing::CrashState& state) -> Status {
        const auto found = OpenStore(PosixFileSystem(), state.directory + "/repository");
        const std::vector<std::string> missing =
            MissingLiveObjects(repository.Context(found.get()));
        if (!missing.empty()) {
          return Err(ErrorCode::kInternal, "{} is missing", missing.front());
        }
        // Who is undecided again has everything that it could commit with.
        if (found->Head(DecisionKey(dead)).ok() || !KeysBelow(*found, "p/" + dead.Hex()).empty()) {
          return Ok();
        }
        return Err(ErrorCode::kInternal, "the packs of an undecided writer are gone");
      });
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_GT(report->states, report->points);
}

}  // namespace
}  // namespace pgkeep::repository

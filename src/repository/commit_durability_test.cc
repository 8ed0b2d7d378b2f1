// Commits on a disk that fails to make them durable.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/retry.h"
#include "repository/protocol_test_kit.h"
#include "storage/directory_store.h"
#include "storage/store_util.h"
#include "testing/crash_replay.h"
#include "testing/faulty_file_system.h"
#include "testing/recording_file_system.h"
#include "testing/temporary_directory.h"

namespace pgkeep::repository {
namespace {

using ::testing::HasSubstr;
using testing::FileCall;
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
  std::unique_ptr<storage::ObjectStore> store_ =
      OpenStore(faulty_, directory_.Join("repository"));
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

}  // namespace
}  // namespace pgkeep::repository

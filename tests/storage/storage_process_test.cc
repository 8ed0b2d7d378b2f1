// Two processes that race for the same keys, and processes that are killed while they write.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <thread>

#include "base/error.h"
#include "storage/directory_store.h"
#include "testing/store_conformance_cases.h"
#include "testing/temporary_directory.h"
#include "tests/storage/child_process.h"

namespace pgkeep::storage {
namespace {

using testing::Pattern;

class StorageProcessTest : public ::testing::Test {
 protected:
  StorageProcessTest() : root_(directory_.Join("repository")) {
    store_ = OpenDirectoryStore(PosixFileSystem(), {.path = root_, .create = true}).value();
  }

  std::unique_ptr<ChildProcess> StartWriter(uint64_t writer) const {
    return std::make_unique<ChildProcess>(
        std::vector<std::string>{SiblingProgram("store_process"), root_, std::to_string(writer)});
  }

  const testing::TemporaryDirectory directory_;
  const std::string root_;
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(StorageProcessTest, TwoProcessesNeverBothCreateAnObject) {
  constexpr int kRounds = 200;
  constexpr size_t kSize = 20'000;
  const std::vector<std::unique_ptr<ChildProcess>> writers = [&] {
    std::vector<std::unique_ptr<ChildProcess>> started;
    for (const uint64_t writer : {0U, 1U}) started.push_back(StartWriter(writer));
    return started;
  }();
  std::set<size_t> winners;
  for (int round = 0; round < kRounds; ++round) {
    // A new group now and then, so that making it is a race too.
    const std::string key = "g" + std::to_string(round / 10) + "/" + std::to_string(round);
    // The other one first in every second round.
    for (size_t i = 0; i < 2; ++i) {
      writers[(i + static_cast<size_t>(round)) % 2]->Send("create " + key + " " +
                                                          std::to_string(kSize));
    }
    const std::vector<std::string> answers = {writers[0]->Receive(), writers[1]->Receive()};
    ASSERT_EQ(std::multiset<std::string>(answers.begin(), answers.end()),
              (std::multiset<std::string>{"lost", "won"}))
        << key;
    const size_t winner = answers[0] == "won" ? 0 : 1;
    winners.insert(winner);
    const auto content = store_->Get(key, kSize);
    ASSERT_TRUE(content.ok()) << content.error().Describe();
    ASSERT_TRUE(BytesEqual(*content, Pattern(winner, kSize))) << key;
  }
  EXPECT_EQ(winners.size(), 2U) << "it was no race";
}

// Whatever a killed process was doing: what it had acknowledged is there, what is there is whole,
// and nothing else is listed.
TEST_F(StorageProcessTest, KilledWritersLeaveOnlyWholeObjects) {
  constexpr uint64_t kKills = 25;
  constexpr size_t kSize = 300'000;
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::set<std::string> acknowledged;
  for (uint64_t writer = 0; writer < kKills; ++writer) {
    const auto child = StartWriter(writer);
    const std::string prefix = "p/" + std::to_string(writer);
    child->Send("fill " + prefix + " " + std::to_string(kSize));
    for (int i = 0; i < 3; ++i) acknowledged.insert(child->Receive());
    // Somewhere in the middle of the next ones.
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    child->Kill();
    for (std::string key = child->Receive(); !key.empty(); key = child->Receive()) {
      acknowledged.insert(key);
    }
  }
  const Status all = ListAll(*store_, "", [&](const ObjectInfo& object) -> Status {
    acknowledged.erase(object.key);
    const uint64_t writer = std::stoull(object.key.substr(2));
    PGK_ASSIGN_OR_RETURN(const Bytes content, store_->Get(object.key, kSize));
    if (BytesEqual(content, Pattern(writer, kSize))) return Ok();
    return Err(ErrorCode::kCorruption, "{} is not whole", object.key);
  });
  EXPECT_TRUE(all.ok()) << all.error().Describe();
  EXPECT_TRUE(acknowledged.empty()) << *acknowledged.begin() << " was acknowledged and is missing";

  // Every dead writer left its lock file, most also an unfinished object; ours stays.
  const auto swept = SweepTemporaries(PosixFileSystem(), {.path = root_, .temp_age = Duration(-1)});
  ASSERT_TRUE(swept.ok()) << swept.error().Describe();
  EXPECT_GE(swept->removed, kKills);
  EXPECT_EQ(swept->kept, 1U);
}

// The lock of a living process protects its temporaries, and its death gives them up.
TEST_F(StorageProcessTest, SweepingWaitsForTheDeathOfAWriter) {
  const auto child = StartWriter(7);
  child->Send("create a 10");
  ASSERT_EQ(child->Receive(), "won");
  const DirectoryStoreOptions now{.path = root_, .temp_age = Duration(-1)};
  const auto before = SweepTemporaries(PosixFileSystem(), now);
  ASSERT_TRUE(before.ok()) << before.error().Describe();
  EXPECT_EQ(before->removed, 0U);
  EXPECT_EQ(before->kept, 2U);
  child->Kill();
  const auto after = SweepTemporaries(PosixFileSystem(), now);
  ASSERT_TRUE(after.ok()) << after.error().Describe();
  EXPECT_EQ(after->removed, 1U);
  EXPECT_EQ(after->kept, 1U);
}

}  // namespace
}  // namespace pgkeep::storage

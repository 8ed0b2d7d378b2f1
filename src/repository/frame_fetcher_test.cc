#include "repository/frame_fetcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "repository/data_test_kit.h"
#include "repository/object_names.h"
#include "storage/forwarding_store.h"

namespace pgkeep::repository {
namespace {

using ::testing::HasSubstr;

// For what would hang where nothing is read at the same time; reached only by a test that fails.
constexpr Duration kTooLong = std::chrono::seconds(60);

// A store with a latency: several requests at the same time are faster.
class DistantStore final : public storage::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  storage::StoreFeatures features() const override {
    storage::StoreFeatures features = inner().features();
    features.parallel_requests = 4;
    return features;
  }

  // Reading from data packs waits until so many requests are there at once, this time only.
  void WaitForCompany(unsigned company) {
    const MutexLock lock(mutex_);
    wanted_ = company;
  }
  bool AwaitFrameRequests(uint64_t count) {
    const MutexLock lock(mutex_);
    return changed_.WaitFor(mutex_, kTooLong, {},
                            [&]() PGK_REQUIRES(mutex_) { return requests_ >= count; });
  }
  uint64_t frame_requests() {
    const MutexLock lock(mutex_);
    return requests_;
  }
  unsigned most_at_once() {
    const MutexLock lock(mutex_);
    return most_;
  }

  Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) override {
    // Not the head of a pack, which has its keys.
    if (!key.starts_with(kDataPackPrefix) || offset == 0) return inner().GetRange(key, offset, out);
    {
      const MutexLock lock(mutex_);
      ++requests_;
      most_ = std::max(most_, ++now_);
      changed_.NotifyAll();
      changed_.WaitFor(mutex_, kTooLong, {},
                       [this]() PGK_REQUIRES(mutex_) { return most_ >= wanted_; });
    }
    const Status read = inner().GetRange(key, offset, out);
    const MutexLock lock(mutex_);
    --now_;
    return read;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  uint64_t requests_ PGK_GUARDED_BY(mutex_) = 0;
  unsigned now_ PGK_GUARDED_BY(mutex_) = 0;
  unsigned most_ PGK_GUARDED_BY(mutex_) = 0;
  unsigned wanted_ PGK_GUARDED_BY(mutex_) = 0;
};

class DistantReading : public ::testing::Test {
 protected:
  // A stream of four windows of 8 MiB.
  static constexpr size_t kWindows = 4;
  static constexpr size_t kUnitsPerWindow = 1024;

  TestBackup Write(const TestTree& tree) {
    const auto written = WriteTree(*vault_.Open(), tree);
    EXPECT_TRUE(written.ok()) << written.error().Describe();
    return *written;
  }

  TestBackup WriteWindows() {
    tree_["db"]["t"] = TestPages(1, kWindows * kUnitsPerWindow);
    return Write(tree_);
  }

  // Reads all units; false from the visitor ends it.
  Status Read(const TestBackup& backup, const StreamReader::Visitor& visit) {
    const auto repository = vault_.Open(false, "", &distant_);
    PGK_ASSIGN_OR_RETURN(const auto reader, BackupReader::Open(*repository, backup.id));
    return reader->WalkStreams("db", [&](const StreamEntry& entry) -> Status {
      PGK_ASSIGN_OR_RETURN(const auto stream, reader->OpenStream(entry));
      return stream->ReadUnits(0, entry.units, visit);
    });
  }

  TestVault vault_;
  DistantStore distant_{vault_.own_store};
  TestTree tree_;
};

TEST_F(DistantReading, RequestsOfOneWindowGoOutTogether) {
  TestTree tree;
  tree["db"]["t"] = TestPages(1, 400);
  Write(tree);
  // Three more packs, in pieces of the same window.
  TestBackup last;
  for (size_t first = 100; first < 400; first += 100) {
    for (size_t i = first; i < first + 100; ++i) tree["db"]["t"].units[i][0] ^= 1;
    last = Write(tree);
  }
  distant_.WaitForCompany(4);
  const auto read = ReadTree(*vault_.Open(false, "", &distant_), last.id);
  ASSERT_TRUE(read.ok()) << read.error().Describe();
  EXPECT_EQ(*read, tree);
  EXPECT_EQ(distant_.most_at_once(), 4U);
}

TEST_F(DistantReading, TheNextWindowComesWhileOneIsVisited) {
  const TestBackup backup = WriteWindows();
  uint64_t units = 0;
  const Status read = Read(backup, [&](const UnitPart& part) -> Result<bool> {
    if (part.unit == 0) {
      EXPECT_TRUE(distant_.AwaitFrameRequests(2));
      // But no further than that.
      EXPECT_LT(distant_.frame_requests(), kWindows);
    }
    EXPECT_EQ(Bytes(part.bytes.begin(), part.bytes.end()),
              tree_["db"]["t"].units[static_cast<size_t>(part.unit)]);
    ++units;
    return true;
  });
  ASSERT_TRUE(read.ok()) << read.error().Describe();
  EXPECT_EQ(units, kWindows * kUnitsPerWindow);
}

TEST_F(DistantReading, WhoStopsGivesUpWhatIsOnItsWay) {
  const TestBackup backup = WriteWindows();
  uint64_t units = 0;
  const Status read = Read(backup, [&](const UnitPart&) -> Result<bool> {
    ++units;
    return false;
  });
  ASSERT_TRUE(read.ok()) << read.error().Describe();
  EXPECT_EQ(units, 1U);
  EXPECT_LT(distant_.frame_requests(), kWindows);
}

TEST_F(DistantReading, DamageIsToldWhenItsWindowIsReached) {
  const TestBackup backup = WriteWindows();
  // The last quarter of the last pack.
  std::string last;
  for (const std::string& key : vault_.own_store.Keys()) {
    if (key.starts_with(kDataPackPrefix)) last = key;
  }
  vault_.own_store.Tamper(last, [](Bytes& bytes) { bytes[bytes.size() / 4 * 3] ^= 1; });
  uint64_t units = 0;
  const Status read = Read(backup, [&](const UnitPart&) -> Result<bool> {
    ++units;
    return true;
  });
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(read.error().Describe(), HasSubstr(last));
  EXPECT_GE(units, kUnitsPerWindow);
  EXPECT_LT(units, kWindows * kUnitsPerWindow);
}

TEST_F(DistantReading, OneLostPackOfSeveralIsTheError) {
  TestTree tree;
  tree["db"]["t"] = TestPages(1, 200);
  Write(tree);
  std::string first;
  for (const std::string& key : vault_.own_store.Keys()) {
    if (key.starts_with(kDataPackPrefix)) first = key;
  }
  for (size_t i = 0; i < 100; ++i) tree["db"]["t"].units[i][0] ^= 1;
  const TestBackup second = Write(tree);
  ASSERT_TRUE(vault_.own_store.Delete(first).ok());
  const auto read = ReadTree(*vault_.Open(false, "", &distant_), second.id);
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().Describe(), HasSubstr(first));
}

TEST_F(DistantReading, BigUnitsComeBackWhole) {
  tree_["db"]["t"].units.push_back(TestUnit(7, size_t{20} << 20));
  tree_["db"]["t"].units.push_back(TestUnit(8, 100));
  const TestBackup backup = Write(tree_);
  const auto read = ReadTree(*vault_.Open(false, "", &distant_), backup.id);
  ASSERT_TRUE(read.ok()) << read.error().Describe();
  EXPECT_EQ(*read, tree_);
  EXPECT_GT(distant_.frame_requests(), 1U);
}

}  // namespace
}  // namespace pgkeep::repository

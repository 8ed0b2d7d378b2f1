#include "repository/request_each.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "repository/backup_list.h"
#include "repository/garbage_collector.h"
#include "repository/protocol_test_kit.h"
#include "repository/verify_data.h"
#include "storage/forwarding_store.h"

namespace pgkeep::repository {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A store with a latency: it notes whether two requests of a kind were there at the same time.
// Until they were, each waits for another.
class MeetingStore final : public storage::ForwardingStore {
 public:
  MeetingStore(storage::ObjectStore& inner, std::string operation, std::string prefix,
               unsigned parallel_requests = 4)
      : ForwardingStore(inner),
        operation_(std::move(operation)),
        prefix_(std::move(prefix)),
        parallel_requests_(parallel_requests) {}

  bool met() const {
    const MutexLock lock(mutex_);
    return met_;
  }

  storage::StoreFeatures features() const override {
    storage::StoreFeatures features = inner().features();
    features.parallel_requests = parallel_requests_;
    return features;
  }
  Result<Bytes> Get(std::string_view key, uint64_t max_bytes) override {
    Meet("get", key);
    return inner().Get(key, max_bytes);
  }
  Status Delete(std::string_view key) override {
    Meet("delete", key);
    return inner().Delete(key);
  }

 private:
  void Meet(std::string_view operation, std::string_view key) {
    if (operation != operation_ || !key.starts_with(prefix_)) return;
    const MutexLock lock(mutex_);
    ++inside_;
    met_ = met_ || inside_ > 1;
    changed_.NotifyAll();
    changed_.WaitFor(mutex_, std::chrono::seconds(20), {},
                     [this]() PGK_REQUIRES(mutex_) { return met_; });
    --inside_;
  }

  const std::string operation_;
  const std::string prefix_;
  const unsigned parallel_requests_;
  mutable Mutex mutex_;
  CondVar changed_;
  int inside_ PGK_GUARDED_BY(mutex_) = 0;
  bool met_ PGK_GUARDED_BY(mutex_) = false;
};

class RequestEachTest : public ::testing::Test {
 protected:
  RequestEachTest() {
    for (int i = 0; i < 6; ++i) backups_.push_back(repository_.MakeBackup({}, 3).id);
  }

  HandmadeRepository memory_;
  TestRepository& repository_ = memory_.repository;
  std::vector<BackupId> backups_;
};

TEST_F(RequestEachTest, TakesInOrderAndEndsWithTheFirstError) {
  for (const unsigned parallel : {1U, 4U}) {
    MeetingStore store(memory_.store, "get", "nothing", parallel);
    const RepositoryContext context = repository_.Context(&store);
    std::vector<int> items;
    for (int i = 0; i < 100; ++i) items.push_back(i);
    std::atomic<int> requests = 0;
    std::vector<int> taken;
    const Status outcome = RequestEach(
        context, items,
        [&](int item) {
          ++requests;
          return Result<std::string>(std::to_string(item));
        },
        [&](int item, const Result<std::string>& text) -> Status {
          EXPECT_EQ(*text, std::to_string(item));
          taken.push_back(item);
          if (item == 3) return Err(ErrorCode::kIo, "enough");
          return Ok();
        });
    EXPECT_FALSE(outcome.ok());
    EXPECT_THAT(taken, ElementsAre(0, 1, 2, 3));
    EXPECT_LE(requests, parallel == 1 ? 4 : 4 + 2 * 4);
  }
}

TEST_F(RequestEachTest, NothingToDoIsDone) {
  const Status outcome = RequestEach(
      repository_.Context(), std::vector<int>{}, [](int) { return 1; },
      [](int, int) -> Status { return Err(ErrorCode::kInternal, "there is no item"); });
  EXPECT_TRUE(outcome.ok());
}

TEST_F(RequestEachTest, BackupsAreListedSeveralAtATime) {
  MeetingStore store(memory_.store, "get", "man/");
  const auto listed = ListBackups(repository_.Context(&store));
  ASSERT_TRUE(listed.ok()) << listed.error().Describe();
  EXPECT_EQ(listed->size(), backups_.size());
  EXPECT_TRUE(store.met());
}

TEST_F(RequestEachTest, ListsForVerificationAreReadSeveralAtATime) {
  MeetingStore store(memory_.store, "get", "ref/");
  const auto verified = VerifyData(repository_.KeylessContext(&store), {});
  ASSERT_TRUE(verified.ok()) << verified.error().Describe();
  EXPECT_THAT(verified->problems, IsEmpty());
  EXPECT_TRUE(store.met());
}

TEST_F(RequestEachTest, TheCollectorReadsAndDeletesSeveralAtATime) {
  repository_.Expire(backups_[0]);
  const size_t packs = KeysBelow(memory_.store, "p/").size();
  MeetingStore decisions(memory_.store, "get", "dec/");
  ASSERT_TRUE(CollectGarbage(repository_.KeylessContext(&decisions), {.dry_run = true}).ok());
  EXPECT_TRUE(decisions.met());
  MeetingStore lists(memory_.store, "get", "ref/");
  ASSERT_TRUE(CollectGarbage(repository_.KeylessContext(&lists), {.dry_run = true}).ok());
  EXPECT_TRUE(lists.met());
  MeetingStore deletions(memory_.store, "delete", "p/");
  // Where the store keeps versions, the first cycle deletes, else the second.
  for (int cycle = 0; cycle < 2; ++cycle) {
    const auto report = CollectGarbage(repository_.KeylessContext(&deletions), {.force = true});
    ASSERT_TRUE(report.ok()) << report.error().Describe();
  }
  EXPECT_TRUE(deletions.met());
  EXPECT_EQ(KeysBelow(memory_.store, "p/").size(), packs - 3);
  EXPECT_THAT(MissingLiveObjects(repository_.Context()), IsEmpty());
}

}  // namespace
}  // namespace pgkeep::repository

#include "testing/faulty_store.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/memory_store.h"

namespace pgkeep::testing {
namespace {

using storage::StoreOperation;

template <class Outcome>
std::string CodeOf(const Outcome& outcome) {
  return outcome.ok() ? "ok" : std::string(CodeName(outcome.error().code()));
}

class FaultyStoreTest : public ::testing::Test {
 protected:
  FaultyStoreTest() : memory_(clock_), store_(memory_, clock_) {
    const Bytes content{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    EXPECT_TRUE(memory_.CreateIfAbsent("p/a", content).ok());
  }

  FakeClock clock_;
  MemoryStore memory_;
  FaultyStore store_;
};

TEST_F(FaultyStoreTest, FailsBeforeTheNthMatchingCallOnly) {
  const size_t rule = store_.AddRule({.action = FaultAction::kFailBefore,
                                      .operation = StoreOperation::kCreateIfAbsent,
                                      .key_contains = "dec/",
                                      .nth = 2,
                                      .times = 2,
                                      .code = ErrorCode::kIo});
  EXPECT_EQ(CodeOf(store_.CreateIfAbsent("dec/1", {})), "ok");
  EXPECT_EQ(CodeOf(store_.CreateIfAbsent("pin/1", {})), "ok");
  EXPECT_EQ(CodeOf(store_.Put("dec/x", {})), "ok");
  EXPECT_EQ(store_.fired(rule), 0U);
  EXPECT_EQ(CodeOf(store_.CreateIfAbsent("dec/2", {})), "io");
  EXPECT_EQ(CodeOf(store_.CreateIfAbsent("dec/3", {})), "io");
  EXPECT_EQ(CodeOf(store_.CreateIfAbsent("dec/4", {})), "ok");
  EXPECT_EQ(memory_.Keys(), (std::vector<std::string>{"dec/1", "dec/4", "dec/x", "p/a", "pin/1"}));
  EXPECT_EQ(store_.fired(rule), 2U);
  EXPECT_EQ(store_.matched(rule), 4U);
  EXPECT_EQ(store_.fired(FaultAction::kFailBefore), 2U);
  EXPECT_EQ(store_.History().size(), 2U);
}

TEST_F(FaultyStoreTest, LosesTheAnswerOfACallThatIsDone) {
  const size_t rule =
      store_.AddRule({.action = FaultAction::kFailAfter, .times = 10, .code = ErrorCode::kTimeout});
  EXPECT_EQ(CodeOf(store_.CreateIfAbsent("dec/1", {})), "timeout");
  EXPECT_EQ(CodeOf(memory_.Head("dec/1")), "ok");
  // A call that fails by itself keeps its own error, and nothing was injected.
  EXPECT_EQ(CodeOf(store_.CreateIfAbsent("dec/1", {})), "already_exists");
  EXPECT_EQ(store_.fired(rule), 1U);
  EXPECT_EQ(CodeOf(store_.Delete("dec/1")), "timeout");
  EXPECT_EQ(CodeOf(memory_.Head("dec/1")), "not_found");
  EXPECT_EQ(CodeOf(store_.List("", "", 10)), "timeout");
  EXPECT_EQ(CodeOf(store_.ServerTime()), "timeout");
  EXPECT_EQ(store_.fired(rule), 4U);
}

TEST_F(FaultyStoreTest, DelaysOnTheClock) {
  store_.AddRule({.action = FaultAction::kDelay, .delay = std::chrono::minutes(3)});
  const Timestamp before = clock_.Now();
  EXPECT_EQ(CodeOf(store_.Get("p/a", 100)), "ok");
  EXPECT_EQ(clock_.Now() - before, std::chrono::minutes(3));
}

TEST_F(FaultyStoreTest, TruncatesReads) {
  store_.AddRule({.action = FaultAction::kTruncateRead, .times = 100, .offset = 4});
  EXPECT_EQ(store_.Get("p/a", 100).value(), (Bytes{0, 1, 2, 3}));
  Bytes out(3);
  EXPECT_EQ(CodeOf(store_.GetRange("p/a", 1, out)), "ok");
  EXPECT_EQ(CodeOf(store_.GetRange("p/a", 2, out)), "corruption");
  EXPECT_EQ(CodeOf(store_.GetRange("p/a", 6, out)), "corruption");
  EXPECT_EQ(store_.fired(FaultAction::kTruncateRead), 3U);
}

TEST_F(FaultyStoreTest, FlipsOneBitOfReadsThatCoverIt) {
  store_.AddRule({.action = FaultAction::kFlipRead, .times = 100, .offset = 5});
  EXPECT_EQ(store_.Get("p/a", 100).value(), (Bytes{0, 1, 2, 3, 4, 5 ^ 32, 6, 7, 8, 9}));
  Bytes out(3);
  EXPECT_EQ(CodeOf(store_.GetRange("p/a", 4, out)), "ok");
  EXPECT_EQ(out, (Bytes{4, 5 ^ 32, 6}));
  EXPECT_EQ(CodeOf(store_.GetRange("p/a", 6, out)), "ok");
  EXPECT_EQ(out, (Bytes{6, 7, 8}));
  EXPECT_EQ(store_.fired(FaultAction::kFlipRead), 2U);
  EXPECT_EQ(memory_.Get("p/a", 100).value()[5], 5);
}

TEST_F(FaultyStoreTest, RunsOutOfSpaceForWritesOnly) {
  store_.AddRule({.action = FaultAction::kOutOfSpace, .times = 100});
  EXPECT_EQ(CodeOf(store_.CreateIfAbsent("p/b", Bytes(1))), "out_of_space");
  EXPECT_EQ(CodeOf(store_.Put("p/b", Bytes(1))), "out_of_space");
  EXPECT_EQ(CodeOf(store_.Get("p/a", 100)), "ok");
  EXPECT_EQ(CodeOf(store_.Delete("p/a")), "ok");
  EXPECT_TRUE(memory_.Keys().empty());
}

TEST_F(FaultyStoreTest, ClearedFaultsAreGone) {
  store_.AddRule({.action = FaultAction::kFailBefore, .times = 100});
  store_.SetProbabilities({.seed = 1, .fail_before = 1});
  EXPECT_EQ(CodeOf(store_.Get("p/a", 100)), "unavailable");
  store_.ClearFaults();
  EXPECT_EQ(CodeOf(store_.Get("p/a", 100)), "ok");
  EXPECT_EQ(store_.fired(FaultAction::kFailBefore), 1U);
}

// What one seed does to a thousand calls.
std::vector<std::string> RandomRun(uint64_t seed) {
  FakeClock clock;
  MemoryStore memory(clock);
  FaultyStore store(memory, clock);
  store.SetProbabilities({.seed = seed,
                          .fail_before = 0.1,
                          .fail_after = 0.1,
                          .delay = 0.1,
                          .truncate_read = 0.2,
                          .flip_read = 0.2,
                          .out_of_space = 0.05});
  std::vector<std::string> outcomes;
  for (int i = 0; i < 500; ++i) {
    const std::string key = "p/" + std::to_string(i % 50);
    outcomes.push_back(CodeOf(store.Put(key, Bytes(100))));
    const auto content = store.Get(key, 100);
    outcomes.push_back(CodeOf(content));
    if (content.ok() && *content != Bytes(100)) outcomes.back() = "damaged";
  }
  for (size_t action = 0; action < kFaultActionCount; ++action) {
    outcomes.push_back(std::to_string(store.fired(static_cast<FaultAction>(action))));
    EXPECT_GT(store.fired(static_cast<FaultAction>(action)), 5U) << "action " << action;
  }
  return outcomes;
}

TEST(FaultyStore, RandomFaultsRepeatFromTheirSeed) {
  EXPECT_EQ(RandomRun(7), RandomRun(7));
  EXPECT_NE(RandomRun(7), RandomRun(8));
}

}  // namespace
}  // namespace pgkeep::testing

#include "storage/store_util.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "storage/counting_store.h"
#include "testing/fake_clock.h"
#include "testing/faulty_store.h"
#include "testing/memory_store.h"

namespace pgkeep::storage {
namespace {

using testing::FakeClock;
using testing::FaultAction;
using testing::FaultRule;
using testing::FaultyStore;
using testing::MemoryStore;

// Both forms of creating once, over a store that can be told to fail.
class CreateOnceTest : public ::testing::TestWithParam<bool> {
 protected:
  CreateOnceTest() : counting_(memory_), faulty_(counting_, clock_) {}

  Result<ObjectInfo> Create(std::string_view content) {
    const auto create = GetParam() ? CreateOnceByListing : CreateOnce;
    return create(faulty_, "dec/a", AsBytes(content), policy_, clock_, stop_.get_token());
  }

  std::string Stored() {
    const auto content = memory_.Get("dec/a", 100);
    return content.ok() ? std::string(AsText(*content)) : "nothing";
  }

  std::string CodeOf(const Result<ObjectInfo>& outcome) {
    return outcome.ok() ? "ok" : std::string(CodeName(outcome.error().code()));
  }

  FakeClock clock_;
  MemoryStore memory_;
  CountingStore counting_;
  FaultyStore faulty_;
  RetryPolicy policy_{.attempts = 4};
  std::stop_source stop_;
};

INSTANTIATE_TEST_SUITE_P(ReadingAndListing, CreateOnceTest, ::testing::Bool(),
                         [](const auto& param_info) {
                           return param_info.param ? "ByListing" : "ByReading";
                         });

TEST_P(CreateOnceTest, CreatesWithOneCallWhenAllIsWell) {
  const auto created = Create("mine");
  ASSERT_TRUE(created.ok()) << created.error().Describe();
  EXPECT_EQ(created->key, "dec/a");
  EXPECT_EQ(created->size, 4U);
  EXPECT_EQ(Stored(), "mine");
  EXPECT_EQ(counting_.Counts().Total().calls, 1U);
}

TEST_P(CreateOnceTest, TakesItsOwnObjectForSuccessWhenTheAnswerWasLost) {
  const size_t rule = faulty_.AddRule({.action = FaultAction::kFailAfter,
                                       .operation = StoreOperation::kCreateIfAbsent,
                                       .code = ErrorCode::kTimeout});
  const auto created = Create("mine");
  ASSERT_TRUE(created.ok()) << created.error().Describe();
  EXPECT_EQ(faulty_.fired(rule), 1U);
  EXPECT_EQ(Stored(), "mine");
  const auto head = memory_.Head("dec/a");
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(created->etag, head->etag);
  EXPECT_EQ(created->size, head->size);
  EXPECT_EQ(created->modified, head->modified);
}

TEST_P(CreateOnceTest, SaysConflictForAnotherWritersObject) {
  for (const char* other : {"hers", "longer", "", "s"}) {
    ASSERT_TRUE(memory_.Put("dec/a", AsBytes(other)).ok());
    const auto created = Create("mine");
    EXPECT_EQ(CodeOf(created), "conflict");
    EXPECT_FALSE(created.error().hint().empty());
    EXPECT_EQ(Stored(), other);
  }
}

// The lost answer was the refusal itself: our first try was beaten, and that must be found out.
TEST_P(CreateOnceTest, SaysConflictWhenTheRivalsObjectCameBetweenTries) {
  faulty_.AddRule(
      {.action = FaultAction::kFailBefore, .operation = StoreOperation::kCreateIfAbsent});
  ASSERT_TRUE(memory_.Put("dec/a", AsBytes("hers")).ok());
  EXPECT_EQ(CodeOf(Create("mine")), "conflict");
  EXPECT_EQ(Stored(), "hers");
}

TEST_P(CreateOnceTest, RetriesConfirmingToo) {
  faulty_.AddRule(
      {.action = FaultAction::kFailAfter, .operation = StoreOperation::kCreateIfAbsent});
  std::vector<size_t> rules;
  for (const StoreOperation operation : {StoreOperation::kGet, StoreOperation::kList}) {
    rules.push_back(faulty_.AddRule({.action = FaultAction::kFailBefore, .operation = operation}));
  }
  EXPECT_EQ(CodeOf(Create("mine")), "ok");
  EXPECT_EQ(faulty_.fired(rules[0]) + faulty_.fired(rules[1]), 1U);
}

TEST_P(CreateOnceTest, GivesUpAfterThePolicysAttempts) {
  const size_t rule = faulty_.AddRule({.action = FaultAction::kFailBefore,
                                       .operation = StoreOperation::kCreateIfAbsent,
                                       .times = 100});
  EXPECT_EQ(CodeOf(Create("mine")), "unavailable");
  EXPECT_EQ(faulty_.fired(rule), 4U);
  EXPECT_EQ(clock_.sleeps().size(), 3U);
  EXPECT_EQ(Stored(), "nothing");
}

TEST_P(CreateOnceTest, DoesNotRetryWhatCannotGetBetter) {
  for (const ErrorCode code : {ErrorCode::kPermission, ErrorCode::kOutOfSpace, ErrorCode::kIo,
                               ErrorCode::kUnsupported, ErrorCode::kConflict}) {
    faulty_.ClearFaults();
    const size_t rule =
        faulty_.AddRule({.action = FaultAction::kFailBefore, .times = 100, .code = code});
    EXPECT_EQ(CodeOf(Create("mine")), CodeName(code));
    EXPECT_EQ(faulty_.fired(rule), 1U);
  }
}

TEST_P(CreateOnceTest, StopsBetweenAttemptsWhenAsked) {
  faulty_.AddRule({.action = FaultAction::kFailBefore, .times = 100});
  stop_.request_stop();
  EXPECT_EQ(CodeOf(Create("mine")), "cancelled");
}

// Every way of losing the first two answers ends in the object and success.
TEST_P(CreateOnceTest, SurvivesEveryPairOfFaults) {
  const FaultAction actions[] = {FaultAction::kFailBefore, FaultAction::kFailAfter};
  for (const FaultAction first : actions) {
    for (const FaultAction second : actions) {
      for (const ErrorCode code : {ErrorCode::kTimeout, ErrorCode::kUnavailable}) {
        faulty_.ClearFaults();
        ASSERT_TRUE(memory_.Delete("dec/a").ok());
        faulty_.AddRule({.action = first, .nth = 1, .code = code});
        faulty_.AddRule({.action = second, .nth = 2, .code = code});
        const auto created = Create("mine");
        ASSERT_TRUE(created.ok()) << created.error().Describe();
        EXPECT_EQ(Stored(), "mine");
      }
    }
  }
}

TEST(CreateOnceByListing, NeedsNoRightToRead) {
  FakeClock clock;
  MemoryStore memory(clock);
  memory.ForbidReading("p/");
  FaultyStore faulty(memory, clock);
  const size_t rule = faulty.AddRule(
      {.action = FaultAction::kFailAfter, .operation = StoreOperation::kCreateIfAbsent});
  // A longer key with the same beginning must not be taken for it.
  ASSERT_TRUE(memory.CreateIfAbsent("p/s/10", AsBytes("other")).ok());
  const auto created =
      CreateOnceByListing(faulty, "p/s/1", AsBytes("mine"), RetryPolicy(), clock, {});
  ASSERT_TRUE(created.ok()) << created.error().Describe();
  EXPECT_EQ(created->key, "p/s/1");
  EXPECT_EQ(faulty.fired(rule), 1U);
  const auto refused = CreateOnce(memory, "p/s/1", AsBytes("mine"), RetryPolicy(), clock, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kPermission);
}

}  // namespace
}  // namespace pgkeep::storage

#include "base/retry.h"

#include <gtest/gtest.h>

#include <set>

#include "testing/fake_clock.h"

namespace pgkeep {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FakeClock;

const RetryPolicy kPolicy{
    .attempts = 5, .base = milliseconds(100), .cap = milliseconds(300), .budget = seconds(60)};

Error Busy() { return Error(ErrorCode::kUnavailable, "unavailable"); }

TEST(Retry, ReturnsTheFirstSuccess) {
  FakeClock clock;
  int attempts = 0;
  const Result<int> result = Retry(kPolicy, clock, {}, [&]() -> Result<int> {
    if (++attempts < 3) return Busy();
    return 7;
  });
  EXPECT_EQ(*result, 7);
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(clock.sleeps().size(), 2U);
}

TEST(Retry, DoesNotRepeatWhatCannotGetBetter) {
  FakeClock clock;
  int attempts = 0;
  const Status status = Retry(kPolicy, clock, {}, [&]() -> Status {
    ++attempts;
    return Error(ErrorCode::kCorruption, "corrupt");
  });
  EXPECT_EQ(status.error().ToString(), "corrupt");
  EXPECT_EQ(attempts, 1);
  EXPECT_TRUE(clock.sleeps().empty());
}

TEST(Retry, GivesUpAfterTheLastAttemptWithoutAnotherPause) {
  FakeClock clock;
  int attempts = 0;
  const Status status = Retry(kPolicy, clock, {}, [&]() -> Status {
    ++attempts;
    return Busy();
  });
  EXPECT_EQ(attempts, 5);
  EXPECT_EQ(clock.sleeps().size(), 4U);
  EXPECT_EQ(status.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(status.error().ToString(), "giving up after 5 attempts: unavailable");
}

TEST(Retry, PausesAreSpreadBelowADoublingBoundWithACap) {
  const Duration bounds[] = {milliseconds(100), milliseconds(200), milliseconds(300),
                             milliseconds(300)};
  Duration longest[4] = {};
  std::set<Duration> first_pauses;
  for (int loop = 0; loop < 200; ++loop) {
    FakeClock clock;
    ASSERT_FALSE(Retry(kPolicy, clock, {}, []() -> Status { return Busy(); }).ok());
    const std::vector<Duration> pauses = clock.sleeps();
    ASSERT_EQ(pauses.size(), 4U);
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_GE(pauses[i], Duration(0));
      EXPECT_LE(pauses[i], bounds[i]);
      longest[i] = std::max(longest[i], pauses[i]);
    }
    first_pauses.insert(pauses[0]);
  }
  // Two hundred even draws reach the upper half of each range, and loops do not move in step.
  for (size_t i = 0; i < 4; ++i) EXPECT_GT(longest[i], bounds[i] / 2);
  EXPECT_GT(first_pauses.size(), 100U);
}

TEST(Retry, StartsNothingBeyondTheBudget) {
  FakeClock clock;
  const Duration start = clock.Monotonic();
  RetryPolicy policy = kPolicy;
  policy.attempts = 1000000;
  policy.budget = seconds(2);
  Duration last_start{0};
  const Status status = Retry(policy, clock, {}, [&]() -> Status {
    last_start = clock.Monotonic() - start;
    clock.Advance(milliseconds(50));
    return Busy();
  });
  EXPECT_FALSE(status.ok());
  EXPECT_LE(last_start, policy.budget);
  EXPECT_GT(last_start, seconds(1));
}

TEST(Retry, StopEndsItAndKeepsTheReason) {
  FakeClock clock;
  std::stop_source source;
  int attempts = 0;
  const Status status = Retry(kPolicy, clock, source.get_token(), [&]() -> Status {
    if (++attempts == 2) source.request_stop();
    return Busy();
  });
  EXPECT_EQ(attempts, 2);
  EXPECT_EQ(status.error().code(), ErrorCode::kCancelled);
  ASSERT_EQ(status.error().attached().size(), 1U);
  EXPECT_EQ(status.error().attached()[0].code(), ErrorCode::kUnavailable);
}

TEST(Retry, OneAttemptMeansNoRetryAndNoContext) {
  FakeClock clock;
  RetryPolicy policy = kPolicy;
  policy.attempts = 1;
  const Status status = Retry(policy, clock, {}, []() -> Status { return Busy(); });
  EXPECT_EQ(status.error().ToString(), "unavailable");
  policy.attempts = 0;
  EXPECT_EQ(Retry(policy, clock, {}, []() -> Status { return Busy(); }).error().ToString(),
            "unavailable");
}

}  // namespace
}  // namespace pgkeep

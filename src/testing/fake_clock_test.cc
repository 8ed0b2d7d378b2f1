#include "testing/fake_clock.h"

#include <gtest/gtest.h>

namespace pgkeep::testing {
namespace {

using std::chrono::seconds;

TEST(FakeClock, StandsStill) {
  FakeClock clock;
  EXPECT_EQ(FormatUtc(clock.Now()), "2026-01-01T00:00:00Z");
  EXPECT_EQ(clock.Now(), clock.Now());
  EXPECT_EQ(clock.Monotonic(), clock.Monotonic());
}

TEST(FakeClock, SleepingMovesBothTimesWithoutWaiting) {
  FakeClock clock(*ParseUtc("2024-02-28T23:59:59Z"));
  const Duration before = clock.Monotonic();
  ASSERT_TRUE(clock.SleepFor(std::chrono::hours(24), {}).ok());
  ASSERT_TRUE(clock.SleepFor(seconds(-5), {}).ok());
  EXPECT_EQ(FormatUtc(clock.Now()), "2024-02-29T23:59:59Z");
  EXPECT_EQ(clock.Monotonic() - before, std::chrono::hours(24));
  EXPECT_EQ(clock.sleeps(), (std::vector<Duration>{std::chrono::hours(24), seconds(-5)}));
}

TEST(FakeClock, WallClockJumpsAloneAndTimeAdvancesBoth) {
  FakeClock clock;
  const Duration before = clock.Monotonic();
  clock.SetNow(*ParseUtc("2020-01-01T00:00:00Z"));
  EXPECT_EQ(clock.Monotonic(), before);
  clock.Advance(seconds(3));
  EXPECT_EQ(FormatUtc(clock.Now()), "2020-01-01T00:00:03Z");
  EXPECT_EQ(clock.Monotonic(), before + seconds(3));
  EXPECT_TRUE(clock.sleeps().empty());
}

TEST(FakeClock, StoppedSleepDoesNotMove) {
  FakeClock clock;
  std::stop_source source;
  source.request_stop();
  const Timestamp before = clock.Now();
  EXPECT_EQ(clock.SleepFor(seconds(1), source.get_token()).error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(clock.Now(), before);
}

}  // namespace
}  // namespace pgkeep::testing

#include "jobs/rate_meter.h"

#include <gtest/gtest.h>

namespace pgkeep::jobs {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateMeter, SaysNothingBeforeASecondHasPassed) {
  RateMeter meter;
  EXPECT_EQ(meter.PerSecond(), std::nullopt);
  meter.Add(seconds(10), 0);
  EXPECT_EQ(meter.PerSecond(), std::nullopt);
  meter.Add(seconds(10) + milliseconds(999), 1000);
  EXPECT_EQ(meter.PerSecond(), std::nullopt);
  EXPECT_EQ(meter.TimeFor(1), std::nullopt);
  meter.Add(seconds(11), 1000);
  EXPECT_DOUBLE_EQ(meter.PerSecond().value(), 1000);
}

TEST(RateMeter, AveragesOverTheWindow) {
  RateMeter meter;
  // 10 a second for a minute, then 100 a second.
  uint64_t count = 0;
  int second = 0;
  for (; second < 60; ++second, count += 10) meter.Add(seconds(second), count);
  EXPECT_DOUBLE_EQ(meter.PerSecond().value(), 10);
  for (int i = 0; i < 15; ++i, ++second, count += 100) meter.Add(seconds(second), count);
  EXPECT_GT(meter.PerSecond().value(), 40);
  EXPECT_LT(meter.PerSecond().value(), 70);
  for (int i = 0; i < 60; ++i, ++second, count += 100) meter.Add(seconds(second), count);
  EXPECT_DOUBLE_EQ(meter.PerSecond().value(), 100);
}

TEST(RateMeter, SinksWhenNothingMoves) {
  RateMeter meter;
  for (int second = 0; second <= 10; ++second) {
    meter.Add(seconds(second), static_cast<uint64_t>(second) * 100);
  }
  for (int second = 11; second <= 60; ++second) meter.Add(seconds(second), 1000);
  EXPECT_DOUBLE_EQ(meter.PerSecond().value(), 0);
  EXPECT_EQ(meter.TimeFor(5), std::nullopt);
}

TEST(RateMeter, StartsAfreshWhenTheCountDoes) {
  RateMeter meter;
  meter.Add(seconds(0), 0);
  meter.Add(seconds(10), 1000);
  meter.Add(seconds(11), 0);
  EXPECT_EQ(meter.PerSecond(), std::nullopt);
  meter.Add(seconds(13), 10);
  EXPECT_DOUBLE_EQ(meter.PerSecond().value(), 5);
}

TEST(RateMeter, TellsTheTimeForTheRest) {
  RateMeter meter;
  meter.Add(seconds(0), 0);
  meter.Add(seconds(10), 100);
  EXPECT_EQ(meter.TimeFor(0), Duration::zero());
  EXPECT_EQ(meter.TimeFor(50), seconds(5));
  EXPECT_EQ(meter.TimeFor(UINT64_MAX), std::nullopt) << "more than a hundred days";
}

// Readings come several times a second for days: memory is bounded by the window.
TEST(RateMeter, ReadsOftenWithoutDrifting) {
  RateMeter meter;
  uint64_t count = 0;
  for (Duration now = {}; now < hours(1); now += milliseconds(10)) meter.Add(now, count += 7);
  EXPECT_NEAR(meter.PerSecond().value(), 700, 1);
}

}  // namespace
}  // namespace pgkeep::jobs

#include "base/clock.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <thread>

namespace pgkeep {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;

// 9999-12-31T23:59:59.999999Z and 0000-01-01T00:00:00Z.
const Timestamp kLast = sys_days(year(9999) / 12 / 31) + hours(24) - Duration(1);
const Timestamp kFirst = sys_days(year(0) / 1 / 1);

TEST(FormatUtc, RoundsDownToSeconds) {
  EXPECT_EQ(FormatUtc(Timestamp(seconds(1795352700))), "2026-11-22T13:05:00Z");
  EXPECT_EQ(FormatUtc(Timestamp(seconds(1795352700) + Duration(999999))), "2026-11-22T13:05:00Z");
  EXPECT_EQ(FormatUtc(Timestamp(Duration(-1))), "1969-12-31T23:59:59Z");
  EXPECT_EQ(FormatUtc(kLast), "9999-12-31T23:59:59Z");
  EXPECT_EQ(FormatUtc(kFirst), "0000-01-01T00:00:00Z");
}

TEST(FormatUtc, MicrosShowsAllDigits) {
  EXPECT_EQ(FormatUtcMicros(Timestamp(Duration(250))), "1970-01-01T00:00:00.000250Z");
  EXPECT_EQ(FormatUtcMicros(Timestamp(Duration(-1))), "1969-12-31T23:59:59.999999Z");
}

TEST(ParseUtc, AcceptsFractionsOfUpToSixDigits) {
  const Timestamp whole = Timestamp(seconds(1795352700));
  EXPECT_EQ(*ParseUtc("2026-11-22T13:05:00Z"), whole);
  EXPECT_EQ(*ParseUtc("2026-11-22T13:05:00.5Z"), whole + Duration(500000));
  EXPECT_EQ(*ParseUtc("2026-11-22T13:05:00.000001Z"), whole + Duration(1));
}

TEST(ParseUtc, KnowsLeapYears) {
  EXPECT_EQ(FormatUtc(*ParseUtc("2024-02-29T00:00:00Z")), "2024-02-29T00:00:00Z");
  EXPECT_EQ(FormatUtc(*ParseUtc("2000-02-29T00:00:00Z")), "2000-02-29T00:00:00Z");
  EXPECT_FALSE(ParseUtc("2026-02-29T00:00:00Z").ok());
  EXPECT_FALSE(ParseUtc("1900-02-29T00:00:00Z").ok());
}

TEST(ParseUtc, RefusesEverythingElse) {
  for (const std::string_view text : {"",
                                      "2026-11-22",
                                      "2026-11-22T13:05:00",
                                      "2026-11-22T13:05:00z",
                                      "2026-11-22 13:05:00Z",
                                      "2026-11-22T13:05Z",
                                      "2026-11-22T13:05:00+00:00",
                                      "2026-11-22T13:05:00Z ",
                                      " 2026-11-22T13:05:00Z",
                                      "2026-13-22T13:05:00Z",
                                      "2026-00-22T13:05:00Z",
                                      "2026-11-31T13:05:00Z",
                                      "2026-11-00T13:05:00Z",
                                      "2026-11-22T24:00:00Z",
                                      "2026-11-22T13:60:00Z",
                                      "2026-11-22T23:59:60Z",
                                      "2026-11-22T13:05:00.Z",
                                      "2026-11-22T13:05:00.1234567Z",
                                      "2026-11-22T13:05:00.12",
                                      "26-11-22T13:05:00Z",
                                      "+026-11-22T13:05:00Z",
                                      "2026-1-22T13:05:00Z",
                                      "2026/11/22T13:05:00Z",
                                      "2026-11-22T13.05:00Z",
                                      "2026-11-22T-1:05:00Z",
                                      "20261122T130500Z"}) {
    const Result<Timestamp> time = ParseUtc(text);
    ASSERT_FALSE(time.ok()) << text;
    EXPECT_EQ(time.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_FALSE(time.error().hint().empty());
  }
}

RC_GTEST_PROP(ParseUtc, EveryTimeComesBack, ()) {
  const auto micros = *rc::gen::inRange<int64_t>(kFirst.time_since_epoch().count(),
                                                 kLast.time_since_epoch().count() + 1);
  const Timestamp time{Duration(micros)};
  RC_ASSERT(*ParseUtc(FormatUtcMicros(time)) == time);
  RC_ASSERT(*ParseUtc(FormatUtc(time)) == std::chrono::floor<seconds>(time));
}

// Such times come from file systems and object stores, so they must not end the process.
TEST(FormatUtc, ShowsTheNearestYearWithFourDigits) {
  EXPECT_EQ(FormatUtc(kLast + Duration(1)), "9999-12-31T23:59:59Z");
  EXPECT_EQ(FormatUtc(Timestamp::max()), "9999-12-31T23:59:59Z");
  EXPECT_EQ(FormatUtc(Timestamp::min()), "0000-01-01T00:00:00Z");
  EXPECT_EQ(FormatUtcMicros(Timestamp::max()), "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(FormatUtcMicros(Timestamp::min()), "0000-01-01T00:00:00.000000Z");
}

TEST(SystemClock, SleepsAtLeastAsLongAsAsked) {
  const Duration before = SystemClock().Monotonic();
  ASSERT_TRUE(SystemClock().SleepFor(std::chrono::milliseconds(5), {}).ok());
  EXPECT_GE(SystemClock().Monotonic() - before, std::chrono::milliseconds(5));
  EXPECT_TRUE(SystemClock().SleepFor(Duration(-1), {}).ok());
}

TEST(SystemClock, WakesUpWhenStopped) {
  std::stop_source source;
  std::atomic<bool> woken = false;
  std::jthread sleeper([&] {
    const Status slept = SystemClock().SleepFor(Duration::max(), source.get_token());
    woken = true;
    EXPECT_EQ(slept.error().code(), ErrorCode::kCancelled);
  });
  // Cannot fail when the clock is right, however long either thread is held up.
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  EXPECT_FALSE(woken);
  source.request_stop();
  sleeper.join();
  EXPECT_FALSE(SystemClock().SleepFor(Duration(0), source.get_token()).ok());
}

}  // namespace
}  // namespace pgkeep

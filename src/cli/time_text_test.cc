#include "cli/time_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>

namespace pgkeep::cli {
namespace {

// Runs a test in this zone.
class TimeText : public ::testing::Test {
 protected:
  static void SetZone(const char* zone) {
    ASSERT_EQ(setenv("TZ", zone, 1), 0);
    tzset();
  }
  void TearDown() override {
    unsetenv("TZ");
    tzset();
  }

  static std::string Read(std::string_view text) {
    const auto time = ParseTime(text, ParseUtc("2026-11-22T12:00:00Z").value());
    return time.ok() ? FormatUtc(*time) : "refused";
  }
};

TEST_F(TimeText, ReadsIsoWithItsZone) {
  SetZone("America/New_York");  // plays no part
  EXPECT_EQ(Read("2026-11-22T14:00:30Z"), "2026-11-22T14:00:30Z");
  EXPECT_EQ(Read("2026-11-22 14:00+02:00"), "2026-11-22T12:00:00Z");
  EXPECT_EQ(Read("2026-11-22 14:00 -0330"), "2026-11-22T17:30:00Z");
  EXPECT_EQ(Read("2026-11-22T14:00:00.123456+01"), "2026-11-22T13:00:00Z");
}

TEST_F(TimeText, CountsBackFromNow) {
  EXPECT_EQ(Read("now"), "2026-11-22T12:00:00Z");
  EXPECT_EQ(Read("-90s"), "2026-11-22T11:58:30Z");
  EXPECT_EQ(Read("-2h"), "2026-11-22T10:00:00Z");
  EXPECT_EQ(Read("-7d"), "2026-11-15T12:00:00Z");
}

TEST_F(TimeText, TakesDaysInTheZoneOfThisMachine) {
  SetZone("Europe/Berlin");
  EXPECT_EQ(Read("yesterday 14:00"), "2026-11-21T13:00:00Z");
  EXPECT_EQ(Read("today 00:30:15"), "2026-11-21T23:30:15Z");
  SetZone("Pacific/Auckland");  // where it is the 23rd already
  EXPECT_EQ(Read("yesterday 14:00"), "2026-11-22T01:00:00Z");
}

TEST_F(TimeText, RefusesHoursThatTheClockSkips) {
  SetZone("Europe/Berlin");
  const Timestamp now = ParseUtc("2026-03-29T12:00:00Z").value();
  EXPECT_FALSE(ParseTime("today 02:30", now).ok());
  EXPECT_EQ(FormatUtc(ParseTime("today 03:30", now).value()), "2026-03-29T01:30:00Z");
}

TEST_F(TimeText, RefusesEverythingElse) {
  for (const char* text :
       {"", "2026-11-22T14:00:00", "2026-11-22", "2026-02-30T00:00Z", "2026-11-22T24:00Z",
        "2026-11-22T14:00:00Z!", "-2", "-h", "--2h", "2h", "-1w", "yesterday", "yesterday 25:00",
        "tomorrow 10:00", "2026-11-22T14:00:00.Z", "-99999999999999h"}) {
    EXPECT_EQ(Read(text), "refused") << text;
  }
  EXPECT_NE(ParseTime("noon", {}).error().hint().find("with the zone"), std::string::npos);
}

TEST_F(TimeText, ShowsTheZoneBack) {
  const Timestamp time = ParseUtc("2026-11-21T13:00:00Z").value();
  SetZone("Europe/Berlin");
  EXPECT_EQ(ShowTime(time), "2026-11-21T13:00:00Z (2026-11-21 14:00:00 CET)");
  SetZone("UTC");
  EXPECT_EQ(ShowTime(time), "2026-11-21T13:00:00Z");
}

}  // namespace
}  // namespace pgkeep::cli

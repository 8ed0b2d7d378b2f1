#include "jobs/progress_reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "testing/stepped_clock.h"

namespace pgkeep::jobs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class ProgressReporterTest : public ::testing::Test {
 protected:
  ReporterOptions Options(ProgressStyle style) {
    return {.style = style,
            .write = [this](std::string_view text) { written_.emplace_back(text); },
            .columns = [this] { return columns_; }};
  }

  // Ticks as often as the thread would, for `duration`.
  void TickFor(ProgressReporter& reporter, Duration duration) {
    for (Duration passed = {}; passed < duration; passed += reporter.interval()) {
      clock_.Advance(reporter.interval());
      reporter.Tick();
    }
  }

  testing::FakeClock clock_;
  Progress progress_;
  size_t columns_ = 60;
  std::vector<std::string> written_;
};

TEST_F(ProgressReporterTest, RedrawsTheBarInOnePieceAndOnlyWhenItChanges) {
  ProgressReporter reporter(progress_, clock_, Options(ProgressStyle::kBar));
  progress_.BeginPhase("copy");
  progress_.SetTotalBytes(1000, false);
  reporter.Tick();
  TickFor(reporter, seconds(5));
  EXPECT_THAT(written_, SizeIs(1)) << "nothing changed";
  progress_.AddBytes(500);
  TickFor(reporter, milliseconds(200));
  ASSERT_THAT(written_, SizeIs(2));
  EXPECT_THAT(written_[1], AllOf(StartsWith("\rcopy  "), HasSubstr("50%"), EndsWith("\x1b[K")));
}

TEST_F(ProgressReporterTest, DrawsNoMoreOftenThanItsInterval) {
  ProgressReporter reporter(progress_, clock_, Options(ProgressStyle::kBar));
  for (int i = 0; i < 100; ++i) {
    clock_.Advance(milliseconds(10));
    progress_.AddBytes(1024);
    reporter.Tick();
  }
  EXPECT_THAT(written_, SizeIs(5)) << "in a second";
}

TEST_F(ProgressReporterTest, FollowsTheWidthOfTheTerminal) {
  ProgressReporter reporter(progress_, clock_, Options(ProgressStyle::kBar));
  progress_.BeginPhase("a long name of a phase");
  for (const size_t columns : {60U, 10U, 1U, 0U}) {
    columns_ = columns;
    written_.clear();
    TickFor(reporter, milliseconds(200));
    if (columns < 2) {
      EXPECT_THAT(written_, ElementsAre("\r\x1b[K")) << columns;
      columns_ = 60;
      TickFor(reporter, milliseconds(200));
      continue;
    }
    ASSERT_THAT(written_, SizeIs(1));
    EXPECT_LT(written_[0].size() - 4, columns) << "the last column stays empty";
  }
}

TEST_F(ProgressReporterTest, TakesTheBarAwayForOtherOutput) {
  ProgressReporter reporter(progress_, clock_, Options(ProgressStyle::kBar));
  reporter.Clear();
  EXPECT_THAT(written_, IsEmpty());
  progress_.BeginPhase("copy");
  reporter.Tick();
  reporter.Clear();
  reporter.Clear();
  reporter.Tick();
  EXPECT_THAT(written_, ElementsAre("\rcopy\x1b[K", "\r\x1b[K", "\rcopy\x1b[K"));
}

TEST_F(ProgressReporterTest, WritesALineAtEachPhaseAndEveryTenSeconds) {
  ProgressReporter reporter(progress_, clock_, Options(ProgressStyle::kLines));
  TickFor(reporter, seconds(3));
  EXPECT_THAT(written_, IsEmpty());
  progress_.BeginPhase("copy");
  progress_.SetTotalBytes(100 * 1024, false);
  for (int i = 0; i < 20; ++i) {
    progress_.AddBytes(1024);
    TickFor(reporter, seconds(1));
  }
  EXPECT_THAT(written_,
              ElementsAre("copy: 1%, 1.0 KiB of 100.0 KiB, after 0:03\n",
                          "copy: 11%, 11.0 KiB of 100.0 KiB, 1.0 KiB/s, ETA 1:29, after 0:13\n"));
}

TEST_F(ProgressReporterTest, DrawsTheBarAgainBelowALineOfSomebodyElse) {
  ProgressReporter reporter(progress_, clock_, Options(ProgressStyle::kBar));
  reporter.WriteLine("before");
  progress_.BeginPhase("copy");
  reporter.Tick();
  reporter.WriteLine("between");
  reporter.Clear();
  reporter.WriteLine("after");
  EXPECT_THAT(written_, ElementsAre("before\n", "\rcopy\x1b[K", "\r\x1b[Kbetween\ncopy", "\r\x1b[K",
                                    "after\n"));
}

TEST_F(ProgressReporterTest, IsSilentAboutShortPhasesIfTheyAreNotAnnounced) {
  for (const ProgressStyle style : {ProgressStyle::kLines, ProgressStyle::kJson}) {
    ReporterOptions options = Options(style);
    options.announce_phases = false;
    ProgressReporter reporter(progress_, clock_, options);
    written_.clear();
    for (const char* phase : {"listing", "planning", "deleting"}) {
      progress_.BeginPhase(phase);
      TickFor(reporter, seconds(3));
    }
    EXPECT_THAT(written_, IsEmpty());
    TickFor(reporter, seconds(11));
    EXPECT_THAT(written_, ElementsAre(HasSubstr("deleting"), HasSubstr("deleting")));
  }
}

TEST_F(ProgressReporterTest, WritesJsonLinesForPrograms) {
  ProgressReporter reporter(progress_, clock_, Options(ProgressStyle::kJson));
  progress_.BeginPhase("copy");
  reporter.Tick();
  EXPECT_THAT(written_, ElementsAre("{\"progress\":{\"phase\":\"copy\",\"bytes\":0,\"rows\":0,"
                                    "\"objects\":0,\"elapsed_seconds\":0.0}}\n"));
}

TEST_F(ProgressReporterTest, IsSilentWhenItIsOff) {
  ProgressReporter reporter(progress_, clock_, Options(ProgressStyle::kOff));
  progress_.BeginPhase("copy");
  TickFor(reporter, seconds(30));
  reporter.Clear();
  EXPECT_THAT(written_, IsEmpty());
}

TEST_F(ProgressReporterTest, MeasuresEachPhaseAnew) {
  ProgressReporter reporter(progress_, clock_, Options(ProgressStyle::kJson));
  progress_.BeginPhase("one");
  for (int i = 0; i < 10; ++i) {
    TickFor(reporter, seconds(1));
    progress_.AddBytes(1'000'000);
  }
  written_.clear();
  progress_.BeginPhase("two");
  progress_.AddBytes(50'000'000);  // more than before: not a speed
  TickFor(reporter, milliseconds(500));
  ASSERT_THAT(written_, SizeIs(1));
  EXPECT_THAT(written_[0], Not(HasSubstr("bytes_per_second")));
}

TEST(ProgressReporterThread, TicksUntilItIsDestroyedAndCleansUp) {
  testing::SteppedClock clock;
  Progress progress;
  progress.BeginPhase("copy");
  std::vector<std::string> written;  // by the thread, which sleeps or is gone while this looks
  ProgressReporter reporter(progress, clock,
                            {.style = ProgressStyle::kBar,
                             .write = [&](std::string_view text) { written.emplace_back(text); },
                             .columns = {}});
  {
    const ProgressReporterThread thread(reporter, clock);
    clock.WaitUntilAsleep();
    progress.AddObjects();
    clock.Step();
    EXPECT_THAT(written, ElementsAre("\rcopy\x1b[K", "\rcopy  1 object\x1b[K"));
  }
  EXPECT_EQ(written.back(), "\r\x1b[K");
}

TEST(ChooseProgressStyle, FollowsTheOutput) {
  EXPECT_EQ(ChooseProgressStyle(true, false, false), ProgressStyle::kBar);
  EXPECT_EQ(ChooseProgressStyle(false, false, false), ProgressStyle::kLines);
  EXPECT_EQ(ChooseProgressStyle(true, true, false), ProgressStyle::kJson);
  EXPECT_EQ(ChooseProgressStyle(true, true, true), ProgressStyle::kOff);
}

}  // namespace
}  // namespace pgkeep::jobs

#include "jobs/progress_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/display.h"

namespace pgkeep::jobs {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kMiB = uint64_t{1} << 20;

ProgressView HalfDone() {
  ProgressView view;
  view.snapshot.phase = "copy";
  view.snapshot.bytes = 50 * kMiB;
  view.snapshot.total_bytes = 100 * kMiB;
  view.snapshot.rows = 12;
  view.snapshot.objects = 3;
  view.snapshot.object = "public.orders";
  view.bytes_per_second = 2.5 * kMiB;
  view.remaining = seconds(20);
  view.elapsed = seconds(21);
  return view;
}

TEST(BarText, ShowsAllWhereThereIsRoom) {
  EXPECT_EQ(BarText(HalfDone(), 120),
            "copy  [###############...............]  50%  50.0 MiB of 100.0 MiB  2.5 MiB/s  "
            "ETA 0:20  public.orders");
}

TEST(BarText, NeverExceedsTheWidthAndDropsTheLeastImportantFirst) {
  ProgressView view = HalfDone();
  view.snapshot.note = "snapshot 4 min old, 2 wait for our locks";
  view.snapshot.object = "schéma.表表表表表表表表表表";
  size_t shown = 0;
  for (size_t columns = 0; columns <= 200; ++columns) {
    const std::string text = BarText(view, columns);
    EXPECT_LE(TextWidth(text), columns) << text;
    EXPECT_GE(TextWidth(text) + 30, shown) << "no sudden hole: " << text;
    shown = TextWidth(text);
  }
  EXPECT_EQ(BarText(view, 4), "copy");
  EXPECT_EQ(BarText(view, 3), "co~");
  EXPECT_THAT(BarText(view, 50), Not(HasSubstr("#")));
  EXPECT_THAT(BarText(view, 50), HasSubstr("50%  50.0 MiB of 100.0 MiB"));
  EXPECT_THAT(BarText(view, 200), HasSubstr("2 wait for our locks  schéma.表"));
}

TEST(BarText, IsHonestAboutWhatIsNotKnown) {
  ProgressView view = HalfDone();
  view.snapshot.total_is_estimate = true;
  EXPECT_THAT(BarText(view, 120), HasSubstr("~50%  50.0 MiB of ~100.0 MiB"));
  view.snapshot.bytes = 101 * kMiB;
  EXPECT_THAT(BarText(view, 120), HasSubstr("copy  101.0 MiB  2.5 MiB/s")) << "a bad estimate";
  view.snapshot.total_bytes = std::nullopt;
  view.remaining = std::nullopt;
  EXPECT_EQ(BarText(view, 120), "copy  101.0 MiB  2.5 MiB/s  public.orders");
  view.snapshot.bytes = 0;
  view.bytes_per_second = 0;
  EXPECT_EQ(BarText(view, 120), "copy  3 objects  public.orders");
  view.snapshot.total_objects = 5;
  EXPECT_EQ(BarText(view, 120), "copy  3 of 5 objects  public.orders");
}

TEST(BarText, RoundsDownSoThatOnlyTheEndIsWhole) {
  ProgressView view = HalfDone();
  view.snapshot.bytes = 100 * kMiB - 1;
  EXPECT_THAT(BarText(view, 120), HasSubstr(".]  99%"));
  view.snapshot.bytes = 100 * kMiB;
  EXPECT_THAT(BarText(view, 120), HasSubstr("#]  100%"));
}

TEST(BarText, MakesHostileNamesPrintable) {
  ProgressView view = HalfDone();
  view.snapshot.object = "a\x1b[2J\r\nb\xff";
  EXPECT_THAT(BarText(view, 150), HasSubstr("a?[2J??b?"));
  EXPECT_THAT(LineText(view), HasSubstr("at a?[2J??b?,"));
  view.snapshot.object = "quote \" backslash \\ line\n";
  EXPECT_THAT(JsonText(view), HasSubstr(R"("object":"quote \" backslash \\ line?")"));
}

TEST(LineText, SaysAllOnOneLine) {
  EXPECT_EQ(LineText(HalfDone()),
            "copy: 50%, 50.0 MiB of 100.0 MiB, 2.5 MiB/s, ETA 0:20, at public.orders, after 0:21");
  ProgressView view;
  view.snapshot.note = "waiting";
  EXPECT_EQ(LineText(view), "starting: waiting, after 0:00");
}

TEST(JsonText, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(JsonText(HalfDone()),
            R"({"progress":{"phase":"copy","bytes":52428800,"rows":12,"objects":3,)"
            R"("total_bytes":104857600,"total_is_estimate":false,"bytes_per_second":2621440,)"
            R"("remaining_seconds":20.0,"object":"public.orders","elapsed_seconds":21.0}})");
  EXPECT_EQ(JsonText({}),
            R"({"progress":{"phase":"","bytes":0,"rows":0,"objects":0,"elapsed_seconds":0.0}})");
}

}  // namespace
}  // namespace pgkeep::jobs

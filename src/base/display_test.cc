#include "base/display.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace pgkeep {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(FormatBytes, RoundsDownAtEveryUnit) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1024), "1.0 KiB");
  EXPECT_EQ(FormatBytes(1024 * 1024 - 1), "1023.9 KiB");
  EXPECT_EQ(FormatBytes(uint64_t{3} << 29), "1.5 GiB");
  EXPECT_EQ(FormatBytes(std::numeric_limits<uint64_t>::max()), "15.9 EiB");
}

TEST(FormatDuration, RoundsDownAndDropsSecondsFromADayOn) {
  EXPECT_EQ(FormatDuration(milliseconds(-5)), "0:00");
  EXPECT_EQ(FormatDuration(milliseconds(7999)), "0:07");
  EXPECT_EQ(FormatDuration(seconds(12 * 60 + 34)), "12:34");
  EXPECT_EQ(FormatDuration(hours(3) + seconds(300)), "3:05:00");
  EXPECT_EQ(FormatDuration(hours(51) + seconds(359)), "2 d 03:05");
}

TEST(Printable, LeavesNoWayToMoveTheCursor) {
  EXPECT_EQ(Printable("a\x1b[2J\nb\x7f é"), "a?[2J?b? é");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "2J"),
            "?2J");  // a control character of two bytes
}

TEST(Printable, LeavesNoWayToShowAnotherTextThanThereIs) {
  EXPECT_EQ(Printable("invoice\u202efdp.exe"), "invoice?fdp.exe");
  for (const char* hidden : {"\u200b", "\u200e", "\u2028", "\u2066", "\u2069", "\ufeff", "\u00ad",
                             "\u061c", "\U000e0041"}) {
    EXPECT_EQ(Printable(std::string("a") + hidden + "b"), "a?b");
  }
  EXPECT_EQ(Printable("Größe \u202f € \u65e5\u672c \U0001f600"),
            "Größe \u202f € \u65e5\u672c \U0001f600");
}

TEST(Printable, ShowsThatBytesAreNoText) {
  EXPECT_EQ(Printable("a\xff"
                      "b"),
            "a?b");
  EXPECT_EQ(Printable("\xc3"), "?");                 // cut off
  EXPECT_EQ(Printable("\xc0\xaf"), "??");            // too long a form
  EXPECT_EQ(Printable("\xed\xa0\x80"), "???");       // half of a pair
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "????");  // beyond Unicode
  EXPECT_EQ(Printable(""), "");
}

TEST(TextWidth, CountsColumns) {
  EXPECT_EQ(TextWidth(""), 0U);
  EXPECT_EQ(TextWidth("naïve"), 5U);
  EXPECT_EQ(TextWidth("nai\u0308ve"), 5U);
  EXPECT_EQ(TextWidth("表😀"), 4U);
}

TEST(FitWidth, NeverExceedsTheColumnsNorCutsACharacter) {
  EXPECT_EQ(FitWidth("orders", 6), "orders");
  EXPECT_EQ(FitWidth("orders", 5), "orde~");
  EXPECT_EQ(FitWidth("orders", 1), "~");
  EXPECT_EQ(FitWidth("orders", 0), "");
  EXPECT_EQ(FitWidth("表表表", 4), "表~");
}

}  // namespace
}  // namespace pgkeep

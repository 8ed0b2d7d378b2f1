#include "cli/text_format.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace pgkeep::cli {
namespace {

TEST(FormatBytes, RoundsDownAtEveryUnit) {
  EXPECT_EQ(FormatBytes(0), "0 B");
  EXPECT_EQ(FormatBytes(1023), "1023 B");
  EXPECT_EQ(FormatBytes(1024), "1.0 KiB");
  EXPECT_EQ(FormatBytes(1024 * 1024 - 1), "1023.9 KiB");
  EXPECT_EQ(FormatBytes(uint64_t{3} << 29), "1.5 GiB");
  EXPECT_EQ(FormatBytes(std::numeric_limits<uint64_t>::max()), "15.9 EiB");
}

TEST(Count, KnowsOneFromMany) {
  EXPECT_EQ(Count(0, "backup"), "0 backups");
  EXPECT_EQ(Count(1, "backup"), "1 backup");
  EXPECT_EQ(Count(2, "backup"), "2 backups");
}

TEST(Table, AlignsByCharactersAndLeavesNoBlankAtTheEnd) {
  Table table({{"NAME", Table::Align::kLeft}, {"SIZE", Table::Align::kRight}, {"LABEL"}});
  table.AddRow({"é", "1 B", ""});
  table.AddRow({"longer name", "1000 B", "x"});
  EXPECT_EQ(table.Lines(),
            (std::vector<std::string>{"NAME           SIZE  LABEL",  //
                                      "é               1 B", "longer name  1000 B  x"}));
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

}  // namespace
}  // namespace pgkeep::cli

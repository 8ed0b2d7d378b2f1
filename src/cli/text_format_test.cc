#include "cli/text_format.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgkeep::cli {
namespace {

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

}  // namespace
}  // namespace pgkeep::cli

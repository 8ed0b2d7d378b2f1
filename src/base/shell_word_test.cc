#include "base/shell_word.h"

#include <gtest/gtest.h>

namespace pgkeep {
namespace {

TEST(ShellWord, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(ShellWord("/srv/a-b_c.key"), "/srv/a-b_c.key");
  EXPECT_EQ(ShellWord("file:///srv/a%20b"), "file:///srv/a%20b");
  EXPECT_EQ(ShellWord("/a b"), "'/a b'");
  EXPECT_EQ(ShellWord("$(reboot)"), "'$(reboot)'");
  EXPECT_EQ(ShellWord("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellWord(""), "''");
}

}  // namespace
}  // namespace pgkeep

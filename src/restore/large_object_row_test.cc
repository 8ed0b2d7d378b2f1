#include "restore/large_object_row.h"

#include <gtest/gtest.h>

#include <string>

namespace pgkeep::restore {
namespace {

TEST(LargeObjectRow, ReadsPages) {
  const auto page = ParseLargeObjectRow("4000000000\t3\t\\\\x00ff5c");
  ASSERT_TRUE(page.ok()) << page.error().Describe();
  EXPECT_EQ(page->oid, 4'000'000'000U);
  EXPECT_EQ(page->offset(), 6144U);
  EXPECT_EQ(page->bytes(), 3U);
  EXPECT_EQ(page->hex, "00ff5c");
  EXPECT_EQ(ParseLargeObjectRow("5\t0\t\\\\x")->bytes(), 0U);
}

TEST(LargeObjectRow, RefusesEverythingElse) {
  for (const char* row : {"", "5", "5\t0", "5\t0\tx00", "5\t0\t\\x00", "0\t0\t\\\\x00",
                          "5\t-1\t\\\\x00", "5\t2147483648\t\\\\x00", "4294967296\t0\t\\\\x00",
                          "5\t0\t\\\\x0", "5\t0\t\\\\xgg", "5\t0\t\\\\x00\t"}) {
    const auto page = ParseLargeObjectRow(row);
    ASSERT_FALSE(page.ok()) << row;
    EXPECT_EQ(page.error().code(), ErrorCode::kCorruption);
  }
  const std::string longer = "5\t0\t\\\\x" + std::string(2 * 2049, '0');
  EXPECT_EQ(ParseLargeObjectRow(longer).error().code(), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace pgkeep::restore

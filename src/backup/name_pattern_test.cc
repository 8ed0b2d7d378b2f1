#include "backup/name_pattern.h"

#include <gtest/gtest.h>

namespace pgkeep::backup {
namespace {

std::string NameOf(std::string_view pattern) {
  const auto regex = ParseTablePattern(pattern);
  EXPECT_TRUE(regex.ok());
  return regex.ok() ? regex->name : "";
}

// The right-hand sides are what psql -E shows for \dt with the same pattern.
TEST(NamePattern, IsReadAsPgDumpDoes) {
  EXPECT_EQ(NameOf("orders"), "^(orders)$");
  EXPECT_EQ(NameOf("Orders*"), "^(orders.*)$");
  EXPECT_EQ(NameOf("o?d"), "^(o.d)$");
  EXPECT_EQ(NameOf("\"Odd.Name\""), "^(Odd\\.Name)$");
  EXPECT_EQ(NameOf("\"a\"\"b\""), "^(a\"b)$");
  EXPECT_EQ(NameOf("a$b"), "^(a\\$b)$");
  EXPECT_EQ(NameOf("a[0-9]+"), "^(a[0-9]+)$");
  EXPECT_EQ(NameOf("int[]"), "^(int\\[])$");
  EXPECT_EQ(NameOf("\"*\""), "^(\\*)$");
}

TEST(NamePattern, DotEndsTheSchema) {
  const auto both = ParseTablePattern("Sales.\"A.b\"*");
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->schema, "^(sales)$");
  EXPECT_EQ(both->name, "^(A\\.b.*)$");
  EXPECT_EQ(ParseTablePattern("plain")->schema, std::nullopt);
}

TEST(NamePattern, RefusesTooManyDots) {
  const auto table = ParseTablePattern("a.b.c");
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.error().code(), ErrorCode::kConfig);
  EXPECT_FALSE(ParseSchemaPattern("a.b").ok());
  EXPECT_EQ(*ParseSchemaPattern("\"a.b\""), "^(a\\.b)$");
}

}  // namespace
}  // namespace pgkeep::backup

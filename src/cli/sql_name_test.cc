#include "cli/sql_name.h"

#include <gtest/gtest.h>

#include <string>

namespace pgkeep::cli {
namespace {

std::string Table(std::string_view text) {
  const auto name = ParseTableName(text);
  return name.ok() ? name->schema + "|" + name->name : "refused";
}

TEST(SqlName, ReadsTablesAsSqlDoes) {
  EXPECT_EQ(Table("public.orders"), "public|orders");
  EXPECT_EQ(Table("Public.ORDERS"), "public|orders");
  EXPECT_EQ(Table("orders"), "public|orders");
  EXPECT_EQ(Table(R"("My Schema"."Or""ders.x")"), "My Schema|Or\"ders.x");
  EXPECT_EQ(Table(R"(app."Größe")"), "app|Größe");
  EXPECT_EQ(Table("größe"), "public|größe");
  EXPECT_EQ(Table("\"-x\n\".\"a=b\""), "-x\n|a=b");
}

TEST(SqlName, RefusesWhatIsNoTable) {
  for (const char* text : {"", ".", "a.", ".a", "a.b.c", "\"a", "\"\"", "a b", "a.\"b\"c", "a=b"}) {
    EXPECT_EQ(Table(text), "refused") << text;
  }
}

TEST(SqlName, ReadsOneName) {
  EXPECT_EQ(ParseSqlName("App", "schema").value(), "app");
  EXPECT_EQ(ParseSqlName("\"App\"", "schema").value(), "App");
  EXPECT_FALSE(ParseSqlName("a.b", "schema").ok());
}

TEST(SqlName, ReadsMappingsOfRoles) {
  EXPECT_EQ(ParseRoleMapping("old=new").value(), (restore::RoleMapping{"old", "new"}));
  EXPECT_EQ(ParseRoleMapping(R"("a=b"="C d")").value(), (restore::RoleMapping{"a=b", "C d"}));
  for (const char* text : {"", "a", "a=", "=b", "a=b=c"}) {
    EXPECT_FALSE(ParseRoleMapping(text).ok()) << text;
  }
}

}  // namespace
}  // namespace pgkeep::cli

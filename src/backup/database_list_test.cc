#include "backup/database_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backup/backup_test_kit.h"

namespace pgkeep::backup {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

std::vector<std::string> NamesOf(const std::vector<ListedDatabase>& databases) {
  std::vector<std::string> names;
  for (const ListedDatabase& database : databases) names.push_back(database.name);
  return names;
}

std::vector<ListedDatabase> List(const DatabaseSelection& selection) {
  const auto connection = postgres::Connect(testing::PostgresCluster::Shared().Conninfo());
  const auto databases = ListDatabases(*connection, selection);
  EXPECT_TRUE(databases.ok()) << databases.error().Describe();
  return databases.ok() ? *databases : std::vector<ListedDatabase>();
}

TEST(DatabaseNames, FitPatterns) {
  EXPECT_TRUE(FitsName("*", ""));
  EXPECT_TRUE(FitsName("app", "app"));
  EXPECT_FALSE(FitsName("app", "apps"));
  EXPECT_TRUE(FitsName("app*", "app"));
  EXPECT_TRUE(FitsName("*_test*", "a_test_test"));
  EXPECT_TRUE(FitsName("a?c*e", "abccde"));
  EXPECT_FALSE(FitsName("a?c", "ac"));
  EXPECT_FALSE(FitsName("*a*b", "abc"));
}

TEST(DatabaseList, HasTemplatesAndLeavesOutWhatAllowsNoConnections) {
  const postgres::TestDatabase one("list one");
  const std::vector<std::string> names = NamesOf(List({}));
  EXPECT_THAT(names, Contains("list one"));
  EXPECT_THAT(names, Contains("template1"));
  EXPECT_THAT(names, Contains("postgres"));
  EXPECT_THAT(names, Not(Contains("template0")));
}

TEST(DatabaseList, TakesAwayWhatIsExcluded) {
  const postgres::TestDatabase one("pick_a");
  const postgres::TestDatabase two("pick_b");
  EXPECT_THAT(NamesOf(List({.include = {"pick_*"}, .exclude = {"*_a"}})), ElementsAre("pick_b"));
}

TEST(DatabaseList, SaysWhyANamedDatabaseIsNotAvailable) {
  const std::vector<ListedDatabase> listed =
      List({.include = {"template0", "nowhere", "postgres"}, .exclude = {}});
  ASSERT_EQ(NamesOf(listed), (std::vector<std::string>{"nowhere", "postgres", "template0"}));
  EXPECT_FALSE(listed[0].available);
  EXPECT_EQ(listed[0].reason, "there is no such database");
  EXPECT_TRUE(listed[1].available);
  EXPECT_FALSE(listed[2].available);
  EXPECT_EQ(listed[2].reason, "the server allows no connections to it");
}

TEST(DatabaseList, RefusesAnEmptySelection) {
  const auto connection = postgres::Connect(testing::PostgresCluster::Shared().Conninfo());
  const auto none = ListDatabases(*connection, {.include = {"nothing_*"}, .exclude = {}});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code(), ErrorCode::kConfig);
}

}  // namespace
}  // namespace pgkeep::backup

#include "postgres/server_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <string>

#include "postgres/postgres_test_kit.h"

namespace pgkeep::postgres {
namespace {

using testing::PostgresCluster;

// What pg_controldata says.
uint64_t SystemIdentifier(const PostgresCluster& cluster) {
  const std::string text = cluster.Run("pg_controldata", {cluster.data_directory()}).out;
  constexpr std::string_view kLabel = "Database system identifier:";
  const size_t at = text.find_first_of("0123456789", text.find(kLabel));
  uint64_t identifier = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), identifier);
  return identifier;
}

TEST(ServerInfo, OfASuperuser) {
  const PostgresCluster& cluster = PostgresCluster::Shared();
  const TestDatabase database("info \"db\"", "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
  const auto connection = database.Connect();
  const Result<ServerInfo> info = ReadServerInfo(*connection);
  PGK_ASSERT_OK(info);
  EXPECT_EQ(info->version_num, connection->server_version());
  EXPECT_EQ(info->version_num / 10000, cluster.major_version());
  EXPECT_EQ(info->version, connection->ReportedParameter("server_version"));
  EXPECT_EQ(info->block_size, 8192);
  EXPECT_FALSE(info->in_recovery);
  EXPECT_EQ(info->database, "info \"db\"");
  EXPECT_EQ(
      info->database_oid,
      QueryInt64(*connection, "SELECT oid FROM pg_database WHERE datname = current_database()")
          .ValueOr(0));
  EXPECT_EQ(info->encoding, "LATIN1");
  EXPECT_EQ(info->collate, "C");
  EXPECT_EQ(info->ctype, "C");
  EXPECT_EQ(info->locale_provider, "c");
  EXPECT_EQ(info->user, "postgres");
  EXPECT_TRUE(info->superuser);
  EXPECT_TRUE(info->replication);
  EXPECT_TRUE(info->reads_all_data);
  EXPECT_EQ(info->lock_capacity, 64 * 30);
  EXPECT_EQ(info->system_identifier, SystemIdentifier(cluster));
  EXPECT_EQ(info->data_directory, cluster.data_directory());
  EXPECT_TRUE(DataDirectoryIsHere(PosixFileSystem(), *info));
}

TEST(ServerInfo, OfAnOrdinaryRole) {
  const auto connection = Connect(PostgresCluster::Shared().Conninfo());
  PGK_ASSERT_OK(connection->Execute("CREATE ROLE ordinary; SET ROLE ordinary"));
  const Result<ServerInfo> info = ReadServerInfo(*connection);
  PGK_ASSERT_OK(connection->Execute("RESET ROLE; DROP ROLE ordinary"));
  PGK_ASSERT_OK(info);
  EXPECT_EQ(info->user, "ordinary");
  EXPECT_FALSE(info->superuser);
  EXPECT_FALSE(info->replication);
  EXPECT_FALSE(info->reads_all_data);
  EXPECT_EQ(info->data_directory, std::nullopt);
  EXPECT_FALSE(DataDirectoryIsHere(PosixFileSystem(), *info));
}

TEST(ServerInfo, MembersOfPgReadAllDataReadAllData) {
  if (PostgresCluster::Shared().major_version() < 14) GTEST_SKIP() << "13 has no such role";
  const auto connection = Connect(PostgresCluster::Shared().Conninfo());
  PGK_ASSERT_OK(
      connection->Execute("CREATE ROLE reader; GRANT pg_read_all_data TO reader; SET ROLE reader"));
  const Result<ServerInfo> info = ReadServerInfo(*connection);
  PGK_ASSERT_OK(connection->Execute("RESET ROLE; DROP ROLE reader"));
  PGK_ASSERT_OK(info);
  EXPECT_TRUE(info->reads_all_data);
  EXPECT_FALSE(info->superuser);
}

TEST(ServerInfo, OfAStandby) {
  const PostgresCluster standby({.standby = true});
  const Result<ServerInfo> info = ReadServerInfo(*Connect(standby.Conninfo()));
  PGK_ASSERT_OK(info);
  EXPECT_TRUE(info->in_recovery);
}

TEST(ServerInfo, AnotherClusterInTheSamePlaceIsNotHere) {
  const PostgresCluster& cluster = PostgresCluster::Shared();
  Result<ServerInfo> info = ReadServerInfo(*Connect(cluster.Conninfo()));
  PGK_ASSERT_OK(info);
  ServerInfo other = *info;
  other.system_identifier = *info->system_identifier + 1;
  EXPECT_FALSE(DataDirectoryIsHere(PosixFileSystem(), other));
  other = *info;
  other.data_directory = cluster.Join("elsewhere");
  EXPECT_FALSE(DataDirectoryIsHere(PosixFileSystem(), other));
}

}  // namespace
}  // namespace pgkeep::postgres

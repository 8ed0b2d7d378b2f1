#include "postgres/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/postgres_test_kit.h"

namespace pgkeep::postgres {
namespace {

using ::testing::HasSubstr;
using testing::PostgresCluster;

constexpr std::string_view kCount = "SELECT count(*) FROM t";

TEST(Snapshot, FollowersSeeWhatTheLeaderSees) {
  const TestDatabase database("snapshot");
  const auto writer = database.Connect();
  PGK_ASSERT_OK(writer->Execute("CREATE TABLE t AS SELECT 1 AS a"));
  const auto leader = database.Connect();
  const Result<ExportedSnapshot> snapshot = ExportSnapshot(*leader);
  PGK_ASSERT_OK(snapshot);
  PGK_ASSERT_OK(writer->Execute("INSERT INTO t VALUES (2)"));

  const auto follower = database.Connect();
  PGK_ASSERT_OK(JoinSnapshot(*follower, snapshot->id));
  EXPECT_EQ(QueryInt64(*writer, kCount).ValueOr(-1), 2);
  EXPECT_EQ(QueryInt64(*leader, kCount).ValueOr(-1), 1);
  EXPECT_EQ(QueryInt64(*follower, kCount).ValueOr(-1), 1);
  for (Connection* connection : {leader.get(), follower.get()}) {
    EXPECT_TRUE(connection->in_transaction());
    EXPECT_EQ(QueryText(*connection, "SHOW transaction_isolation").ValueOr(""), "repeatable read");
    EXPECT_EQ(connection->Execute("INSERT INTO t VALUES (3)").error().sqlstate(), "25006");
  }
}

TEST(Snapshot, StartedByTheClockOfTheServer) {
  const auto leader = Connect(PostgresCluster::Shared().Conninfo());
  const auto observer = Connect(PostgresCluster::Shared().Conninfo());
  constexpr std::string_view kNow =
      "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8";
  const int64_t before = QueryInt64(*observer, kNow).ValueOr(-1);
  PGK_ASSERT_OK(leader->Execute("SET timezone = 'Asia/Kathmandu'; SET datestyle = 'SQL, DMY'"));
  const Result<ExportedSnapshot> snapshot = ExportSnapshot(*leader);
  PGK_ASSERT_OK(snapshot);
  const int64_t after = QueryInt64(*observer, kNow).ValueOr(-1);
  EXPECT_GE(snapshot->started.time_since_epoch().count(), before);
  EXPECT_LE(snapshot->started.time_since_epoch().count(), after);
}

TEST(Snapshot, StockToolsTakeIt) {
  const auto leader = Connect(PostgresCluster::Shared().Conninfo());
  const Result<ExportedSnapshot> snapshot = ExportSnapshot(*leader);
  PGK_ASSERT_OK(snapshot);
  const testing::ProgramResult dump =
      PostgresCluster::Shared().Run("pg_dump", {"--snapshot=" + snapshot->id});
  EXPECT_EQ(dump.status, 0) << dump.err;
}

TEST(Snapshot, GoneWithItsLeader) {
  const auto leader = Connect(PostgresCluster::Shared().Conninfo());
  const auto follower = Connect(PostgresCluster::Shared().Conninfo());
  const Result<ExportedSnapshot> snapshot = ExportSnapshot(*leader);
  PGK_ASSERT_OK(snapshot);
  PGK_ASSERT_OK(leader->Execute("COMMIT"));
  for (const std::string& id :
       {snapshot->id, std::string("00000003-0000001B-1"), std::string("'; DROP TABLE t; --")}) {
    const Status joined = JoinSnapshot(*follower, id);
    ASSERT_FALSE(joined.ok());
    EXPECT_EQ(joined.error().code(), ErrorCode::kConflict) << joined.error().Describe();
    EXPECT_FALSE(follower->in_transaction());
  }
}

TEST(Snapshot, NotInsideATransactionAndNotAcrossDatabases) {
  const auto leader = Connect(PostgresCluster::Shared().Conninfo());
  const Result<ExportedSnapshot> snapshot = ExportSnapshot(*leader);
  PGK_ASSERT_OK(snapshot);
  EXPECT_EQ(ExportSnapshot(*leader).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(JoinSnapshot(*leader, snapshot->id).error().code(), ErrorCode::kInvalidArgument);
  const auto elsewhere = Connect(PostgresCluster::Shared().Conninfo("template1"));
  const Status joined = JoinSnapshot(*elsewhere, snapshot->id);
  ASSERT_FALSE(joined.ok());
  EXPECT_THAT(joined.error().ToString(), HasSubstr("joining a snapshot"));
  EXPECT_FALSE(elsewhere->in_transaction());
}

TEST(Snapshot, OnAStandby) {
  const PostgresCluster standby({.standby = true});
  const auto leader = Connect(standby.Conninfo());
  const auto follower = Connect(standby.Conninfo());
  const Result<ExportedSnapshot> snapshot = ExportSnapshot(*leader);
  PGK_ASSERT_OK(snapshot);
  PGK_ASSERT_OK(JoinSnapshot(*follower, snapshot->id));
}

}  // namespace
}  // namespace pgkeep::postgres

// Connecting, and all the ways in which it fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>
#include <vector>

#include "postgres/postgres_test_kit.h"
#include "postgres/quote.h"

namespace pgkeep::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::PostgresCluster;
using testing::TcpProxy;

TEST(Connect, ToTheSharedServer) {
  const auto connection = Connect(PostgresCluster::Shared().Conninfo());
  EXPECT_TRUE(connection->usable());
  EXPECT_FALSE(connection->in_transaction());
  EXPECT_FALSE(connection->uses_tls());
  EXPECT_EQ(connection->server_version() / 10000, PostgresCluster::Shared().major_version());
  EXPECT_EQ(connection->ReportedParameter("server_encoding"), "UTF8");
  EXPECT_EQ(connection->ReportedParameter("no_such_parameter"), "");
  const Result<int64_t> pid = QueryInt64(*connection, "SELECT pg_backend_pid()");
  PGK_ASSERT_OK(pid);
  EXPECT_EQ(connection->backend_pid(), *pid);
  const Result<std::string> name = QueryText(*connection, "SHOW application_name");
  PGK_ASSERT_OK(name);
  EXPECT_EQ(*name, "pgkeep");
}

TEST(Connect, NoServerOnTheSocket) {
  const Error error = ConnectFailure("host=/nonexistent dbname=postgres user=postgres");
  EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
  EXPECT_THAT(error.ToString(), HasSubstr("connecting to host=/nonexistent"));
  EXPECT_THAT(error.hint(), HasSubstr("unix_socket_directories"));
}

TEST(Connect, NobodyListensOnThePort) {
  // Port 1 of the loopback is nobody's.
  const Error error = ConnectFailure("host=127.0.0.1 port=1 dbname=postgres user=postgres");
  EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
  EXPECT_THAT(error.message(), HasSubstr("refused"));
}

TEST(Connect, NoSuchDatabase) {
  const Error error = ConnectFailure(PostgresCluster::Shared().Conninfo("no_such_database"));
  EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  EXPECT_EQ(error.sqlstate(), "3D000");
  EXPECT_THAT(error.message(), HasSubstr("no_such_database"));
  EXPECT_THAT(error.message(), Not(HasSubstr("LOCATION")));
}

TEST(Connect, KeywordsThatLibpqRefuses) {
  const Error error = ConnectFailure(PostgresCluster::Shared().Conninfo() + " sslmode=sideways");
  EXPECT_EQ(error.code(), ErrorCode::kConfig);
  EXPECT_THAT(error.message(), HasSubstr("sideways"));
}

TEST(Connect, Passwords) {
  const PostgresCluster cluster(
      {.tcp = true, .hba = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"});
  ASSERT_EQ(cluster.Sql("ALTER ROLE postgres PASSWORD 'right'"), "");
  const std::string tcp = cluster.TcpConninfo() + " passfile=/dev/null";

  EXPECT_TRUE(Connect(tcp + " password=right")->usable());

  const Error wrong = ConnectFailure(tcp + " password=hidden");
  EXPECT_EQ(wrong.code(), ErrorCode::kUnauthenticated);
  EXPECT_EQ(wrong.sqlstate(), "28P01");
  EXPECT_THAT(wrong.Describe(), Not(HasSubstr("hidden")));
  EXPECT_THAT(wrong.hint(), HasSubstr("password"));

  const Error none = ConnectFailure(tcp);
  EXPECT_EQ(none.code(), ErrorCode::kUnauthenticated);
  EXPECT_THAT(none.hint(), HasSubstr("password"));
}

TEST(Connect, NotLetInByTheServer) {
  const PostgresCluster cluster({.tcp = true, .hba = "local all all trust\n"});
  const Error error = ConnectFailure(cluster.TcpConninfo());
  EXPECT_EQ(error.code(), ErrorCode::kUnauthenticated);
  EXPECT_EQ(error.sqlstate(), "28000");
  EXPECT_THAT(error.hint(), HasSubstr("pg_hba.conf"));
}

TEST(Connect, AllConnectionsAreTaken) {
  const PostgresCluster cluster({.settings = {{"max_connections", "2"},
                                              {"superuser_reserved_connections", "0"},
                                              {"max_wal_senders", "0"}}});
  const auto one = Connect(cluster.Conninfo());
  const auto two = Connect(cluster.Conninfo());
  const Error error = ConnectFailure(cluster.Conninfo());
  EXPECT_EQ(error.code(), ErrorCode::kBusy);
  EXPECT_EQ(error.sqlstate(), "53300");
  EXPECT_FALSE(error.hint().empty());
}

TEST(Connect, Tls) {
  const PostgresCluster cluster({.tcp = true, .tls = true});
  const std::string tls = cluster.TcpConninfo() + " hostaddr=127.0.0.1 sslmode=verify-full";
  const std::string right = " sslrootcert=" + cluster.Join("server.crt");

  const auto connection = Connect(tls + " host=localhost" + right);
  EXPECT_TRUE(connection->uses_tls());

  const Error other_name = ConnectFailure(tls + " host=db.example" + right);
  EXPECT_EQ(other_name.code(), ErrorCode::kUnauthenticated);
  EXPECT_THAT(other_name.hint(), HasSubstr("name"));

  const PostgresCluster other({.tcp = true, .tls = true});
  const Error unknown =
      ConnectFailure(tls + " host=localhost sslrootcert=" + other.Join("server.crt"));
  EXPECT_EQ(unknown.code(), ErrorCode::kUnauthenticated);
  EXPECT_THAT(unknown.hint(), HasSubstr("sslrootcert"));
}

TEST(Connect, ServerWithoutTls) {
  const PostgresCluster cluster({.tcp = true});
  const Error error = ConnectFailure(cluster.TcpConninfo() + " sslmode=require");
  EXPECT_EQ(error.code(), ErrorCode::kUnauthenticated);
  EXPECT_THAT(error.message(), HasSubstr("does not support SSL"));
}

TEST(Connect, GivesUpOnASilentNetwork) {
  TcpProxy proxy(PostgresCluster::Shared().socket_path());
  proxy.Stall();
  const Error by_option =
      ConnectFailure(ConninfoOf(proxy), {.connect_timeout = std::chrono::milliseconds(50)});
  EXPECT_EQ(by_option.code(), ErrorCode::kTimeout);
  EXPECT_THAT(by_option.ToString(), HasSubstr("connecting to"));
  const Error by_keyword = ConnectFailure(ConninfoOf(proxy) + " connect_timeout=1");
  EXPECT_EQ(by_keyword.code(), ErrorCode::kTimeout);
  EXPECT_EQ(proxy.bytes_from_server(), 0U);
}

TEST(Connect, StopsOnASilentNetwork) {
  TcpProxy proxy(PostgresCluster::Shared().socket_path());
  proxy.Stall();
  std::stop_source stop;
  const std::jthread stopper([&] {
    while (proxy.accepted() == 0) std::this_thread::yield();
    stop.request_stop();
  });
  const Error error = ConnectFailure(ConninfoOf(proxy), {.stop = stop.get_token()});
  EXPECT_EQ(error.code(), ErrorCode::kCancelled);
}

TEST(Connect, DatabasesWithHostileNames) {
  for (const char* name : {"host=evil port=1", "postgresql://evil/x", "qu\"o'te", "new\nline", "-d",
                           " ", R"(back\slash)", "d\xc3\xa9j\xc3\xa0"}) {
    const TestDatabase database(name);
    const auto connection = database.Connect();
    const Result<std::string> current = QueryText(*connection, "SELECT current_database()");
    PGK_ASSERT_OK(current);
    EXPECT_EQ(*current, name);
  }
}

TEST(Connect, EffectiveParamsLeadToTheSameServer) {
  TcpProxy proxy(PostgresCluster::Shared().socket_path());
  // The first host does not answer; the second does.
  const auto first = Connect("host=127.0.0.1,127.0.0.1 port=1," + std::to_string(proxy.port()) +
                             " user=postgres dbname=template1 sslmode=disable");
  const ConnectionParams params = first->EffectiveParams();
  EXPECT_EQ(params.Get("host"), "127.0.0.1");
  EXPECT_EQ(params.Get("port"), std::to_string(proxy.port()));
  EXPECT_EQ(params.Get("dbname"), "template1");
  EXPECT_EQ(params.Get("sslmode"), "disable");
  PGK_ASSERT_OK(Connection::Open(params));
  EXPECT_EQ(proxy.accepted(), 2U);

  // As a child gets them.
  const testing::ProgramResult child =
      testing::RunProgram({PostgresCluster::ProgramPath("psql"), "-XAtc",
                           "SELECT current_database()", "-d", params.ToConninfo()});
  EXPECT_EQ(child.out, "template1\n") << child.err;
}

TEST(Connect, EffectiveParamsKeepThePassword) {
  const auto connection = Connect(PostgresCluster::Shared().Conninfo() + " password=unused");
  EXPECT_TRUE(connection->EffectiveParams().secrets().contains("password"));
}

}  // namespace
}  // namespace pgkeep::postgres

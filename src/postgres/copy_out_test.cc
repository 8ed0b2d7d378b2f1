#include "postgres/copy_out.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "postgres/postgres_test_kit.h"
#include "postgres/sqlstate.h"

namespace pgkeep::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::PostgresCluster;
using testing::TcpProxy;

// More rows than any test reads.
// In the list of columns: as a table the server would write all of it to its disk first.
constexpr std::string_view kEndless =
    "COPY (SELECT generate_series(1, 1000000000), repeat('x', 1000)) TO STDOUT";

// All rows, or the error.
Result<std::vector<std::string>> ReadAll(Connection& connection, std::string_view sql) {
  PGK_ASSIGN_OR_RETURN(CopyOut copy, CopyOut::Start(connection, sql));
  std::vector<std::string> rows;
  while (true) {
    PGK_ASSIGN_OR_RETURN(const std::optional<ByteSpan> row, copy.Next());
    if (!row) return rows;
    rows.emplace_back(AsText(*row));
  }
}

// Reads until the error that has to come.
Error ReadUntilError(CopyOut& copy) {
  while (true) {
    Result<std::optional<ByteSpan>> row = copy.Next();
    if (!row.ok()) return std::move(row).error();
    if (!*row) return Error(ErrorCode::kInternal, "the COPY ended well");
  }
}

class CopyOutTest : public ::testing::Test {
 protected:
  PostgresCluster& cluster_ = PostgresCluster::Shared();
  std::stop_source stop_;
  std::unique_ptr<Connection> connection_ =
      Connect(cluster_.Conninfo(), {.stop = stop_.get_token()});
};

TEST_F(CopyOutTest, RowsArriveAsTheServerWritesThem) {
  Result<CopyOut> copy = CopyOut::Start(
      *connection_, "COPY (VALUES (1, 'a'), (2, NULL), (3, E'tab\\there')) TO STDOUT");
  PGK_ASSERT_OK(copy);
  EXPECT_EQ(copy->columns(), 2U);
  EXPECT_FALSE(copy->binary());
  for (const std::string_view expected : {"1\ta\n", "2\t\\N\n", "3\ttab\\there\n"}) {
    const Result<std::optional<ByteSpan>> row = copy->Next();
    PGK_ASSERT_OK(row);
    ASSERT_TRUE(*row);
    EXPECT_EQ(AsText(**row), expected);
  }
  for (int i = 0; i < 2; ++i) {
    const Result<std::optional<ByteSpan>> end = copy->Next();
    PGK_ASSERT_OK(end);
    EXPECT_FALSE(*end);
  }
  EXPECT_EQ(copy->rows(), 3U);
  EXPECT_EQ(copy->bytes(), 4U + 5U + 12U);
  PGK_ASSERT_OK(connection_->Execute("SELECT 1"));
}

TEST_F(CopyOutTest, NoRowsAndNoColumns) {
  PGK_ASSERT_OK(
      connection_->Execute("CREATE TEMP TABLE none (a int); CREATE TEMP TABLE bare (); "
                           "INSERT INTO bare DEFAULT VALUES; INSERT INTO bare DEFAULT VALUES"));
  EXPECT_THAT(ReadAll(*connection_, "COPY none TO STDOUT").ValueOr(std::vector{std::string("?")}),
              IsEmpty());
  EXPECT_THAT(ReadAll(*connection_, "COPY bare TO STDOUT").ValueOr(std::vector<std::string>()),
              ElementsAre("\n", "\n"));
  const Result<CopyOut> copy = CopyOut::Start(*connection_, "COPY bare TO STDOUT");
  PGK_ASSERT_OK(copy);
  EXPECT_EQ(copy->columns(), 0U);
}

TEST_F(CopyOutTest, BinaryRowsHaveAnyBytes) {
  Result<CopyOut> copy =
      CopyOut::Start(*connection_, "COPY (SELECT '\\x00ff0a'::bytea) TO STDOUT (FORMAT binary)");
  PGK_ASSERT_OK(copy);
  EXPECT_TRUE(copy->binary());
  std::string all;
  while (true) {
    const Result<std::optional<ByteSpan>> piece = copy->Next();
    PGK_ASSERT_OK(piece);
    if (!*piece) break;
    all += AsText(**piece);
  }
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(all,
            "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"sv
            "\0\x01\0\0\0\x03\0\xff\n\xff\xff"sv);
}

TEST_F(CopyOutTest, InsideATransaction) {
  PGK_ASSERT_OK(connection_->Execute("BEGIN"));
  PGK_ASSERT_OK(ReadAll(*connection_, "COPY (SELECT 1) TO STDOUT"));
  EXPECT_TRUE(connection_->in_transaction());
  PGK_ASSERT_OK(connection_->Execute("COMMIT"));
}

TEST_F(CopyOutTest, WhatIsNoCopyIsRefused) {
  const Error missing = CopyOut::Start(*connection_, "COPY no_such_table TO STDOUT").error();
  EXPECT_EQ(missing.code(), ErrorCode::kNotFound);
  EXPECT_EQ(missing.sqlstate(), kSqlStateUndefinedTable);
  EXPECT_TRUE(connection_->usable());
  EXPECT_EQ(CopyOut::Start(*connection_, "SELECT 1").error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(CopyOutTest, SeveralStatementsAreNotACopy) {
  Result<CopyOut> copy =
      CopyOut::Start(*connection_, "COPY (SELECT 1) TO STDOUT; COPY (SELECT 2) TO STDOUT");
  PGK_ASSERT_OK(copy);
  EXPECT_EQ(ReadUntilError(*copy).code(), ErrorCode::kInvalidArgument);
}

TEST_F(CopyOutTest, ErrorOfTheServerInTheMiddle) {
  Result<CopyOut> copy = CopyOut::Start(
      *connection_, "COPY (SELECT 1 / (5000 - i) FROM generate_series(1, 9000) AS i) TO STDOUT");
  PGK_ASSERT_OK(copy);
  const Error error = ReadUntilError(*copy);
  EXPECT_EQ(error.sqlstate(), "22012");
  EXPECT_EQ(copy->rows(), 4999U);
  EXPECT_THAT(error.ToString(), HasSubstr("reading data, after 4999 rows and"));
  // An error is not followed by a quiet end.
  EXPECT_FALSE(copy->Next().ok());
  PGK_ASSERT_OK(connection_->Execute("SELECT 1"));
}

TEST_F(CopyOutTest, BackendKilledInTheMiddle) {
  Result<CopyOut> copy = CopyOut::Start(*connection_, kEndless);
  PGK_ASSERT_OK(copy);
  PGK_ASSERT_OK(copy->Next());
  cluster_.KillBackend(connection_->backend_pid());
  const Error error = ReadUntilError(*copy);
  EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
  EXPECT_THAT(error.ToString(), HasSubstr("reading data, after"));
  EXPECT_GE(copy->rows(), 1U);
  EXPECT_FALSE(connection_->usable());
}

TEST_F(CopyOutTest, ServerCrashesInTheMiddle) {
  PostgresCluster cluster;
  const auto connection = Connect(cluster.Conninfo());
  Result<CopyOut> copy = CopyOut::Start(*connection, kEndless);
  PGK_ASSERT_OK(copy);
  PGK_ASSERT_OK(copy->Next());
  cluster.StopImmediately();
  EXPECT_EQ(ReadUntilError(*copy).code(), ErrorCode::kUnavailable);
  EXPECT_GE(copy->rows(), 1U);
  cluster.Start();
  PGK_ASSERT_OK(Connect(cluster.Conninfo())->Execute("SELECT 1"));
}

TEST_F(CopyOutTest, TerminatedInTheMiddleSaysSo) {
  Result<CopyOut> copy = CopyOut::Start(*connection_, kEndless);
  PGK_ASSERT_OK(copy);
  PGK_ASSERT_OK(copy->Next());
  cluster_.Sql(fmt::format("SELECT pg_terminate_backend({})", connection_->backend_pid()));
  const Error error = ReadUntilError(*copy);
  EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
  EXPECT_FALSE(connection_->usable());
}

TEST_F(CopyOutTest, CancelledFromAnotherThread) {
  Result<CopyOut> copy = CopyOut::Start(*connection_, kEndless);
  PGK_ASSERT_OK(copy);
  const CancelHandle handle = connection_->cancel_handle();
  const std::jthread canceller([handle] { EXPECT_TRUE(handle.Cancel().ok()); });
  const Error error = ReadUntilError(*copy);
  EXPECT_EQ(error.code(), ErrorCode::kCancelled);
  EXPECT_TRUE(connection_->usable());
}

// It keeps even the beginning of the COPY to itself: Start() is what waits.
TEST_F(CopyOutTest, StoppedWhileTheServerIsSilent) {
  const std::string gone =
      fmt::format("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {})",
                  connection_->backend_pid());
  const std::jthread stopper([this] {
    WaitUntil(cluster_,
              "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')");
    stop_.request_stop();
  });
  const Result<CopyOut> copy =
      CopyOut::Start(*connection_, "COPY (SELECT pg_sleep(3600)) TO STDOUT");
  ASSERT_FALSE(copy.ok());
  EXPECT_EQ(copy.error().code(), ErrorCode::kCancelled);
  EXPECT_FALSE(connection_->usable());
  WaitUntil(cluster_, gone);
}

TEST_F(CopyOutTest, LeftBeforeTheEndItEndsTheConnection) {
  const std::string gone =
      fmt::format("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {})",
                  connection_->backend_pid());
  {
    Result<CopyOut> copy = CopyOut::Start(*connection_, kEndless);
    PGK_ASSERT_OK(copy);
    PGK_ASSERT_OK(copy->Next());
  }
  EXPECT_FALSE(connection_->usable());
  WaitUntil(cluster_, gone);
}

// The last bytes say that the command is complete and that the server is ready. A connection that
// ends before the very last of them must not look like the end of the data.
TEST_F(CopyOutTest, EveryCutBeforeTheVeryEndIsAnError) {
  constexpr std::string_view kSql = "COPY (SELECT generate_series(1, 3)) TO STDOUT";
  uint64_t total = 0;
  {
    const TcpProxy proxy(cluster_.socket_path());
    const auto connection = Connect(ConninfoOf(proxy));
    PGK_ASSERT_OK(ReadAll(*connection, kSql));
    total = proxy.bytes_from_server();
  }
  // Row messages of 7 bytes, CopyDone 5, CommandComplete 12, ReadyForQuery 6.
  for (uint64_t missing = 1; missing <= 3 * 7 + 5 + 12 + 6; ++missing) {
    TcpProxy proxy(cluster_.socket_path());
    proxy.CutAfterBytesFromServer(total - missing);
    const auto connection = Connect(ConninfoOf(proxy));
    const Result<std::vector<std::string>> rows = ReadAll(*connection, kSql);
    ASSERT_FALSE(rows.ok()) << missing << " bytes missing";
    EXPECT_EQ(rows.error().code(), ErrorCode::kUnavailable) << rows.error().ToString();
    EXPECT_EQ(proxy.cuts(), 1U);
  }
  TcpProxy proxy(cluster_.socket_path());
  proxy.CutAfterBytesFromServer(total);
  const auto connection = Connect(ConninfoOf(proxy));
  PGK_ASSERT_OK(ReadAll(*connection, kSql));
}

TEST_F(CopyOutTest, RowsThroughTls) {
  const PostgresCluster cluster({.tcp = true, .tls = true});
  const auto connection = Connect(cluster.TcpConninfo() + " sslmode=require");
  const Result<std::vector<std::string>> rows = ReadAll(
      *connection, "COPY (SELECT repeat('x', i) FROM generate_series(1, 3000) AS i) TO STDOUT");
  PGK_ASSERT_OK(rows);
  EXPECT_EQ(rows->size(), 3000U);
}

TEST_F(CopyOutTest, Latin1DatabasesKeepTheirBytes) {
  const TestDatabase database("latin", "TEMPLATE template0 ENCODING 'LATIN1'");
  const auto connection = database.Connect();
  PGK_ASSERT_OK(connection->Execute("SET client_encoding = LATIN1"));
  EXPECT_THAT(
      ReadAll(*connection, "COPY (SELECT chr(233)) TO STDOUT").ValueOr(std::vector<std::string>()),
      ElementsAre("\xe9\n"));
  EXPECT_THAT(ReadAll(*connection, "COPY \"\xe9\" TO STDOUT").error().message(),
              HasSubstr("\"\xe9\""));
}

}  // namespace
}  // namespace pgkeep::postgres

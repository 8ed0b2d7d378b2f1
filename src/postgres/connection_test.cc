// Statements on a connection, and what interrupts them.
#include "postgres/connection.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "postgres/postgres_test_kit.h"
#include "postgres/quote.h"
#include "postgres/sqlstate.h"
#include "postgres/transaction.h"

namespace pgkeep::postgres {
namespace {

using std::string_view_literals::operator""sv;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PostgresCluster;
using testing::TcpProxy;

class ConnectionTest : public ::testing::Test {
 protected:
  PostgresCluster& cluster_ = PostgresCluster::Shared();
  std::stop_source stop_;
  std::vector<Notice> notices_;
  std::unique_ptr<Connection> connection_ = Connect(
      cluster_.Conninfo(), {.stop = stop_.get_token(), .notice = [this](const Notice& notice) {
                              notices_.push_back(notice);
                            }});

  // SQL that is true while our connection runs a statement with this text in it.
  std::string Runs(std::string_view text) const {
    return fmt::format(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {} AND state = 'active' "
        "AND query LIKE '%{}%')",
        connection_->backend_pid(), text);
  }
  std::string IsGone() const {
    return fmt::format("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {})",
                       connection_->backend_pid());
  }
};

TEST_F(ConnectionTest, ValuesOfAllKinds) {
  const Result<QueryResult> result = connection_->Query(
      "SELECT 'text' AS a, NULL AS b, -5::int8 AS c, 4294967295::oid AS d, true AS e, ''::text AS "
      "\"F f\"");
  PGK_ASSERT_OK(result);
  EXPECT_EQ(result->rows(), 1U);
  EXPECT_EQ(result->columns(), 6U);
  EXPECT_EQ(result->command_tag(), "SELECT 1");
  EXPECT_EQ(result->Text(0, 0).ValueOr("?"), "text");
  EXPECT_EQ(result->NullableText(0, 1).ValueOr("?"sv), std::nullopt);
  EXPECT_EQ(result->Int64(0, 2).ValueOr(0), -5);
  EXPECT_EQ(result->Oid(0, 3).ValueOr(0U), 4294967295U);
  EXPECT_EQ(result->Bool(0, 4).ValueOr(false), true);
  EXPECT_EQ(result->NullableText(0, 5).ValueOr(std::nullopt), std::optional(""sv));
  EXPECT_EQ(result->ColumnNamed("F f").ValueOr(99U), 5U);
}

TEST_F(ConnectionTest, WrongShapesAreErrors) {
  const Result<QueryResult> result = connection_->Query("SELECT 'x', NULL, -1, 4294967296");
  PGK_ASSERT_OK(result);
  const auto code = [](const auto& value) { return value.error().code(); };
  EXPECT_EQ(code(result->Text(0, 1)), ErrorCode::kProtocol);
  EXPECT_EQ(code(result->Text(0, 4)), ErrorCode::kProtocol);
  EXPECT_EQ(code(result->Text(1, 0)), ErrorCode::kProtocol);
  EXPECT_EQ(code(result->Int64(0, 0)), ErrorCode::kProtocol);
  EXPECT_EQ(code(result->Bool(0, 0)), ErrorCode::kProtocol);
  EXPECT_EQ(code(result->UInt64(0, 2)), ErrorCode::kProtocol);
  EXPECT_EQ(code(result->Oid(0, 3)), ErrorCode::kProtocol);
  EXPECT_EQ(code(result->ColumnNamed("nobody")), ErrorCode::kProtocol);
  EXPECT_EQ(code(result->ExpectRows(2)), ErrorCode::kProtocol);
  EXPECT_EQ(code(result->ExpectColumns(3)), ErrorCode::kProtocol);
  EXPECT_EQ(QueryInt64(*connection_, "SELECT 1 WHERE false").error().code(), ErrorCode::kProtocol);
  EXPECT_EQ(QueryInt64(*connection_, "SELECT 1, 2").error().code(), ErrorCode::kProtocol);
}

TEST_F(ConnectionTest, EmptyResultsHaveColumns) {
  const Result<QueryResult> result = connection_->Query("SELECT 1 AS one WHERE false");
  PGK_ASSERT_OK(result);
  EXPECT_EQ(result->rows(), 0U);
  EXPECT_EQ(result->columns(), 1U);
  const Result<QueryResult> no_columns = connection_->Query("SELECT FROM generate_series(1, 3)");
  PGK_ASSERT_OK(no_columns);
  EXPECT_EQ(no_columns->rows(), 3U);
  EXPECT_EQ(no_columns->columns(), 0U);
}

TEST_F(ConnectionTest, ParametersAreNeverPartsOfTheText) {
  const Result<QueryResult> result = connection_->Query("SELECT $1::text, $2::text, $3::int + 1",
                                                        {"it's \\ $1", std::nullopt, "5"});
  PGK_ASSERT_OK(result);
  EXPECT_EQ(result->Text(0, 0).ValueOr(""), "it's \\ $1");
  EXPECT_EQ(result->NullableText(0, 1).ValueOr("?"sv), std::nullopt);
  EXPECT_EQ(result->Int64(0, 2).ValueOr(0), 6);
  const std::vector<Param> many(300, Param("1"));
  std::string sql = "SELECT 0";
  for (size_t i = 1; i <= many.size(); ++i) sql += fmt::format(" + ${}::int", i);
  const Result<QueryResult> sum = connection_->Query(sql, std::span<const Param>(many));
  PGK_ASSERT_OK(sum);
  EXPECT_EQ(sum->Int64(0, 0).ValueOr(0), 300);
}

TEST_F(ConnectionTest, ZeroBytesAreRefusedBeforeTheyCutAStatement) {
  EXPECT_EQ(connection_->Execute("SELECT 1\0; garbage"sv).error().code(),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(connection_->Query("SELECT $1::text", {"a\0b"sv}).error().code(),
            ErrorCode::kInvalidArgument);
  EXPECT_TRUE(connection_->usable());
}

TEST_F(ConnectionTest, QueryIsOneStatement) {
  EXPECT_EQ(connection_->Query("SELECT 1; SELECT 2").error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(connection_->Query(" -- nothing").error().code(), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(connection_->usable());
}

TEST_F(ConnectionTest, ExecuteRunsAllStatementsOrNone) {
  PGK_ASSERT_OK(connection_->Execute("CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1)"));
  const Status failed = connection_->Execute("INSERT INTO t VALUES (2); SELECT 1/0; SELECT 1");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().sqlstate(), "22012");
  EXPECT_EQ(QueryInt64(*connection_, "SELECT count(*) FROM t").ValueOr(-1), 1);
}

TEST_F(ConnectionTest, QuotedTextsAreThemselves) {
  for (const std::string_view text :
       {"plain", "it's", "a\"b", R"(\)", R"(\')", "$$", "new\nline", "\xc3\xa9\xf0\x9f\x90\x98",
        "'; DROP TABLE x; --", "Upper", "select"}) {
    const Result<QueryResult> result = connection_->Query(
        fmt::format("SELECT {} AS {}", QuoteLiteral(text), QuoteIdentifier(text)));
    PGK_ASSERT_OK(result);
    EXPECT_EQ(result->Text(0, 0).ValueOr("?"), text);
    EXPECT_TRUE(result->ColumnNamed(text).ok()) << text;
  }
  PGK_ASSERT_OK(connection_->Execute("SET standard_conforming_strings = off"));
  EXPECT_EQ(QueryText(*connection_, "SELECT" + QuoteLiteral(R"(\'\)")).ValueOr("?"), R"(\'\)");
}

TEST_F(ConnectionTest, ErrorsTellWhatWhereAndWhy) {
  PGK_ASSERT_OK(connection_->Execute("CREATE TEMP TABLE t (a int PRIMARY KEY)"));
  const Status failed = connection_->Execute(
      "INSERT INTO t SELECT 1 FROM generate_series(1, 2) WHERE 'hidden' <> ''");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code(), ErrorCode::kPostgres);
  EXPECT_EQ(failed.error().sqlstate(), "23505");
  EXPECT_THAT(failed.error().ToString(), HasSubstr("running \"INSERT INTO t SELECT"));
  EXPECT_THAT(failed.error().ToString(), HasSubstr("Key (a)=(1) already exists"));
  EXPECT_THAT(failed.error().ToString(), Not(HasSubstr("hidden")));
  EXPECT_TRUE(connection_->usable());
  const Status unknown = connection_->Execute("SELECT no_such_function()");
  EXPECT_EQ(unknown.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(unknown.error().hint(), HasSubstr("No function matches"));  // the server's
}

TEST_F(ConnectionTest, PermissionDenied) {
  PGK_ASSERT_OK(connection_->Execute("CREATE ROLE nobody_here; SET ROLE nobody_here"));
  const Status denied = connection_->Execute("SELECT * FROM pg_authid");
  PGK_ASSERT_OK(connection_->Execute("RESET ROLE; DROP ROLE nobody_here"));
  ASSERT_FALSE(denied.ok());
  EXPECT_EQ(denied.error().code(), ErrorCode::kPermission);
  EXPECT_EQ(denied.error().sqlstate(), kSqlStateInsufficientPrivilege);
}

TEST_F(ConnectionTest, NoticesGoToTheHandler) {
  PGK_ASSERT_OK(connection_->Execute(
      "DO $$BEGIN RAISE WARNING 'look' USING DETAIL = 'd', HINT = 'h', ERRCODE = '01234'; "
      "RAISE NOTICE 'again'; END$$"));
  ASSERT_EQ(notices_.size(), 2U);
  EXPECT_EQ(notices_[0].severity, "WARNING");
  EXPECT_EQ(notices_[0].message, "look");
  EXPECT_EQ(notices_[0].detail, "d");
  EXPECT_EQ(notices_[0].hint, "h");
  EXPECT_EQ(notices_[0].sqlstate, "01234");
  EXPECT_EQ(notices_[1].severity, "NOTICE");
}

TEST_F(ConnectionTest, WarningsWithoutHandlerAreLogged) {
  const auto plain = Connect(cluster_.Conninfo());
  ::testing::internal::CaptureStderr();
  PGK_ASSERT_OK(plain->Execute("DO $$BEGIN RAISE WARNING E'two\nlines'; RAISE NOTICE 'no'; END$$"));
  const std::string written = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(written, HasSubstr("warning postgres: the server says: two lines\n"));
  EXPECT_THAT(written, Not(HasSubstr("says: no")));
}

TEST_F(ConnectionTest, CopyDoesNotHangAPlainQuery) {
  EXPECT_EQ(connection_->Query("COPY (SELECT 1) TO STDOUT").error().code(),
            ErrorCode::kInvalidArgument);
  EXPECT_FALSE(connection_->usable());
}

TEST_F(ConnectionTest, StopCancelsTheStatementOnTheServer) {
  const std::string runs = Runs("pg_sleep");
  const std::string gone = IsGone();
  const std::jthread stopper([&] {
    WaitUntil(cluster_, runs);
    stop_.request_stop();
  });
  const Status slept = connection_->Execute("SELECT pg_sleep(3600)");
  ASSERT_FALSE(slept.ok());
  EXPECT_EQ(slept.error().code(), ErrorCode::kCancelled);
  EXPECT_FALSE(connection_->usable());
  WaitUntil(cluster_, gone);
  EXPECT_THAT(cluster_.ServerLog(), HasSubstr("canceling statement due to user request"));
  EXPECT_EQ(connection_->Execute("SELECT 1").error().code(), ErrorCode::kCancelled);
}

TEST_F(ConnectionTest, StopBetweenStatementsIsNoticedByTheNext) {
  stop_.request_stop();
  EXPECT_EQ(connection_->Execute("SELECT 1").error().code(), ErrorCode::kCancelled);
  EXPECT_FALSE(connection_->usable());
}

TEST_F(ConnectionTest, DeadlineEndsTheConnection) {
  const std::string gone = IsGone();
  connection_->SetDeadline(SystemClock().Monotonic() + std::chrono::milliseconds(20));
  const Status slept = connection_->Execute("SELECT pg_sleep(3600)");
  ASSERT_FALSE(slept.ok());
  EXPECT_EQ(slept.error().code(), ErrorCode::kTimeout);
  EXPECT_FALSE(connection_->usable());
  WaitUntil(cluster_, gone);
}

TEST_F(ConnectionTest, CancelHandleCancelsOneStatementAndNoMore) {
  const std::string runs = Runs("pg_sleep");
  const std::jthread canceller([&, handle = connection_->cancel_handle()] {
    WaitUntil(cluster_, runs);
    EXPECT_TRUE(handle.Cancel().ok());
  });
  const Status slept = connection_->Execute("SELECT pg_sleep(3600)");
  ASSERT_FALSE(slept.ok());
  EXPECT_EQ(slept.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(slept.error().sqlstate(), kSqlStateQueryCanceled);
  EXPECT_TRUE(connection_->usable());
  PGK_ASSERT_OK(connection_->Execute("SELECT 1"));
  // The next cancellation is not ours.
  EXPECT_EQ(connection_->Execute("SET statement_timeout = 1; SELECT pg_sleep(3600)").error().code(),
            ErrorCode::kPostgres);
}

TEST_F(ConnectionTest, CancelHandleOutlivesItsConnection) {
  const CancelHandle handle = connection_->cancel_handle();
  connection_.reset();
  PGK_ASSERT_OK(handle.Cancel());
}

TEST_F(ConnectionTest, CancelledBySomebodyElse) {
  const std::string runs = Runs("pg_sleep");
  const int pid = connection_->backend_pid();
  const std::jthread administrator([&] {
    WaitUntil(cluster_, runs);
    cluster_.Sql(fmt::format("SELECT pg_cancel_backend({})", pid));
  });
  const Status slept = connection_->Execute("SELECT pg_sleep(3600)");
  ASSERT_FALSE(slept.ok());
  EXPECT_EQ(slept.error().code(), ErrorCode::kPostgres);
  EXPECT_EQ(slept.error().sqlstate(), kSqlStateQueryCanceled);
  EXPECT_TRUE(connection_->usable());
}

TEST_F(ConnectionTest, TerminatedBySomebodyElse) {
  const std::string runs = Runs("pg_sleep");
  const int pid = connection_->backend_pid();
  const std::jthread administrator([&] {
    WaitUntil(cluster_, runs);
    cluster_.Sql(fmt::format("SELECT pg_terminate_backend({})", pid));
  });
  const Status slept = connection_->Execute("SELECT pg_sleep(3600)");
  ASSERT_FALSE(slept.ok());
  EXPECT_EQ(slept.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(slept.error().sqlstate(), "57P01");
  EXPECT_FALSE(connection_->usable());
  EXPECT_EQ(connection_->Execute("SELECT 1").error().sqlstate(), "57P01");
}

TEST_F(ConnectionTest, BackendKilled) {
  const std::string runs = Runs("pg_sleep");
  const int pid = connection_->backend_pid();
  const std::jthread killer([&] {
    WaitUntil(cluster_, runs);
    cluster_.KillBackend(pid);
  });
  const Status slept = connection_->Execute("SELECT pg_sleep(3600)");
  ASSERT_FALSE(slept.ok());
  EXPECT_EQ(slept.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(slept.error().message(), HasSubstr("closed the connection"));
  EXPECT_FALSE(connection_->usable());
}

TEST_F(ConnectionTest, NetworkCut) {
  TcpProxy proxy(cluster_.socket_path());
  const auto connection = Connect(ConninfoOf(proxy));
  const std::jthread cutter([&, pid = connection->backend_pid()] {
    WaitUntil(cluster_,
              fmt::format("SELECT state = 'active' FROM pg_stat_activity WHERE pid = {}", pid));
    proxy.CutNow();
  });
  const Status slept = connection->Execute("SELECT pg_sleep(3600)");
  ASSERT_FALSE(slept.ok());
  EXPECT_EQ(slept.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(proxy.cuts(), 1U);
}

TEST_F(ConnectionTest, LockTimeout) {
  const auto holder = Connect(cluster_.Conninfo());
  PGK_ASSERT_OK(holder->Execute("CREATE TABLE lock_timeout_t ()"));
  PGK_ASSERT_OK(holder->Execute("BEGIN; LOCK TABLE lock_timeout_t IN ACCESS EXCLUSIVE MODE"));
  PGK_ASSERT_OK(connection_->Execute("SET lock_timeout = '10ms'"));
  const Status locked =
      connection_->Execute("BEGIN; LOCK TABLE lock_timeout_t IN ACCESS SHARE MODE");
  ASSERT_FALSE(locked.ok());
  EXPECT_EQ(locked.error().code(), ErrorCode::kBusy);
  EXPECT_EQ(locked.error().sqlstate(), kSqlStateLockNotAvailable);
  EXPECT_TRUE(connection_->in_transaction());
  PGK_ASSERT_OK(connection_->Execute("ROLLBACK"));
  PGK_ASSERT_OK(holder->Execute("ROLLBACK; DROP TABLE lock_timeout_t"));
}

TEST_F(ConnectionTest, StatementTimeout) {
  const Status slept = connection_->Execute("SET statement_timeout = 1; SELECT pg_sleep(3600)");
  ASSERT_FALSE(slept.ok());
  EXPECT_EQ(slept.error().code(), ErrorCode::kPostgres);
  EXPECT_EQ(slept.error().sqlstate(), kSqlStateQueryCanceled);
  EXPECT_THAT(slept.error().hint(), HasSubstr("statement_timeout"));
}

TEST_F(ConnectionTest, TransactionsAreRolledBackUnlessCommitted) {
  PGK_ASSERT_OK(connection_->Execute("CREATE TEMP TABLE t (a int)"));
  {
    Result<Transaction> kept = Transaction::Begin(*connection_);
    PGK_ASSERT_OK(kept);
    EXPECT_TRUE(connection_->in_transaction());
    PGK_ASSERT_OK(connection_->Execute("INSERT INTO t VALUES (1)"));
    PGK_ASSERT_OK(kept->Commit());
  }
  {
    Result<Transaction> left = Transaction::Begin(*connection_);
    PGK_ASSERT_OK(left);
    PGK_ASSERT_OK(connection_->Execute("INSERT INTO t VALUES (2)"));
    EXPECT_EQ(Transaction::Begin(*connection_).error().code(), ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_EQ(QueryInt64(*connection_, "SELECT sum(a) FROM t").ValueOr(-1), 1);
}

TEST_F(ConnectionTest, CommitOfAFailedTransactionIsAnError) {
  Result<Transaction> transaction = Transaction::Begin(*connection_);
  PGK_ASSERT_OK(transaction);
  EXPECT_FALSE(connection_->Execute("SELECT 1/0").ok());
  const Status committed = transaction->Commit();
  ASSERT_FALSE(committed.ok());
  EXPECT_EQ(committed.error().code(), ErrorCode::kPostgres);
  EXPECT_FALSE(connection_->in_transaction());
}

TEST_F(ConnectionTest, ResultsOfTlsConnectionsArriveWhole) {
  const PostgresCluster cluster({.tcp = true, .tls = true});
  const auto connection = Connect(cluster.TcpConninfo() + " sslmode=require");
  ASSERT_TRUE(connection->uses_tls());
  // Sizes around those of TLS records and of libpq's buffer.
  for (int size = 8000; size < 40000; size += 1237) {
    const Result<std::string> text =
        QueryText(*connection, "SELECT repeat('x', $1::int)", {std::to_string(size)});
    PGK_ASSERT_OK(text);
    EXPECT_EQ(text->size(), static_cast<size_t>(size));
  }
}

}  // namespace
}  // namespace pgkeep::postgres

#include "postgres/copy_in.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "postgres/copy_out.h"
#include "postgres/postgres_test_kit.h"

namespace pgkeep::postgres {
namespace {

using ::testing::HasSubstr;
using testing::PostgresCluster;
using testing::TcpProxy;

// More than all buffers between us and a server that reads nothing, and than one that only throws
// away is sent before the error arrives.
constexpr uint64_t kPlenty = uint64_t{4} << 30;

// Writes the piece again and again until the error that has to come.
Error WriteUntilError(CopyIn& copy, std::string_view piece) {
  while (copy.bytes() < kPlenty) {
    Status written = copy.Write(AsBytes(piece));
    if (!written.ok()) return std::move(written).error();
  }
  return Error(ErrorCode::kInternal, "no error was noticed");
}

class CopyInTest : public ::testing::Test {
 protected:
  void SetUp() override { PGK_ASSERT_OK(connection_->Execute("CREATE TABLE t (a int, b text)")); }

  CopyIn Start(Connection& connection, std::string_view sql = "COPY t FROM STDIN") {
    Result<CopyIn> copy = CopyIn::Start(connection, sql);
    EXPECT_TRUE(copy.ok()) << copy.error().Describe();
    return *std::move(copy);
  }

  int64_t Count() { return QueryInt64(*database_.Connect(), "SELECT count(*) FROM t").ValueOr(-1); }

  PostgresCluster& cluster_ = PostgresCluster::Shared();
  const TestDatabase database_{"copy_in"};
  std::stop_source stop_;
  std::atomic<int> notices_ = 0;
  std::unique_ptr<Connection> connection_ = database_.Connect(
      {.stop = stop_.get_token(), .notice = [this](const Notice&) { ++notices_; }});
};

TEST_F(CopyInTest, PiecesMayBeCutAnywhere) {
  CopyIn copy = Start(*connection_);
  for (const std::string_view piece : {"1\to", "ne\n2\t", "", "\\N\n3\tthree\n"}) {
    PGK_ASSERT_OK(copy.Write(AsBytes(piece)));
  }
  EXPECT_EQ(copy.bytes(), 19U);
  const Result<uint64_t> rows = copy.Finish();
  PGK_ASSERT_OK(rows);
  EXPECT_EQ(*rows, 3U);
  EXPECT_EQ(
      QueryText(*connection_, "SELECT string_agg(concat(a, b), ',' ORDER BY a) FROM t").ValueOr(""),
      "1one,2,3three");
  EXPECT_FALSE(copy.Write(AsBytes("4\tfour\n")).ok());
}

TEST_F(CopyInTest, NoRowsAndNoColumns) {
  EXPECT_EQ(Start(*connection_).Finish().ValueOr(99U), 0U);
  PGK_ASSERT_OK(connection_->Execute("CREATE TABLE bare ()"));
  CopyIn copy = Start(*connection_, "COPY bare FROM STDIN");
  PGK_ASSERT_OK(copy.Write(AsBytes("\n\n")));
  EXPECT_EQ(copy.Finish().ValueOr(99U), 2U);
}

TEST_F(CopyInTest, BinaryDataGoesThroughUnchanged) {
  PGK_ASSERT_OK(connection_->Execute("CREATE TABLE raw (a bytea)"));
  CopyIn copy = Start(*connection_, "COPY raw FROM STDIN (FORMAT binary)");
  using std::string_view_literals::operator""sv;
  PGK_ASSERT_OK(
      copy.Write(AsBytes("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x03\0\xff\n\xff\xff"sv)));
  EXPECT_EQ(copy.Finish().ValueOr(99U), 1U);
  EXPECT_EQ(QueryText(*connection_, "SELECT encode(a, 'hex') FROM raw").ValueOr(""), "00ff0a");
}

TEST_F(CopyInTest, WhatIsNoCopyIsRefused) {
  EXPECT_EQ(CopyIn::Start(*connection_, "COPY no_such_table FROM STDIN").error().code(),
            ErrorCode::kNotFound);
  EXPECT_TRUE(connection_->usable());
  EXPECT_EQ(CopyIn::Start(*connection_, "COPY t TO STDOUT").error().code(),
            ErrorCode::kInvalidArgument);
}

TEST_F(CopyInTest, ErrorsAreNoticedWhileDataIsStillSent) {
  CopyIn copy = Start(*connection_);
  PGK_ASSERT_OK(copy.Write(AsBytes("1\tone\nno number\thidden\n")));
  const Error error = WriteUntilError(copy, std::string(1000, 'x') + "\n");
  EXPECT_EQ(error.sqlstate(), "22P02");
  EXPECT_THAT(error.ToString(), HasSubstr("line 2, column a"));
  EXPECT_THAT(error.ToString(), HasSubstr("sending data, after"));
  EXPECT_TRUE(connection_->usable());
  EXPECT_EQ(Count(), 0);
}

TEST_F(CopyInTest, ErrorsAtTheEnd) {
  PGK_ASSERT_OK(connection_->Execute("ALTER TABLE t ADD UNIQUE (a) DEFERRABLE"));
  CopyIn copy = Start(*connection_);
  PGK_ASSERT_OK(copy.Write(AsBytes("1\tone\n1\tone\n")));
  const Result<uint64_t> rows = copy.Finish();
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().sqlstate(), "23505");
  EXPECT_TRUE(connection_->usable());
  EXPECT_EQ(Count(), 0);
}

TEST_F(CopyInTest, NoticesAreNoErrors) {
  PGK_ASSERT_OK(connection_->Execute(
      "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS "
      "$$BEGIN RAISE NOTICE 'row % %', NEW.a, repeat('long ', 200); RETURN NEW; END$$;"
      "CREATE TRIGGER tell BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tell()"));
  CopyIn copy = Start(*connection_);
  constexpr int kRows = 2000;
  for (int i = 0; i < kRows; ++i) {
    PGK_ASSERT_OK(copy.Write(AsBytes(fmt::format("{}\t{}\n", i, std::string(100, 'x')))));
  }
  EXPECT_EQ(copy.Finish().ValueOr(99U), static_cast<uint64_t>(kRows));
  EXPECT_EQ(notices_, kRows);
}

TEST_F(CopyInTest, AbortLeavesNothingAndAUsableConnection) {
  PGK_ASSERT_OK(connection_->Execute("BEGIN"));
  CopyIn copy = Start(*connection_);
  PGK_ASSERT_OK(copy.Write(AsBytes("1\tone\n")));
  PGK_ASSERT_OK(copy.Abort("the backup ends early"));
  EXPECT_TRUE(connection_->in_transaction());
  PGK_ASSERT_OK(connection_->Execute("ROLLBACK"));
  EXPECT_EQ(Count(), 0);
  EXPECT_THAT(cluster_.ServerLog(), HasSubstr("the backup ends early"));
}

TEST_F(CopyInTest, LeftBeforeTheEndNothingIsStored) {
  {
    CopyIn copy = Start(*connection_);
    PGK_ASSERT_OK(copy.Write(AsBytes("1\tone\n")));
  }
  EXPECT_FALSE(connection_->usable());
  WaitUntil(cluster_, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = 'copy_in')");
  EXPECT_EQ(Count(), 0);
}

TEST_F(CopyInTest, BackendKilledInTheMiddle) {
  CopyIn copy = Start(*connection_);
  PGK_ASSERT_OK(copy.Write(AsBytes("1\tone\n")));
  cluster_.KillBackend(connection_->backend_pid());
  const Error error = WriteUntilError(copy, "2\ttwo\n");
  EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
  EXPECT_THAT(error.ToString(), HasSubstr("sending data, after"));
  EXPECT_GE(copy.bytes(), 6U);
  EXPECT_FALSE(connection_->usable());
}

TEST_F(CopyInTest, TerminatedInTheMiddleSaysSo) {
  CopyIn copy = Start(*connection_);
  PGK_ASSERT_OK(copy.Write(AsBytes("1\tone\n")));
  cluster_.Sql(fmt::format("SELECT pg_terminate_backend({})", connection_->backend_pid()));
  const Error error = WriteUntilError(copy, "2\ttwo\n");
  EXPECT_EQ(error.code(), ErrorCode::kUnavailable);
  EXPECT_EQ(error.sqlstate(), "57P01");
  EXPECT_EQ(Count(), 0);
}

TEST_F(CopyInTest, NetworkCutInTheMiddle) {
  TcpProxy proxy(cluster_.socket_path());
  const auto connection = Connect(ConninfoOf(proxy, "copy_in"));
  CopyIn copy = Start(*connection);
  proxy.CutAfterBytesToServer(proxy.bytes_to_server() + 100000);
  EXPECT_EQ(WriteUntilError(copy, "1\tone\n").code(), ErrorCode::kUnavailable);
  EXPECT_EQ(proxy.cuts(), 1U);
  EXPECT_GT(copy.bytes(), 50000U);
  EXPECT_EQ(Count(), 0);
}

// Success is the server's word, so a cut at the end may not be taken for it. Whether the rows are
// there is then unknown.
TEST_F(CopyInTest, NetworkCutBeforeTheAnswer) {
  TcpProxy proxy(cluster_.socket_path());
  const auto connection = Connect(ConninfoOf(proxy, "copy_in"));
  CopyIn copy = Start(*connection);
  PGK_ASSERT_OK(copy.Write(AsBytes("1\tone\n")));
  proxy.CutAfterBytesFromServer(proxy.bytes_from_server() + 1);
  const Result<uint64_t> rows = copy.Finish();
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(proxy.cuts(), 1U);
}

// A trigger waits for a lock, so the server stops reading. Write blocks instead of piling up, and a
// stop wakes it.
TEST_F(CopyInTest, StoppedWhileTheServerDoesNotRead) {
  const auto holder = database_.Connect();
  PGK_ASSERT_OK(holder->Execute(
      "SELECT pg_advisory_lock(7);"
      "CREATE FUNCTION block() RETURNS trigger LANGUAGE plpgsql AS "
      "$$BEGIN PERFORM pg_advisory_lock(7); RETURN NEW; END$$;"
      "CREATE TRIGGER block BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION block()"));
  CopyIn copy = Start(*connection_);
  std::atomic<uint64_t> written = 0;
  const std::jthread stopper([&] {
    WaitUntil(cluster_,
              "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'advisory')");
    // Until the writer makes no progress for a while.
    for (uint64_t seen = 1; seen != written;) {
      seen = written;
      static_cast<void>(SystemClock().SleepFor(std::chrono::milliseconds(200), {}));
    }
    stop_.request_stop();
  });
  Status status;
  while (status.ok()) {
    status = copy.Write(AsBytes("1\tone\n"));
    written = copy.bytes();
    ASSERT_LT(copy.bytes(), kPlenty);
  }
  EXPECT_EQ(status.error().code(), ErrorCode::kCancelled);
  WaitUntil(cluster_,
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'advisory')");
  EXPECT_EQ(Count(), 0);
}

TEST_F(CopyInTest, CancelledFromAnotherThread) {
  CopyIn copy = Start(*connection_);
  const CancelHandle handle = connection_->cancel_handle();
  const std::jthread canceller([handle] { EXPECT_TRUE(handle.Cancel().ok()); });
  EXPECT_EQ(WriteUntilError(copy, "1\tone\n").code(), ErrorCode::kCancelled);
  EXPECT_TRUE(connection_->usable());
  EXPECT_EQ(Count(), 0);
}

TEST_F(CopyInTest, RowsThroughTls) {
  const PostgresCluster cluster({.tcp = true, .tls = true});
  const auto connection = Connect(cluster.TcpConninfo() + " sslmode=require");
  PGK_ASSERT_OK(connection->Execute("CREATE TABLE t (a int, b text)"));
  CopyIn good = Start(*connection);
  for (int i = 0; i < 3000; ++i) {
    PGK_ASSERT_OK(good.Write(AsBytes(fmt::format("{}\t{}\n", i, std::string(1000, 'x')))));
  }
  EXPECT_EQ(good.Finish().ValueOr(0U), 3000U);
  CopyIn bad = Start(*connection);
  EXPECT_EQ(WriteUntilError(bad, "no number\n").sqlstate(), "22P02");
  EXPECT_TRUE(connection->usable());
}

}  // namespace
}  // namespace pgkeep::postgres

#include "postgres/pooler.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "postgres/postgres_test_kit.h"
#include "testing/keeper.h"
#include "testing/postgres_template.h"
#include "testing/tcp_proxy.h"
#include "testing/temporary_directory.h"

namespace pgkeep::postgres {
namespace {

using ::testing::HasSubstr;
using testing::Keeper;
using testing::PostgresCluster;
using testing::TcpProxy;

constexpr std::string_view kRunUntilInputEnds = R"sh(
"$@" >/dev/null 2>&1 </dev/null & server=$!
read -r _
kill -KILL "$server"
wait "$server"
)sh";

// $PGKEEP_TEST_PGBOUNCER, or where Debian has it.
std::string PgBouncerProgram() {
  const char* chosen = std::getenv("PGKEEP_TEST_PGBOUNCER");
  return chosen != nullptr ? chosen : "/usr/sbin/pgbouncer";
}

// A real PgBouncer before the shared server, on a socket of its own.
class PgBouncer {
 public:
  PgBouncer(std::string_view mode, int pool_size, bool round_robin = false) {
    const PostgresCluster& server = PostgresCluster::Shared();
    const testing::ServerUser& user = testing::PostgresServerUser();
    PGK_CHECK(::chown(directory_.path().c_str(), user.uid, user.gid) == 0);
    std::ofstream(directory_.Join("users")) << "\"postgres\" \"\"\n";
    std::ofstream(directory_.Join("ini"))
        << fmt::format("[databases]\n* = host={} port={} user=postgres\n",
                       server.socket_directory(), server.port())
        << fmt::format("[pgbouncer]\nunix_socket_dir = {}\nlisten_port = {}\nauth_type = trust\n",
                       directory_.path(), kPort)
        << fmt::format("auth_file = {}\npool_mode = {}\ndefault_pool_size = {}\n",
                       directory_.Join("users"), mode, pool_size)
        << fmt::format("server_round_robin = {}\n", round_robin ? 1 : 0)
        << "ignore_startup_parameters = extra_float_digits\n";
    std::vector<std::string> words = user.prefix;
    words.push_back(PgBouncerProgram());
    words.push_back(directory_.Join("ini"));
    keeper_ = std::make_unique<Keeper>(kRunUntilInputEnds, words);
    // Its name is there a moment before somebody listens on it.
    const std::string socket = directory_.Join(fmt::format(".s.PGSQL.{}", kPort));
    while (!testing::ConnectTo(socket).valid()) {
      static_cast<void>(SystemClock().SleepFor(std::chrono::milliseconds(5), {}));
    }
  }

  ConnectionParams Params() const {
    const Result<ConnectionParams> params = ConnectionParams::Parse(
        fmt::format("host={} port={} user=postgres dbname=postgres", directory_.path(), kPort));
    PGK_CHECK(params.ok());
    return *params;
  }

 private:
  static constexpr int kPort = 6432;
  const testing::TemporaryDirectory directory_;
  std::unique_ptr<Keeper> keeper_;
};

Result<Pooling> Detect(const ConnectionParams& params) {
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, Connection::Open(params));
  return DetectPooling(*connection, params, {});
}

class PoolerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access(PgBouncerProgram().c_str(), X_OK) != 0) {
      GTEST_SKIP() << "PgBouncer is not installed";
    }
  }
};

TEST(Pooling, NoneWithoutPooler) {
  const auto connection = Connect(PostgresCluster::Shared().Conninfo());
  const Result<Pooling> pooling = DetectPooling(*connection, connection->EffectiveParams(), {});
  PGK_ASSERT_OK(pooling);
  EXPECT_EQ(*pooling, Pooling::kNone);
  PGK_ASSERT_OK(RefuseTransactionPooling(*connection, connection->EffectiveParams(), {}));
}

TEST(Pooling, NoneThroughWhatOnlyMovesBytes) {
  const TcpProxy proxy(PostgresCluster::Shared().socket_path());
  const auto connection = Connect(ConninfoOf(proxy));
  const Result<Pooling> pooling = DetectPooling(*connection, connection->EffectiveParams(), {});
  PGK_ASSERT_OK(pooling);
  EXPECT_EQ(*pooling, Pooling::kNone);
}

TEST_F(PoolerTest, TransactionModeIsRefused) {
  const PgBouncer pooler("transaction", 5);
  const Result<Pooling> pooling = Detect(pooler.Params());
  PGK_ASSERT_OK(pooling);
  EXPECT_EQ(*pooling, Pooling::kTransaction);
  Result<std::unique_ptr<Connection>> connection = Connection::Open(pooler.Params());
  PGK_ASSERT_OK(connection);
  const Status refused = RefuseTransactionPooling(**connection, pooler.Params(), {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(refused.error().hint(), HasSubstr("session mode"));
}

TEST_F(PoolerTest, TransactionModeWithOneProcess) {
  const PgBouncer pooler("transaction", 1);
  EXPECT_EQ(Detect(pooler.Params()).ValueOr(Pooling::kNone), Pooling::kTransaction);
}

TEST_F(PoolerTest, TransactionModeThatTakesTurns) {
  const PgBouncer pooler("transaction", 3, true);
  // So that there are several processes to take turns.
  std::vector<std::unique_ptr<Connection>> others;
  for (int i = 0; i < 3; ++i) {
    Result<std::unique_ptr<Connection>> other = Connection::Open(pooler.Params());
    PGK_ASSERT_OK(other);
    PGK_ASSERT_OK((*other)->Execute("BEGIN; SELECT 1"));
    others.push_back(*std::move(other));
  }
  for (const auto& other : others) PGK_ASSERT_OK(other->Execute("COMMIT"));
  EXPECT_EQ(Detect(pooler.Params()).ValueOr(Pooling::kNone), Pooling::kTransaction);
}

TEST_F(PoolerTest, StatementMode) {
  const PgBouncer pooler("statement", 5);
  EXPECT_EQ(Detect(pooler.Params()).ValueOr(Pooling::kNone), Pooling::kTransaction);
}

TEST_F(PoolerTest, SessionModeIsFine) {
  const PgBouncer pooler("session", 5);
  EXPECT_EQ(Detect(pooler.Params()).ValueOr(Pooling::kNone), Pooling::kSession);
}

TEST_F(PoolerTest, SessionModeWithOneProcess) {
  const PgBouncer pooler("session", 1);
  EXPECT_EQ(Detect(pooler.Params()).ValueOr(Pooling::kNone), Pooling::kSession);
}

}  // namespace
}  // namespace pgkeep::postgres

#include "postgres/postgres_test_kit.h"

#include <fmt/core.h>

#include <cstdlib>
#include <fstream>
#include <utility>

#include "base/check.h"
#include "postgres/quote.h"

namespace pgkeep::postgres {

using testing::PostgresCluster;
using testing::TcpProxy;

namespace {

// Connects, also to a server that recovers because a test has crashed it.
std::unique_ptr<Connection> MustConnect(const ConnectionParams& params,
                                        const ConnectOptions& options) {
  while (true) {
    Result<std::unique_ptr<Connection>> connection = Connection::Open(params, options);
    if (connection.ok()) return *std::move(connection);
    PGK_CHECK(connection.error().code() == ErrorCode::kUnavailable, connection.error().Describe());
    static_cast<void>(SystemClock().SleepFor(std::chrono::milliseconds(10), {}));
  }
}

ConnectionParams MustParse(std::string_view conninfo) {
  const Result<ConnectionParams> params = ConnectionParams::Parse(conninfo);
  PGK_CHECK(params.ok(), params.error().Describe());
  return *params;
}

}  // namespace

std::unique_ptr<Connection> Connect(std::string_view conninfo, const ConnectOptions& options) {
  return MustConnect(MustParse(conninfo), options);
}

Error ConnectFailure(std::string_view conninfo, const ConnectOptions& options) {
  Result<std::unique_ptr<Connection>> connection = Connection::Open(MustParse(conninfo), options);
  PGK_CHECK(!connection.ok(), "connecting fails");
  return std::move(connection).error();
}

std::string ConninfoOf(const TcpProxy& proxy, std::string_view database) {
  return fmt::format(
      "host=127.0.0.1 port={} user=postgres dbname={} sslmode=disable gssencmode=disable",
      proxy.port(), database);
}

void WaitUntil(const PostgresCluster& cluster, std::string_view sql) {
  const std::unique_ptr<Connection> connection = Connect(cluster.Conninfo());
  while (true) {
    const Result<bool> answer = QueryBool(*connection, sql);
    PGK_CHECK(answer.ok(), answer.error().Describe());
    if (*answer) return;
  }
}

TestDatabase::TestDatabase(std::string_view name, std::string_view options) : name_(name) {
  const auto connection = pgkeep::postgres::Connect(PostgresCluster::Shared().Conninfo());
  const Status created =
      connection->Execute(fmt::format("CREATE DATABASE {} {}", QuoteIdentifier(name), options));
  PGK_CHECK(created.ok(), created.error().Describe());
}

TestDatabase::~TestDatabase() {
  const auto connection = pgkeep::postgres::Connect(PostgresCluster::Shared().Conninfo());
  const Status dropped =
      connection->Execute(fmt::format("DROP DATABASE {} WITH (FORCE)", QuoteIdentifier(name_)));
  PGK_CHECK(dropped.ok(), dropped.error().Describe());
}

std::unique_ptr<Connection> TestDatabase::Connect(const ConnectOptions& options) const {
  return MustConnect(MustParse(PostgresCluster::Shared().Conninfo()).WithDatabase(name_), options);
}

size_t PeakMemoryBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtoul(line.c_str() + 6, nullptr, 10) << 10;
  }
  PGK_CHECK(false, "the kernel tells the peak of memory");
}

}  // namespace pgkeep::postgres

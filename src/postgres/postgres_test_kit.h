// What the tests of this room share: connections to the shared server, databases of their own.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "postgres/connection.h"
#include "testing/postgres_cluster.h"
#include "testing/tcp_proxy.h"

namespace pgkeep::postgres {

// Connects, or aborts. Waits for a server that recovers because a test has crashed it.
std::unique_ptr<Connection> Connect(std::string_view conninfo, const ConnectOptions& options = {});

// The error with which connecting fails; aborts if it does not.
Error ConnectFailure(std::string_view conninfo, const ConnectOptions& options = {});

// "host=127.0.0.1 ..." through a proxy, without encryption.
std::string ConninfoOf(const testing::TcpProxy& proxy, std::string_view database = "postgres");

// Asks until the answer is true, through a connection of its own; the test's time limit ends it
// otherwise.
void WaitUntil(const testing::PostgresCluster& cluster, std::string_view sql);

// A database of the shared server that goes with this object.
class TestDatabase {
 public:
  // `options` as in CREATE DATABASE, such as "TEMPLATE template0 ENCODING 'LATIN1'".
  explicit TestDatabase(std::string_view name, std::string_view options = "");
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;
  ~TestDatabase();

  std::unique_ptr<Connection> Connect(const ConnectOptions& options = {}) const;

 private:
  const std::string name_;
};

// Peak of the memory that this process ever had in RAM, in bytes.
size_t PeakMemoryBytes();

// Fails the test with the whole error unless a Status or Result is a success.
#define PGK_ASSERT_OK(...)                                           \
  do {                                                               \
    const auto& pgk_outcome = (__VA_ARGS__);                         \
    ASSERT_TRUE(pgk_outcome.ok()) << pgk_outcome.error().Describe(); \
  } while (false)

}  // namespace pgkeep::postgres

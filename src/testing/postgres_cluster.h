// A real PostgreSQL server for tests.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "testing/keeper.h"
#include "testing/program.h"
#include "testing/temporary_directory.h"

namespace pgkeep::testing {

// How a private cluster is to be.
struct PostgresClusterOptions {
  // Lines of postgresql.conf, values as they are written there: {"max_connections", "5"}.
  std::map<std::string, std::string> settings = {};
  // Listen on 127.0.0.1 too, on a free port.
  bool tcp = false;
  // Offer TLS on TCP, with a certificate for "localhost" that signs itself: Join("server.crt").
  bool tls = false;
  // pg_hba.conf; empty: everybody is trusted.
  std::string hba = "";
  // Start in recovery, as a standby without a primary.
  bool standby = false;
};

// A cluster of its own in a temporary directory: superuser "postgres", database encoding UTF8,
// locale C, no fsync, no autovacuum, unix socket in a private directory, no TCP unless asked for.
// Running when the constructor returns. As root the server runs as another user, see
// PostgresServerUser(), who owns the directory.
//
// Server and directory go with this object, and also when the test dies in whatever way (see
// Keeper). Everything aborts when it cannot be done.
// One thread at a time, but the const functions are thread-safe.
class PostgresCluster {
 public:
  explicit PostgresCluster(PostgresClusterOptions options = {});
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;
  ~PostgresCluster() = default;

  // One for the whole test program, with default options, made at the first call. Each test works
  // in databases of its own.
  static PostgresCluster& Shared();

  // "host=... port=... user=postgres dbname=..." for libpq, through the socket or by TCP. The name
  // of the database must need no quotes.
  std::string Conninfo(std::string_view database = "postgres") const;
  std::string TcpConninfo(std::string_view database = "postgres") const;

  // The number in the socket's name; that of 127.0.0.1 too with options.tcp.
  int port() const { return port_; }
  const std::string& socket_directory() const { return directory_.path(); }
  // The socket itself, for a TcpProxy.
  std::string socket_path() const;
  const std::string& data_directory() const { return data_directory_; }
  // A path beside the data directory, for what a test writes.
  std::string Join(std::string_view name) const { return directory_.Join(name); }

  // Major version of the server: 15.
  int major_version() const;

  // Stops it and waits for nobody ("fast"); starts it again on the same directory and port.
  void Stop();
  void Start();
  // Crashes it: all processes go at once, without a checkpoint.
  void StopImmediately();
  // kill -9 of one backend; the server then ends all others and recovers by itself, for which this
  // waits.
  void KillBackend(int pid) const;

  // A program of the server's version: "/usr/lib/postgresql/15/bin/pg_dump".
  static std::string ProgramPath(std::string_view name);
  // Runs one with these arguments, with PGHOST, PGPORT, PGUSER and PGDATABASE set for this cluster.
  ProgramResult Run(std::string_view program, const std::vector<std::string>& arguments,
                    std::string_view database = "postgres") const;
  // Runs SQL with psql and gives back what it prints, unaligned, without the last line break;
  // aborts if it fails.
  std::string Sql(std::string_view sql, std::string_view database = "postgres") const;

  // What the server wrote to its log so far.
  std::string ServerLog() const;

 private:
  void WriteConfiguration();
  void MakeCertificate() const;
  std::vector<std::string> Environment(std::string_view database) const;
  bool AwaitReady(size_t log_begin) const;
  pid_t PostmasterPid() const;
  void Signal(int number);

  const PostgresClusterOptions options_;
  const TemporaryDirectory directory_;
  const std::string data_directory_;
  int port_ = 5432;
  bool running_ = false;
  std::unique_ptr<Keeper> keeper_;  // ends the server and removes the directory
};

}  // namespace pgkeep::testing

#include "testing/postgres_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "base/clock.h"
#include "testing/postgres_template.h"

namespace pgkeep::testing {
namespace {

using ::testing::HasSubstr;

bool Exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

TEST(PostgresCluster, RunsAndGoes) {
  std::string directory;
  {
    const PostgresCluster cluster({.settings = {{"work_mem", "'7MB'"}}});
    directory = cluster.socket_directory();
    EXPECT_TRUE(Exists(cluster.socket_path()));
    EXPECT_EQ(cluster.Sql("SHOW work_mem"), "7MB");
    EXPECT_EQ(cluster.Sql("SHOW server_encoding"), "UTF8");
    EXPECT_EQ(cluster.Sql("SHOW listen_addresses"), "");
    EXPECT_EQ(cluster.Sql("SELECT current_setting('server_version_num')::int / 10000"),
              std::to_string(cluster.major_version()));
    EXPECT_THAT(cluster.ServerLog(), HasSubstr("ready to accept connections"));
  }
  EXPECT_FALSE(Exists(directory));
}

TEST(PostgresCluster, KeepsItsDataOverStopsAndCrashes) {
  PostgresCluster cluster({.tcp = true});
  cluster.Sql("CREATE TABLE t AS SELECT 1 AS a");
  cluster.Stop();
  EXPECT_NE(cluster.Run("psql", {"-c", "SELECT 1"}).status, 0);
  cluster.Start();
  cluster.Sql("INSERT INTO t VALUES (2); CHECKPOINT");
  cluster.StopImmediately();
  cluster.Start();
  EXPECT_EQ(cluster.Sql("SELECT sum(a) FROM t"), "3");
  EXPECT_THAT(cluster.ServerLog(), HasSubstr("was not properly shut down"));
}

TEST(PostgresCluster, ServerIsNotRoot) {
  const PostgresCluster cluster;
  struct stat info {};
  ASSERT_EQ(::stat(cluster.data_directory().c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, PostgresServerUser().uid);
  EXPECT_NE(info.st_uid, 0U);
}

TEST(PostgresCluster, StandbyIsInRecovery) {
  const PostgresCluster cluster({.standby = true});
  EXPECT_EQ(cluster.Sql("SELECT pg_is_in_recovery()"), "t");
}

// Neither server nor directory is left behind by a test that crashes.
TEST(PostgresClusterDeathTest, GoesWithATestThatIsKilled) {
  const TemporaryDirectory directory;
  const std::string note = directory.Join("note");
  EXPECT_EXIT(
      {
        const PostgresCluster cluster;
        std::ofstream(note) << cluster.socket_directory() << '\n'
                            << cluster.Sql("SELECT pg_backend_pid()") << '\n';
        ::kill(::getpid(), SIGKILL);
      },
      ::testing::KilledBySignal(SIGKILL), "");
  std::ifstream file(note);
  std::string left;
  std::getline(file, left);
  ASSERT_FALSE(left.empty());
  while (Exists(left)) {
    static_cast<void>(SystemClock().SleepFor(std::chrono::milliseconds(5), {}));
  }
}

}  // namespace
}  // namespace pgkeep::testing

#include "catalog/sqlite_migrator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <array>

#include "base/file_util.h"
#include "catalog/sqlite_catalog.h"
#include "catalog/sqlite_fault_test_kit.h"
#include "testing/fake_clock.h"
#include "testing/temporary_directory.h"

namespace pgkeep::catalog {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Migration kFirst = {1, "first", "aa", "CREATE TABLE a (x INTEGER NOT NULL) STRICT;"};
constexpr Migration kSecond = {2, "second", "bb",
                               "CREATE TABLE b (y INTEGER NOT NULL) STRICT;"
                               "INSERT INTO b SELECT x + 1 FROM a; INSERT INTO b VALUES (7);"};
constexpr std::array kBoth = {kFirst, kSecond};
constexpr std::span<const Migration> kOnlyFirst = std::span(kBoth).first(1);

class SqliteMigratorTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Catalog>> Open(std::span<const Migration> migrations) const {
    return OpenSqliteCatalog(
        {.path = path_, .busy_timeout = std::chrono::minutes(2), .migrations = migrations});
  }

  // The first column of all rows.
  std::vector<std::string> Read(const std::string& sql) const {
    const auto connection = SqliteConnection::Open(path_, std::chrono::seconds(5));
    if (!connection.ok()) return {connection.error().ToString()};
    auto query = (*connection)->Query("reading", sql);
    if (!query.ok()) return {query.error().ToString()};
    std::vector<std::string> rows;
    while (true) {
      const auto row = query->Step();
      if (!row.ok()) return {row.error().ToString()};
      if (!*row) return rows;
      rows.push_back(query->Text(0));
    }
  }

  std::vector<std::string> Tables() const {
    return Read("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
  }

  const testing::TemporaryDirectory directory_;
  const std::string path_ = directory_.Join("catalog.db");
};

TEST(SqliteMigrations, AreNumberedWithoutGaps) {
  const auto migrations = SqliteMigrations();
  ASSERT_FALSE(migrations.empty());
  for (size_t i = 0; i < migrations.size(); ++i) {
    EXPECT_EQ(migrations[i].number, static_cast<int>(i) + 1);
    EXPECT_EQ(migrations[i].checksum.size(), 64U);
    EXPECT_NE(migrations[i].name, "");
  }
}

// A released migration must not change: whoever edits one has to change this test, and reads this.
// Append a new file instead.
TEST(SqliteMigrations, AreNeverEdited) {
  EXPECT_EQ(SqliteMigrations()[0].name, "backup_history");
  EXPECT_EQ(SqliteMigrations()[0].checksum,
            "4d95cb1b9d0816f695c7aee1d91e80fd7efa20a04be03b8aa409ef99d5c62cd9");
  EXPECT_EQ(SqliteMigrations()[1].name, "job_results");
  EXPECT_EQ(SqliteMigrations()[1].checksum,
            "cb20501405c9aa73a7ec821ce62e532369ee21cdf0fcc905a99f2a633976347d");
}

TEST_F(SqliteMigratorTest, AppliesWhatIsMissingInOrderAndRecordsIt) {
  ASSERT_TRUE(Open(kOnlyFirst).ok());
  EXPECT_THAT(Tables(), ElementsAre("a", "schema_migration"));
  ASSERT_TRUE(Open(kBoth).ok());
  EXPECT_THAT(Tables(), ElementsAre("a", "b", "schema_migration"));
  EXPECT_THAT(Read("SELECT number || name || checksum FROM schema_migration ORDER BY number"),
              ElementsAre("1firstaa", "2secondbb"));
  ASSERT_TRUE(Open(kBoth).ok());
  EXPECT_THAT(Read("SELECT y FROM b"), ElementsAre("7")) << "applied once";
}

TEST_F(SqliteMigratorTest, NoticesThatAnAppliedMigrationWasEdited) {
  ASSERT_TRUE(Open(kBoth).ok());
  std::array<Migration, 2> edited = kBoth;
  edited[0].checksum = "cc";
  const auto opened = Open(edited);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(opened.error().message(),
              HasSubstr("step 1 of its schema (first) is not the one that this program knows"));
}

TEST_F(SqliteMigratorTest, RefusesASchemaThatIsNewerThanTheProgram) {
  ASSERT_TRUE(Open(kBoth).ok());
  const auto opened = Open(kOnlyFirst);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kUnsupportedVersion);
  EXPECT_THAT(opened.error().message(),
              AllOf(HasSubstr("was made by a newer pgkeep"), HasSubstr("is at step 2, this program "
                                                                       "knows 1")));
  EXPECT_THAT(Tables(), ElementsAre("a", "b", "schema_migration"));
}

TEST_F(SqliteMigratorTest, LeavesNothingOfAMigrationThatFails) {
  const std::array broken = {kFirst, Migration{2, "broken", "bb",
                                               "CREATE TABLE b (y INTEGER) STRICT;"
                                               "INSERT INTO b VALUES ('no number');"}};
  const auto opened = Open(broken);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().ToString(), HasSubstr("applying step 2 (broken) of the schema"));
  EXPECT_THAT(Tables(), ElementsAre("a", "schema_migration"));
  EXPECT_THAT(Read("SELECT name FROM schema_migration"), ElementsAre("first"));
  ASSERT_TRUE(Open(kBoth).ok());
}

TEST_F(SqliteMigratorTest, RefusesAMigrationThatEndsItsTransaction) {
  const std::array broken = {Migration{1, "broken", "bb", "CREATE TABLE b (y); COMMIT;"}};
  const auto opened = Open(broken);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().ToString(), HasSubstr("ends its transaction itself"));
}

TEST_F(SqliteMigratorTest, RefusesAMigrationThatBreaksForeignKeys) {
  // Checked at the end, since a table may have to be made anew with the checks off.
  const std::array broken = {Migration{1, "broken", "bb",
                                       "PRAGMA defer_foreign_keys = ON;"
                                       "CREATE TABLE p (x INTEGER PRIMARY KEY) STRICT;"
                                       "CREATE TABLE c (x INTEGER REFERENCES p) STRICT;"
                                       "INSERT INTO c VALUES (1);"}};
  const auto opened = Open(broken);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().ToString(), HasSubstr("a row of table c refers to nothing"));
}

TEST_F(SqliteMigratorTest, TouchesNoDatabaseOfAnotherProgram) {
  {
    ASSERT_EQ(PosixFileSystem().CreateNew(path_, 0600).ok(), true);
    const auto other = SqliteConnection::Open(path_, std::chrono::seconds(5)).value();
    ASSERT_TRUE(other->RunScript("", "CREATE TABLE bookmarks (url TEXT)").ok());
  }
  const auto opened = Open(kBoth);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(opened.error().message(), HasSubstr("is the database of another program"));
  EXPECT_THAT(Tables(), ElementsAre("bookmarks"));
  EXPECT_THAT(Read("PRAGMA journal_mode"), ElementsAre("delete"));
}

// Kills a process at its n-th writing call, for every n until one gets through, and opens the
// catalog afterwards: it is as if the process had never been there, or had ended.
TEST_F(SqliteMigratorTest, SurvivesAKillAtEveryWriteOfAMigration) {
  ASSERT_TRUE(Open(kOnlyFirst).ok());
  int kills = 0;
  for (int nth = 1;; ++nth) {
    ASSERT_LT(nth, 500) << "the migration gets through";
    const testing::TemporaryDirectory copy;
    const std::string path = copy.Join("catalog.db");
    const auto bytes = ReadWholeFile(PosixFileSystem(), path_, 1 << 20).value();
    ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), path, bytes, 0600, false).ok());
    const int status = RunInChild([&] {
      ArmSqliteFault(SqliteFault::kKill, nth, false);
      return OpenSqliteCatalog({.path = path, .migrations = kBoth}).ok() ? 0 : 1;
    });
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ++kills;
    const auto opened = OpenSqliteCatalog({.path = path, .migrations = kBoth});
    ASSERT_TRUE(opened.ok()) << "after call " << nth << ": " << opened.error().Describe();
    const auto connection = SqliteConnection::Open(path, std::chrono::seconds(5)).value();
    auto count = connection->Query("",
                                   "SELECT (SELECT count(*) FROM b), (SELECT count(*) FROM "
                                   "schema_migration)");
    ASSERT_TRUE(count.ok() && count->Step().ok());
    EXPECT_EQ(count->Int(0), 1);
    EXPECT_EQ(count->Int(1), 2);
  }
  EXPECT_GT(kills, 5) << "it was killed while it migrated";
}

// The same from nothing, with the schema of the product.
TEST_F(SqliteMigratorTest, SurvivesAKillAtEveryWriteOfItsCreation) {
  int kills = 0;
  for (int nth = 1;; ++nth) {
    ASSERT_LT(nth, 500) << "the creation gets through";
    const testing::TemporaryDirectory fresh;
    const std::string path = fresh.Join("catalog.db");
    const int status = RunInChild([&] {
      ArmSqliteFault(SqliteFault::kKill, nth, false);
      return OpenSqliteCatalog({.path = path}).ok() ? 0 : 1;
    });
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ++kills;
    const auto opened = OpenSqliteCatalog({.path = path});
    ASSERT_TRUE(opened.ok()) << "after call " << nth << ": " << opened.error().Describe();
    EXPECT_TRUE((*opened)->CheckIntegrity().ok());
    EXPECT_TRUE((*opened)->ListJobs({}).ok());
  }
  EXPECT_GT(kills, 5);
}

// Two processes that open a new catalog at once, many times.
TEST_F(SqliteMigratorTest, TwoProcessesMayMigrateAtOnce) {
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    const testing::TemporaryDirectory fresh;
    const std::string path = fresh.Join("catalog.db");
    const auto open = [&] {
      const auto opened = OpenSqliteCatalog(
          {.path = path, .busy_timeout = std::chrono::minutes(2), .migrations = kBoth});
      if (!opened.ok()) fputs((opened.error().Describe() + "\n").c_str(), stderr);
      return opened.ok() ? 0 : 1;
    };
    const pid_t first = fork();
    ASSERT_GE(first, 0);
    if (first == 0) _exit(open());
    EXPECT_EQ(RunInChild(open), 0);
    int status = -1;
    ASSERT_EQ(waitpid(first, &status, 0), first);
    EXPECT_EQ(status, 0);
    const auto connection = SqliteConnection::Open(path, std::chrono::seconds(5)).value();
    auto count = connection->Query("", "SELECT count(*) FROM b");
    ASSERT_TRUE(count.ok() && count->Step().ok());
    EXPECT_EQ(count->Int(0), 1);
  }
}

}  // namespace
}  // namespace pgkeep::catalog

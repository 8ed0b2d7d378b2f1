// Others want to truncate, alter and drop tables at every step of a backup. Whatever they do, a
// table in a backup has the rows of one moment, and nobody waits for ever.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "backup/backup_test_kit.h"
#include "backup/logical_backup.h"

namespace pgkeep::backup {
namespace {

using postgres::TestDatabase;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::Eq;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// What a phase means for somebody who changes a table at its beginning.
struct Moment {
  BackupPhase phase;
  bool waits;     // for a lock of the backup
  bool restarts;  // the backup needs a new snapshot
};

const Moment kMoments[] = {
    {BackupPhase::kListingTables, false, true},     {BackupPhase::kLockingTables, false, true},
    {BackupPhase::kComparingTables, true, true},    {BackupPhase::kStartingWorkers, true, true},
    {BackupPhase::kReadingDefinitions, true, true}, {BackupPhase::kReadingTables, true, false},
};

class ChangeAtEachStep : public ::testing::TestWithParam<Moment> {
 protected:
  // 1,000 rows before the change.
  ChangeAtEachStep() {
    Sql("steps",
        "CREATE TABLE t (id int, twice int);"
        "INSERT INTO t SELECT i, 2 * i FROM generate_series(1, 1000) i;"
        "CREATE TABLE u (id int); INSERT INTO u VALUES (1)");
  }

  // Runs a backup while `sql` comes in between, and returns the rows of t.
  std::string BackUpAgainst(const std::string& sql) {
    std::optional<QueuedSql> queued;
    PhaseHook watcher(GetParam().phase, [&] { queued.emplace("steps", sql); });
    LogicalBackupOptions options = OptionsFor({"steps"});
    options.lock_timeout = std::chrono::milliseconds(500);
    const auto result = vault_.Run(options, watcher);
    EXPECT_TRUE(watcher.fired());
    EXPECT_TRUE(queued && queued->had_to_wait() == GetParam().waits);
    EXPECT_TRUE(result.ok()) << result.error().Describe();
    queued.reset();
    if (!result.ok()) return "";
    // A new snapshot may be taken before the change is committed, then one more is needed.
    if (GetParam().restarts) {
      EXPECT_THAT(watcher.restarts(), AnyOf(SizeIs(1), SizeIs(2)));
    } else {
      EXPECT_THAT(watcher.restarts(), SizeIs(0));
    }
    return vault_.ReadTable(result->backup, "steps", "public", "t").value_or("missing");
  }

  const TestDatabase database_{"steps"};
  Vault vault_;
};

TEST_P(ChangeAtEachStep, TruncateNeverGivesAnEmptyTable) {
  const std::string rows =
      BackUpAgainst("BEGIN; TRUNCATE t; INSERT INTO t SELECT generate_series(1, 7); COMMIT");
  EXPECT_EQ(Lines(rows), GetParam().restarts ? 7U : 1000U);
}

TEST_P(ChangeAtEachStep, RewriteGivesTheRowsOfOneMoment) {
  const std::string rows = BackUpAgainst("ALTER TABLE t ALTER id TYPE text USING 'n' || id");
  EXPECT_EQ(Lines(rows), 1000U);
  EXPECT_EQ(rows.substr(0, 2), GetParam().restarts ? "n1" : "1\t");
}

TEST_P(ChangeAtEachStep, RenamedColumnGivesTheRowsOfOneMoment) {
  EXPECT_EQ(Lines(BackUpAgainst("ALTER TABLE t RENAME id TO other")), 1000U);
}

TEST_P(ChangeAtEachStep, ExchangedTablesKeepTheirRows) {
  const std::string rows = BackUpAgainst(
      "BEGIN; ALTER TABLE t RENAME TO x; ALTER TABLE u RENAME TO t; ALTER TABLE x RENAME TO u;"
      "COMMIT");
  EXPECT_EQ(Lines(rows), GetParam().restarts ? 1U : 1000U);
}

TEST_P(ChangeAtEachStep, ExchangedColumnsKeepTheirValues) {
  const std::string rows = BackUpAgainst(
      "BEGIN; ALTER TABLE t RENAME id TO x; ALTER TABLE t RENAME twice TO id;"
      "ALTER TABLE t RENAME x TO twice; COMMIT");
  EXPECT_EQ(Lines(rows), 1000U);
  EXPECT_EQ(rows.substr(0, 4), "1\t2\n");
}

TEST_P(ChangeAtEachStep, ColumnThatWasMadeAnewIsAnother) {
  const std::string rows =
      BackUpAgainst("BEGIN; ALTER TABLE t DROP id; ALTER TABLE t ADD id int DEFAULT 5; COMMIT");
  EXPECT_EQ(Lines(rows), 1000U);
  EXPECT_EQ(rows.substr(0, 4), GetParam().restarts ? "2\t5\n" : "1\t2\n");
}

TEST_P(ChangeAtEachStep, DroppedTableIsThereOrNot) {
  const std::string rows = BackUpAgainst("DROP TABLE t");
  if (GetParam().restarts) {
    EXPECT_EQ(rows, "missing");
  } else {
    EXPECT_EQ(Lines(rows), 1000U);
  }
}

INSTANTIATE_TEST_SUITE_P(Backup, ChangeAtEachStep, ::testing::ValuesIn(kMoments),
                         [](const auto& moment) {
                           return std::string(PhaseName(moment.param.phase));
                         });

// Locks on tables do not keep their schemas from being renamed.
TEST(SchemaNames, ExchangedWhileTablesAreReadFailTheDatabase) {
  const TestDatabase database("schemas");
  Sql("schemas",
      "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (id int); CREATE TABLE b.t (id int);"
      "INSERT INTO a.t VALUES (1); INSERT INTO b.t VALUES (2)");
  Vault vault;
  PhaseHook watcher(BackupPhase::kReadingTables, [] {
    Sql("schemas",
        "ALTER SCHEMA a RENAME TO x; ALTER SCHEMA b RENAME TO a; ALTER SCHEMA x RENAME TO b");
  });
  const auto result = vault.Run(OptionsFor({"schemas"}), watcher);
  EXPECT_TRUE(watcher.fired());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kConflict) << result.error().Describe();
  EXPECT_THAT(vault.Backups(), SizeIs(0));
}

TEST(LockWaiters, AreShownWhileTablesAreRead) {
  const TestDatabase database("waiters");
  Sql("waiters", "CREATE TABLE t (id int)");
  Vault vault;
  std::optional<QueuedSql> queued;
  PhaseHook watcher(BackupPhase::kReadingTables,
                    [&] { queued.emplace("waiters", "ALTER TABLE t ADD COLUMN extra int"); });
  const auto result = vault.Run(OptionsFor({"waiters"}), watcher);
  ASSERT_TRUE(result.ok()) << result.error().Describe();
  ASSERT_TRUE(queued && queued->had_to_wait());
  queued.reset();
  EXPECT_THAT(watcher.waiters(), Contains(AllOf(Field(&LockParty::relation, Eq("public.t")),
                                                Field(&LockParty::mode, Eq("AccessExclusiveLock")),
                                                Field(&LockParty::query, HasSubstr("extra")))));
}

TEST(LockTimeout, EndsWithTheNameOfWhoHoldsTheLock) {
  const TestDatabase database("held");
  Sql("held", "CREATE TABLE t (id int)");
  const auto holder = database.Connect();
  ASSERT_TRUE(holder->Execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE").ok());
  Vault vault;
  PhaseHook watcher;
  LogicalBackupOptions options = OptionsFor({"held"});
  options.lock_timeout = std::chrono::milliseconds(100);
  const auto result = vault.Run(options, watcher);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kBusy);
  EXPECT_EQ(result.error().ToString(),
            "database held: gave up after 3 attempts: waited 0.1 s for locks on tables, because of "
            "process " +
                std::to_string(holder->backend_pid()) + " with AccessExclusiveLock on public.t");
  EXPECT_THAT(watcher.restarts(), SizeIs(2));
  EXPECT_THAT(vault.Backups(), SizeIs(0));

  // The next run works.
  ASSERT_TRUE(holder->Execute("ROLLBACK").ok());
  vault.MustRun(options);
}

TEST(LockTimeout, ExcludedTableIsNotWaitedFor) {
  const TestDatabase database("excluded");
  Sql("excluded", "CREATE TABLE t (id int); CREATE TABLE other (id int)");
  const auto holder = database.Connect();
  ASSERT_TRUE(holder->Execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE").ok());
  Vault vault;
  LogicalBackupOptions options = OptionsFor({"excluded"});
  options.filter.exclude_tables = {"public.t"};
  EXPECT_THAT(vault.MustRun(options).databases[0].tables, SizeIs(1));
}

}  // namespace
}  // namespace pgkeep::backup

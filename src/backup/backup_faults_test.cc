// What goes wrong ends in one clear sentence, nothing that can be restored, and a next run that
// works.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "backup/backup_test_kit.h"
#include "backup/logical_backup.h"
#include "logical/stream_format.h"
#include "repository/backup_reader.h"
#include "repository/verify_structure.h"
#include "testing/faulty_store.h"

namespace pgkeep::backup {
namespace {

using postgres::TestDatabase;
using repository::BackupState;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

// Rows that do not compress, so that packs fill while they are read.
constexpr const char* kBulk =
    "CREATE TABLE bulk AS SELECT i, md5(i::text) || md5((i + 1)::text) AS noise "
    "FROM generate_series(1, 300000) i";

repository::InitOptions SmallPacks() {
  repository::InitOptions init;
  init.pack_bytes = 1U << 20;
  return init;
}

TEST(BackupFaults, KilledWorkerFailsItsDatabaseOnly) {
  const TestDatabase victim("kill_a");
  const TestDatabase survivor("kill_b");
  Sql("kill_a", kBulk);
  Sql("kill_b", "CREATE TABLE t AS SELECT 5 AS five");
  const auto place = testing::MakeTestStore(SystemClock());
  HookStore store(*place);
  Vault vault(&store, SmallPacks());
  std::string killed;
  store.BeforeFirstPack([&killed] {
    killed = Sql("postgres",
                 "SELECT query FROM (SELECT pid, query FROM pg_stat_activity WHERE datname = "
                 "'kill_a' AND state = 'active' AND query LIKE 'COPY%' OFFSET 0) a "
                 "WHERE pg_terminate_backend(pid)");
  });
  PhaseHook watcher;
  const auto result = vault.Run(OptionsFor({"kill_a", "kill_b"}), watcher);
  ASSERT_TRUE(result.ok()) << result.error().Describe();
  EXPECT_THAT(killed, HasSubstr("\"bulk\""));
  EXPECT_EQ(watcher.phases().back(), BackupPhase::kCommitting);

  EXPECT_EQ(result->state, BackupState::kPartial);
  ASSERT_TRUE(result->databases[0].error);
  EXPECT_THAT(result->databases[0].error->ToString(),
              HasSubstr("database kill_a: reading table \"public\".\"bulk\""));
  EXPECT_FALSE(result->databases[1].error);
  const auto reader = repository::BackupReader::Open(vault.repository(), result->backup);
  ASSERT_TRUE(reader.ok());
  ASSERT_THAT((*reader)->manifest().subtrees, SizeIs(1));
  EXPECT_EQ((*reader)->manifest().subtrees[0].name, "kill_b");
  const auto run = logical::DecodeRun((*reader)->manifest().attributes);
  ASSERT_TRUE(run.ok());
  ASSERT_THAT(run->missing, SizeIs(1));
  EXPECT_EQ(run->missing[0].database, "kill_a");
  EXPECT_EQ(*vault.ReadTable(result->backup, "kill_b", "public", "t"), "5\n");

  // Both are in the next one.
  const LogicalBackupResult next = vault.MustRun(OptionsFor({"kill_a", "kill_b"}));
  EXPECT_EQ(next.state, BackupState::kComplete);
  EXPECT_EQ(Lines(*vault.ReadTable(next.backup, "kill_a", "public", "bulk")), 300'000U);
}

TEST(BackupFaults, LostLeaderFailsTheDatabase) {
  const TestDatabase database("leader");
  Sql("leader", "CREATE TABLE t (a int)");
  Vault vault;
  // The first session of the backup in this database is the one that holds the snapshot.
  PhaseHook watcher(BackupPhase::kReadingTables, [] {
    EXPECT_EQ(Sql("postgres",
                  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                  "datname = 'leader' ORDER BY backend_start LIMIT 1"),
              "t");
  });
  const auto result = vault.Run(OptionsFor({"leader"}), watcher);
  EXPECT_TRUE(watcher.fired());
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kUnavailable) << result.error().Describe();
  EXPECT_THAT(vault.Backups(), SizeIs(0));
}

TEST(BackupFaults, StopLeavesNothing) {
  const TestDatabase database("stop");
  Sql("stop", "CREATE TABLE t (a int)");
  for (const BackupPhase phase : {BackupPhase::kLockingTables, BackupPhase::kReadingDefinitions,
                                  BackupPhase::kReadingTables, BackupPhase::kFinishing}) {
    Vault vault;
    std::stop_source stop;
    PhaseHook watcher(phase, [&stop] { stop.request_stop(); });
    const auto result =
        RunLogicalBackup(vault.repository(), OptionsFor({"stop"}), watcher, stop.get_token());
    EXPECT_TRUE(watcher.fired());
    ASSERT_FALSE(result.ok()) << PhaseName(phase);
    EXPECT_EQ(result.error().code(), ErrorCode::kCancelled) << result.error().Describe();
    EXPECT_THAT(vault.Backups(), SizeIs(0));
  }
}

// A role that owns nothing, for the time of a test.
class OtherRole {
 public:
  explicit OtherRole(const std::string& database) : database_(database) {
    Sql(database_, "CREATE ROLE outsider LOGIN");
  }
  ~OtherRole() { Sql(database_, "DROP OWNED BY outsider; DROP ROLE outsider"); }
  OtherRole(const OtherRole&) = delete;
  OtherRole& operator=(const OtherRole&) = delete;

  LogicalBackupOptions Options() const {
    LogicalBackupOptions options = OptionsFor({database_});
    EXPECT_TRUE(options.params.Set("user", "outsider").ok());
    return options;
  }

 private:
  const std::string database_;
};

TEST(BackupFaults, UnreadableTableIsNamedBeforeAnythingIsRead) {
  const TestDatabase database("rights");
  const OtherRole role("rights");
  Sql("rights",
      "CREATE TABLE mine (a int); CREATE TABLE secret (a int); CREATE SCHEMA hidden;"
      "CREATE TABLE hidden.t (a int); GRANT SELECT ON mine, hidden.t TO outsider");
  Vault vault;
  PhaseHook watcher;
  const auto result = vault.Run(role.Options(), watcher);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kPermission);
  EXPECT_EQ(result.error().ToString(),
            "database rights: the role outsider may not read 2 of the tables: "
            "\"public\".\"secret\", \"hidden\".\"t\"");
  EXPECT_THAT(result.error().hint(), HasSubstr("pg_read_all_data"));
  EXPECT_EQ(watcher.phases().back(), BackupPhase::kListingTables);
  EXPECT_THAT(vault.Backups(), SizeIs(0));

  LogicalBackupOptions without = role.Options();
  without.filter.exclude_tables = {"public.secret"};
  without.filter.exclude_schemas = {"hidden"};
  EXPECT_THAT(vault.MustRun(without).databases[0].tables, SizeIs(1));
}

TEST(BackupFaults, RowSecurityIsNeverSkipped) {
  const TestDatabase database("rls");
  const OtherRole role("rls");
  Sql("rls",
      "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2);"
      "ALTER TABLE t ENABLE ROW LEVEL SECURITY; GRANT SELECT ON t TO outsider;"
      "CREATE POLICY p ON t USING (a = 1)");
  Vault vault;
  PhaseHook watcher;
  const auto result = vault.Run(role.Options(), watcher);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().ToString(),
            "database rls: row security hides rows from the role outsider: \"public\".\"t\"");
  EXPECT_THAT(vault.Backups(), SizeIs(0));
}

TEST(BackupFaults, DatabaseThatDoesNotExistMakesThePartialBackup) {
  const TestDatabase database("exists");
  Vault vault;
  PhaseHook watcher;
  const auto result = vault.Run(OptionsFor({"exists", "nowhere"}), watcher);
  ASSERT_TRUE(result.ok()) << result.error().Describe();
  EXPECT_EQ(result->state, BackupState::kPartial);
  EXPECT_EQ(result->databases[1].error->ToString(), "database nowhere: there is no such database");

  const auto none = vault.Run(OptionsFor({"nowhere"}), watcher);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(vault.Backups(), SizeIs(1));
}

TEST(BackupFaults, MissingPgDumpIsNoticedFirst) {
  const TestDatabase database("tools");
  const testing::TemporaryDirectory empty;
  Vault vault;
  PhaseHook watcher;
  LogicalBackupOptions options = OptionsFor({"tools"});
  options.programs.only_directory = empty.path();
  const auto result = vault.Run(options, watcher);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().ToString(), "there is no pg_dump in " + empty.path());
  EXPECT_THAT(result.error().hint(), HasSubstr("postgresql-client-15"));
  EXPECT_EQ(watcher.phases(), (std::vector<BackupPhase>{BackupPhase::kStarting}));
}

TEST(BackupFaults, FullStoreFailsTheRun) {
  const TestDatabase first("full_a");
  const TestDatabase second("full_b");
  Sql("full_a", kBulk);
  const auto place = testing::MakeTestStore(SystemClock());
  testing::FaultyStore store(*place);
  Vault vault(&store, SmallPacks());
  testing::FaultRule rule;
  rule.action = testing::FaultAction::kOutOfSpace;
  rule.key_contains = "p/";
  rule.times = 1'000'000;
  const size_t number = store.AddRule(rule);
  PhaseHook watcher;
  const auto result = vault.Run(OptionsFor({"full_a", "full_b"}), watcher);
  EXPECT_GT(store.fired(number), 0U);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kOutOfSpace) << result.error().Describe();
  store.ClearFaults();
  EXPECT_THAT(vault.Backups(), SizeIs(0));
  vault.MustRun(OptionsFor({"full_a", "full_b"}));
}

TEST(BackupFaults, LosesNothingOfWhatPgDumpComplainsAbout) {
  const TestDatabase database("broken");
  // pg_dump asks for every function; this one's language is gone.
  Sql("broken",
      "CREATE TABLE t (a int); CREATE FUNCTION f() RETURNS int LANGUAGE sql AS "
      "'SELECT 1'; UPDATE pg_proc SET proowner = 4000000 WHERE proname = 'f'");
  Vault vault;
  PhaseHook watcher;
  const auto result = vault.Run(OptionsFor({"broken"}), watcher);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code(), ErrorCode::kChildFailed);
  EXPECT_THAT(result.error().ToString(),
              HasSubstr("database broken: gave up after 3 attempts: reading the definitions: "
                        "pg_dump 15 failed: "));
  EXPECT_THAT(vault.Backups(), SizeIs(0));
}

}  // namespace
}  // namespace pgkeep::backup

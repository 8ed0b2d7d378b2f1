// What goes wrong is told, and never counted as restored.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "logical/stream_format.h"
#include "restore/export.h"
#include "restore/restore.h"
#include "restore_test_kit.h"
#include "testing/damage.h"
#include "testing/test_store.h"

namespace pgkeep::restore {
namespace {

using postgres::TestDatabase;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::PostgresCluster;
using ::testing::SizeIs;
using ::testing::StartsWith;

// Rows that do not compress.
constexpr const char* kBulk =
    "CREATE TABLE bulk AS SELECT i, md5(i::text) || md5((i + 1)::text) AS noise "
    "FROM generate_series(1, 60000) i; CREATE TABLE small AS SELECT 7 AS seven";

// True in the database of this name only.
std::string OnlyIn(const std::string& database) {
  return "CREATE FUNCTION only_here(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN IF "
         "current_database() <> '" +
         database + "' THEN RAISE EXCEPTION 'not here'; END IF; RETURN a; END $$;";
}

TEST(RestoreFaults, ListsStatementsThatFailAndDoesTheRest) {
  const TestDatabase source("fails");
  Backed backed("fails", OnlyIn("fails") + R"(
    CREATE TABLE t AS SELECT 1 AS a; CREATE INDEX bad_1 ON t (only_here(a));
    CREATE INDEX bad_2 ON t (only_here(a + 1)); CREATE INDEX good ON t (a);)");
  for (const unsigned jobs : {1U, 2U}) {
    const CopyDatabase copy("fails_copy");
    RestoreOptions options = Into(backed.backup(), copy.name());
    options.create = true;
    options.jobs = jobs;
    const auto report = Restore(backed.vault(), options);
    ASSERT_TRUE(report.ok()) << report.error().Describe();
    EXPECT_FALSE(report->complete());
    EXPECT_THAT(report->errors, ::testing::UnorderedElementsAre(
                                    AllOf(HasSubstr("not here"), HasSubstr("CREATE INDEX bad_1")),
                                    AllOf(HasSubstr("not here"), HasSubstr("CREATE INDEX bad_2"))));
    EXPECT_THAT(report->failed_tables, IsEmpty());
    EXPECT_EQ(report->tables, 1U);
    EXPECT_EQ(Sql(copy.name(), "SELECT to_regclass('good') IS NOT NULL"), "t");
  }
}

TEST(RestoreFaults, NamesTablesWhoseRowsTheServerDoesNotTake) {
  const TestDatabase source("no_rows");
  Backed backed("no_rows", OnlyIn("no_rows") + R"(
    CREATE TABLE a_bad (a int CHECK (only_here(a) > 0)); INSERT INTO a_bad VALUES (1), (2);
    CREATE TABLE good AS SELECT 5 AS five;)");
  const CopyDatabase copy("no_rows_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  const auto report = Restore(backed.vault(), options);
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_THAT(report->failed_tables, ElementsAre("public.a_bad"));
  EXPECT_THAT(report->errors,
              ElementsAre(AllOf(HasSubstr("table public.a_bad"), HasSubstr("not here"))));
  EXPECT_FALSE(report->fingerprints_equal);
  EXPECT_EQ(report->tables, 1U);
  EXPECT_EQ(Sql(copy.name(), "SELECT (SELECT count(*) FROM a_bad), (SELECT five FROM good)"),
            "0|5");
}

TEST(RestoreFaults, ReportsABigTableWhenOneOfItsConnectionsFails) {
  const TestDatabase source("big_fails");
  Backed backed("big_fails", R"(
    CREATE FUNCTION fits(i int) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
      IF i = 49999 AND current_database() <> 'big_fails' THEN RAISE EXCEPTION 'not this row';
      END IF; RETURN true; END $$;
    CREATE TABLE big (i int, t text, CHECK (i < 49000 OR fits(i)));
    ALTER TABLE big ALTER t SET STORAGE PLAIN;
    INSERT INTO big SELECT i, repeat(md5(i::text), 60) FROM generate_series(1, 50000) i;
    CREATE TABLE good AS SELECT 5 AS five;)");
  const CopyDatabase copy("big_fails_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  options.jobs = 3;
  const auto report = Restore(backed.vault(), options);
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_THAT(report->failed_tables, ElementsAre("public.big"));
  EXPECT_THAT(report->errors, ::testing::Contains(HasSubstr("not this row")));
  EXPECT_FALSE(report->fingerprints_equal);
  EXPECT_EQ(report->tables, 1U);
  EXPECT_EQ(report->rows, 1U);
  // Rows of the others may be there, and then that is said.
  const bool some = Sql(copy.name(), "SELECT EXISTS (SELECT FROM big)") == "t";
  EXPECT_EQ(report->errors.size(), some ? 2U : 1U);
  EXPECT_EQ(Sql(copy.name(), "SELECT five FROM good"), "5");
}

TEST(RestoreFaults, DamagedPacksAreToldByTableAndNothingIsClaimed) {
  const TestDatabase source("damaged");
  const auto place = testing::MakeTestStore(SystemClock());
  repository::InitOptions init;
  init.pack_bytes = 1U << 20;
  Backed backed("damaged", kBulk, place.get(), init);
  const CopyDatabase copy("damaged_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  Progress progress;
  size_t packs = 0;
  // What was read before that is whole.
  PhaseAction damage(progress, "data", [&] {
    for (const std::string& key : place->Keys()) {
      if (!key.starts_with("p/")) continue;
      ++packs;
      place->Tamper(key, [](Bytes& bytes) { testing::FlipBit(bytes, bytes.size() * 4); });
    }
  });
  const auto report = RunRestore(backed.vault().repository(), options, progress, {});
  EXPECT_TRUE(damage.fired());
  EXPECT_GT(packs, 1U);
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_FALSE(report->complete());
  EXPECT_FALSE(report->fingerprints_equal);
  EXPECT_THAT(report->failed_tables, ::testing::Contains("public.bulk"));
  EXPECT_THAT(report->errors, ::testing::Contains(HasSubstr("table public.bulk")));
  EXPECT_EQ(Sql(copy.name(), "SELECT count(*) FROM bulk"), "0") << "the COPY was taken back";
}

// Rows that are whole, but not those that were backed up.
TEST(RestoreFaults, ComparesEveryRowWithTheFingerprint) {
  const TestDatabase source("forged");
  Backed backed("forged",
                "CREATE TABLE t AS SELECT i FROM generate_series(100, 120) i; CREATE TABLE u AS "
                "SELECT 1 AS one; SELECT lo_from_bytea(5, '\\x0011223344')");
  const std::string rows = logical::TableStreamName("public", "t");
  const std::vector<std::function<void(std::string&)>> changes = {
      [](std::string& unit) { unit[1] = '9'; },                           // another value
      [](std::string& unit) { unit.erase(0, 4); },                        // a row less
      [](std::string& unit) { unit += unit.substr(0, 4); },               // a row twice
      [](std::string& unit) { unit.replace(0, 4, unit.substr(4, 4)); }};  // one in place of another
  for (const auto& change : changes) {
    const CopyDatabase copy("forged_copy");
    const repository::BackupId forged = Forge(backed.vault(), backed.backup(), rows, change);
    RestoreOptions options = Into(forged, copy.name());
    options.create = true;
    const auto report = Restore(backed.vault(), options);
    ASSERT_TRUE(report.ok()) << report.error().Describe();
    EXPECT_THAT(report->failed_tables, ElementsAre("public.t"));
    EXPECT_THAT(report->errors,
                ElementsAre(HasSubstr("the rows in the backup are not those that were backed up")));
    EXPECT_FALSE(report->fingerprints_equal);
    EXPECT_EQ(report->tables, 1U);
    EXPECT_EQ(Sql(copy.name(), "SELECT (SELECT count(*) FROM t), one FROM u"), "0|1");

    const testing::TemporaryDirectory directory;
    ExportOptions exported;
    exported.backup = forged;
    exported.output = directory.Join("out");
    Progress progress;
    const auto written =
        ExportBackup(backed.vault().repository(), exported, PosixFileSystem(), progress, {});
    ASSERT_FALSE(written.ok());
    EXPECT_EQ(written.error().code(), ErrorCode::kCorruption);
    EXPECT_THAT(*PosixFileSystem().ReadDirectory(directory.path()), IsEmpty());
  }
  // Nothing changed: the forger is not what is noticed.
  const CopyDatabase copy("forged_copy");
  RestoreOptions options =
      Into(Forge(backed.vault(), backed.backup(), rows, [](std::string&) {}), copy.name());
  options.create = true;
  MustRestore(backed.vault(), options);
  options.backup = Forge(backed.vault(), backed.backup(), std::string(logical::kLargeObjectsStream),
                         [](std::string& unit) { unit[unit.find("1122")] = '9'; });
  options.clean = true;
  postgres::WaitUntil(PostgresCluster::Shared(),
                      "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'forged_copy'");
  const auto report = Restore(backed.vault(), options);
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_THAT(report->errors, ElementsAre(HasSubstr("large objects: the rows in the backup are")));
  EXPECT_FALSE(report->fingerprints_equal);
  EXPECT_EQ(report->large_objects, 0U);
}

TEST(RestoreFaults, DropsNothingForABackupThatCannotBeRead) {
  const TestDatabase source("unreadable");
  const auto place = testing::MakeTestStore(SystemClock());
  Backed backed("unreadable", "CREATE TABLE t AS SELECT 1 AS one", place.get());
  const CopyDatabase copy("unreadable_copy");
  Sql("postgres", "CREATE DATABASE unreadable_copy");
  Sql(copy.name(), "CREATE TABLE precious AS SELECT 1 AS one");
  for (const std::string& key : place->Keys()) {
    if (!key.starts_with("p/")) continue;
    place->Tamper(key, [](Bytes& bytes) { testing::FlipBit(bytes, bytes.size() * 4); });
  }
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.clean = true;
  const auto report = Restore(backed.vault(), options);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kCorruption) << report.error().Describe();
  EXPECT_EQ(Sql(copy.name(), "SELECT one FROM precious"), "1");
}

TEST(RestoreFaults, NeedsTheKeyThatReadsData) {
  repository::InitOptions init;
  init.key_mode = repository::KeyMode::kSplit;
  repository::TestVault vault(1, nullptr, init);
  const auto host = vault.Open(true);
  const auto plan = PlanRestore(*host, Into({}, "nowhere"), {});
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().code(), ErrorCode::kRefused) << plan.error().Describe();
  EXPECT_THAT(plan.error().ToString(), HasSubstr("key"));
}

// Names of what is left in a directory.
std::vector<std::string> Left(const testing::TemporaryDirectory& directory) {
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : *PosixFileSystem().ReadDirectory(directory.path())) {
    names.push_back(entry.name);
  }
  return names;
}

TEST(RestoreFaults, StopsInEveryPhaseAndLeavesNoProgramAndNoFile) {
  const TestDatabase source("stopped");
  Backed backed("stopped", std::string(kBulk) + "; SELECT lo_from_bytea(5, 'five')");
  for (const char* phase :
       {"planning", "pre_data", "data", "sequences", "large_objects", "post_data", "analyze"}) {
    const CopyDatabase copy("stopped_copy");
    const testing::TemporaryDirectory scratch;
    RestoreOptions options = Into(backed.backup(), copy.name());
    options.create = true;
    options.scratch_directory = scratch.path();
    Progress progress;
    std::stop_source stop;
    const PhaseAction action(progress, phase, [&] {
      if (std::string_view(phase) == "data") {
        EXPECT_THAT(Left(scratch), SizeIs(1));
      }
      stop.request_stop();
    });
    const auto report =
        RunRestore(backed.vault().repository(), options, progress, stop.get_token());
    EXPECT_TRUE(action.fired()) << phase;
    ASSERT_FALSE(report.ok()) << phase;
    EXPECT_EQ(report.error().code(), ErrorCode::kCancelled) << report.error().Describe();
    EXPECT_THAT(Left(scratch), IsEmpty()) << phase;
    postgres::WaitUntil(PostgresCluster::Shared(),
                        "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'stopped_copy'");
  }
}

// A directory that is locked belongs to somebody who lives; one that has another name, to somebody
// else.
TEST(RestoreFaults, RemovesWhatKilledRestoresLeft) {
  const TestDatabase source("scratch");
  Backed backed("scratch", "CREATE TABLE t AS SELECT 5 AS five");
  const testing::TemporaryDirectory scratch;
  FileSystem& files = PosixFileSystem();
  const std::string dead = "pgkeep-restore-" + std::string(32, 'd');
  const std::string alive = "pgkeep-restore-" + std::string(32, 'a');
  const std::string other = "pgkeep-restore-notes";
  for (const std::string& name : {dead, alive, other}) {
    ASSERT_TRUE(files.CreateDirectory(scratch.Join(name), 0700).ok());
    ASSERT_TRUE(files.CreateNew(scratch.Join(name) + "/definitions", 0600).ok());
  }
  const auto lock = files.TryLock(scratch.Join(alive));
  ASSERT_TRUE(lock.ok());
  const CopyDatabase copy("scratch_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  options.scratch_directory = scratch.path();
  MustRestore(backed.vault(), options);
  EXPECT_THAT(Left(scratch), ::testing::UnorderedElementsAre(alive, other));
  EXPECT_TRUE(files.StatNoFollow(scratch.Join(alive) + "/definitions").ok());
}

// Its own directory is locked while it runs.
TEST(RestoreFaults, LeavesTheDirectoryOfALivingRestore) {
  const TestDatabase source("living");
  Backed backed("living", kBulk);
  const testing::TemporaryDirectory scratch;
  const CopyDatabase first("living_first");
  const CopyDatabase second("living_second");
  RestoreOptions options = Into(backed.backup(), first.name());
  options.create = true;
  options.scratch_directory = scratch.path();
  Progress progress;
  const PhaseAction action(progress, "data", [&] {
    RestoreOptions other = Into(backed.backup(), second.name());
    other.create = true;
    other.scratch_directory = scratch.path();
    MustRestore(backed.vault(), other);
    EXPECT_THAT(Left(scratch), SizeIs(1));
  });
  const auto report = RunRestore(backed.vault().repository(), options, progress, {});
  EXPECT_TRUE(action.fired());
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_THAT(report->errors, IsEmpty());
  EXPECT_THAT(Left(scratch), IsEmpty());
}

TEST(RestoreFaults, TellsThatTheServerWentAwayInTheMiddleOfTheRows) {
  const TestDatabase source("gone");
  const auto place = testing::MakeTestStore(SystemClock());
  ReadHookStore store(*place);
  repository::InitOptions init;
  init.pack_bytes = 1U << 20;
  Backed backed("gone", kBulk, &store, init);
  PostgresCluster target;
  RestoreOptions options = Into(backed.backup(), "gone_copy", target);
  options.create = true;
  Progress progress;
  std::string running;
  const PhaseAction arm(progress, "data", [&] {
    // The COPY has begun when its first rows are read.
    store.BeforeNextRead([&] {
      running = target.Sql(
          "SELECT string_agg(query, '; ') FROM pg_stat_activity WHERE "
          "datname = 'gone_copy' AND query LIKE 'COPY%'");
      target.StopImmediately();
    });
  });
  const auto report = RunRestore(backed.vault().repository(), options, progress, {});
  EXPECT_TRUE(arm.fired());
  EXPECT_TRUE(store.fired());
  EXPECT_THAT(running, HasSubstr("COPY public."));
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kUnavailable) << report.error().Describe();
  target.Start();
  EXPECT_EQ(target.Sql("SELECT count(*) FROM bulk", "gone_copy"), "0");
  // It can be done again.
  options.clean = true;
  const RestoreReport again = MustRestore(backed.vault(), options);
  EXPECT_EQ(again.rows, 60'001U);
}

TEST(RestoreFaults, SaysWhatTheTargetLacks) {
  const TestDatabase source("lacks");
  Sql("postgres", "CREATE ROLE only_at_source");
  Sql("lacks", R"(
    CREATE TABLE t (a int); ALTER TABLE t OWNER TO only_at_source;
    CREATE EXTENSION hstore;
    UPDATE pg_extension SET extname = 'nowhere' WHERE extname = 'hstore';)");
  Backed backed("lacks", "");
  PostgresCluster target;
  RestoreOptions options = Into(backed.backup(), "lacks_copy", target);
  options.create = true;
  const auto plan = PlanRestore(backed.vault().repository(), options, {});
  ASSERT_TRUE(plan.ok()) << plan.error().Describe();
  EXPECT_THAT(plan->missing_roles, ElementsAre("only_at_source"));
  EXPECT_THAT(plan->missing_extensions, ElementsAre("nowhere"));
  EXPECT_THAT(plan->problems, SizeIs(2));
  const auto report = Restore(backed.vault(), options);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(report.error().Describe(), HasSubstr("--map-role"));
  EXPECT_THAT(report.error().ToString(), HasSubstr("nowhere"));
  EXPECT_EQ(target.Sql("SELECT count(*) FROM pg_database WHERE datname = 'lacks_copy'"), "0");
  options.owners = false;
  EXPECT_THAT(PlanRestore(backed.vault().repository(), options, {})->missing_roles, IsEmpty());
  Sql("lacks",
      "UPDATE pg_extension SET extname = 'hstore' WHERE extname = 'nowhere'; DROP TABLE t");
  Sql("postgres", "DROP ROLE only_at_source");
}

TEST(RestoreFaults, PutsTablesIntoTheDefaultTablespaceWhereTheirsIsMissing) {
  const TestDatabase source("space");
  const testing::ProgramResult made =
      PostgresCluster::Shared().Run("psql", {"-Xq", "-c", "SET allow_in_place_tablespaces = on",
                                             "-c", "CREATE TABLESPACE away LOCATION ''"});
  ASSERT_EQ(made.status, 0) << made.err;
  Backed backed("space", "CREATE TABLE t TABLESPACE away AS SELECT 5 AS five");
  const PostgresCluster target;
  RestoreOptions options = Into(backed.backup(), "copy", target);
  options.create = true;
  const RestoreReport report = MustRestore(backed.vault(), options);
  EXPECT_THAT(report.plan.missing_tablespaces, ElementsAre("away"));
  EXPECT_THAT(report.plan.warnings, ::testing::Contains(HasSubstr("away")));
  EXPECT_EQ(target.Sql("SELECT five FROM t", "copy"), "5");
  Sql("space", "DROP TABLE t");
  Sql("postgres", "DROP TABLESPACE away");
}

TEST(RestoreFaults, ChecksItsOptions) {
  const TestDatabase source("options");
  Backed backed("options", "CREATE TABLE t (a int)");
  RestoreOptions options = Into(backed.backup(), "nowhere");
  options.source_database = "another";
  EXPECT_EQ(Restore(backed.vault(), options).error().code(), ErrorCode::kNotFound);
  options.source_database = "options";
  options.jobs = 0;
  EXPECT_EQ(Restore(backed.vault(), options).error().code(), ErrorCode::kInvalidArgument);
  options.jobs = 1;
  options.create = true;
  options.programs.directories.clear();
  options.programs.only_directory = "/nonexistent";
  const auto no_program = Restore(backed.vault(), options);
  ASSERT_FALSE(no_program.ok());
  EXPECT_THAT(no_program.error().ToString(), HasSubstr("pg_restore"));
  EXPECT_EQ(Sql("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'nowhere'"), "0");
}

// The second restore starts while the first has made its tables and loads its rows.
TEST(RestoreFaults, LetsOnlyOneRestoreIntoADatabase) {
  const TestDatabase source("twice");
  Backed backed("twice", kBulk);
  for (const bool create : {false, true}) {
    const CopyDatabase copy("twice_copy");
    if (!create) Sql("postgres", "CREATE DATABASE twice_copy");
    RestoreOptions options = Into(backed.backup(), copy.name());
    options.create = create;
    Progress progress;
    std::vector<std::string> second;
    const PhaseAction action(progress, "data", [&] {
      RestoreOptions other = Into(backed.backup(), copy.name());
      const auto refused = Restore(backed.vault(), other);
      second.push_back(refused.ok() ? "done" : refused.error().ToString());
      if (!refused.ok()) {
        EXPECT_EQ(refused.error().code(), ErrorCode::kBusy);
      }
      other.tables = {{"public", "small"}};
      other.into_schema = "elsewhere";
      const auto part = Restore(backed.vault(), other);
      second.push_back(part.ok() ? "done" : part.error().ToString());
    });
    const auto report = RunRestore(backed.vault().repository(), options, progress, {});
    EXPECT_TRUE(action.fired());
    EXPECT_THAT(second, SizeIs(2));
    EXPECT_THAT(second, ::testing::Each(AllOf(
                            HasSubstr("another restore into database 'twice_copy' is running"),
                            HasSubstr("(process "))));
    ASSERT_TRUE(report.ok()) << report.error().Describe();
    EXPECT_THAT(report->errors, IsEmpty());
    EXPECT_EQ(Sql(copy.name(), "SELECT count(*) FROM bulk"), "60000");
  }
}

// Somebody who knows nothing of the lock makes tables after the database was found empty.
TEST(RestoreFaults, LoadsNothingIntoTablesThatOthersMade) {
  const TestDatabase source("others");
  Backed backed("others",
                "CREATE TABLE before AS SELECT 1 AS a; CREATE TABLE fine AS SELECT 2 AS a;"
                "CREATE SEQUENCE numbers; SELECT setval('numbers', 77)");
  const TestDatabase copy("others_copy");
  RestoreOptions options = Into(backed.backup(), "others_copy");
  Progress progress;
  const PhaseAction action(progress, "pre_data", [&] {
    Sql("others_copy", "CREATE TABLE before AS SELECT 1 AS a; CREATE SEQUENCE numbers");
  });
  const auto report = RunRestore(backed.vault().repository(), options, progress, {});
  EXPECT_TRUE(action.fired());
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_FALSE(report->complete());
  EXPECT_FALSE(report->fingerprints_equal);
  EXPECT_THAT(report->failed_tables, ElementsAre("public.before"));
  EXPECT_THAT(report->errors,
              ::testing::Contains(HasSubstr("table public.before: no rows were loaded into it: it "
                                            "was there before this restore")));
  EXPECT_THAT(report->errors, ::testing::Contains(HasSubstr("value of sequence public.numbers")));
  EXPECT_EQ(Sql("others_copy", "SELECT count(*) FROM before"), "1");
  EXPECT_EQ(Sql("others_copy", "SELECT last_value FROM numbers"), "1");
  EXPECT_EQ(Sql("others_copy", "SELECT a FROM fine"), "2");
}

// The table appears between the look at what is there and its CREATE TABLE: a trigger makes it.
TEST(RestoreFaults, LoadsNothingIntoATableThatCameInTheMiddle) {
  const TestDatabase source("middle");
  Backed backed("middle", "CREATE TABLE a_first (a int); CREATE TABLE late AS SELECT 1 AS a");
  const TestDatabase copy("middle_copy");
  RestoreOptions options = Into(backed.backup(), "middle_copy");
  Progress progress;
  const PhaseAction action(progress, "pre_data", [&] {
    Sql("middle_copy", R"(
      CREATE FUNCTION make_late() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        IF to_regclass('public.late') IS NULL THEN
          CREATE TABLE public.late AS SELECT 5 AS a WHERE false; END IF; END $$;
      CREATE EVENT TRIGGER make_late ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
        EXECUTE FUNCTION make_late();)");
  });
  const auto report = RunRestore(backed.vault().repository(), options, progress, {});
  EXPECT_TRUE(action.fired());
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_THAT(report->failed_tables, ElementsAre("public.late"));
  EXPECT_THAT(report->errors, ::testing::Contains(HasSubstr("somebody else made another one")));
  EXPECT_EQ(Sql("middle_copy", "SELECT count(*) FROM late"), "0");
  Sql("middle_copy", "DROP EVENT TRIGGER make_late");
}

TEST(RestoreFaults, SaysThatADatabaseItMadeIsHalfRestored) {
  const TestDatabase source("half");
  Backed backed("half", kBulk);
  const CopyDatabase copy("half_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  for (const bool clean : {false, true}) {
    options.clean = clean;
    Progress progress;
    std::stop_source stop;
    const PhaseAction action(progress, "data", [&] { stop.request_stop(); });
    const auto report =
        RunRestore(backed.vault().repository(), options, progress, stop.get_token());
    EXPECT_TRUE(action.fired());
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code(), ErrorCode::kCancelled);
    EXPECT_THAT(report.error().ToString(), HasSubstr("database 'half_copy' is only half restored"));
    EXPECT_THAT(report.error().hint(), HasSubstr("--clean"));
    postgres::WaitUntil(PostgresCluster::Shared(),
                        "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'half_copy'");
  }
  // Before anything was made there is nothing half.
  options.clean = false;
  const auto refused = Restore(backed.vault(), options);
  EXPECT_EQ(refused.error().ToString().find("half restored"), std::string::npos);
}

TEST(RestoreFaults, MarksADatabaseUntilItIsRestored) {
  const TestDatabase source("marked");
  Backed backed("marked", kBulk);
  const CopyDatabase copy("marked_copy");
  const auto comment = [] {
    const auto connection = postgres::Connect(PostgresCluster::Shared().Conninfo());
    return QueryText(*connection,
                     "SELECT coalesce(shobj_description(oid, 'pg_database'), 'none') FROM "
                     "pg_database WHERE datname = 'marked_copy'")
        .ValueOr("it is not there");
  };
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  Progress progress;
  std::stop_source stop;
  const PhaseAction action(progress, "data", [&] { stop.request_stop(); });
  ASSERT_FALSE(RunRestore(backed.vault().repository(), options, progress, stop.get_token()).ok());
  EXPECT_TRUE(action.fired());
  EXPECT_THAT(comment(), StartsWith("pgkeep: half restored from backup "));
  postgres::WaitUntil(PostgresCluster::Shared(),
                      "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'marked_copy'");

  options.create = false;
  const auto refused = Restore(backed.vault(), options);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(),
              HasSubstr("database 'marked_copy' is only half restored from backup"));
  EXPECT_THAT(refused.error().hint(), HasSubstr("--clean"));
  options.clean = true;
  const auto restored = Restore(backed.vault(), options);
  ASSERT_TRUE(restored.ok()) << restored.error().Describe();
  EXPECT_TRUE(restored->complete());
  EXPECT_EQ(comment(), "none");
}

TEST(RestoreFaults, WorksForARoleWhoseTransactionsAreReadOnlyByDefault) {
  const TestDatabase source("careful");
  Sql("postgres",
      "CREATE ROLE careful SUPERUSER LOGIN; ALTER ROLE careful SET default_transaction_read_only "
      "TO on");
  Backed backed("careful",
                "CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 30);"
                "CREATE SEQUENCE s; SELECT lo_from_bytea(5, 'five')");
  {
    const CopyDatabase copy("careful_copy");
    RestoreOptions options = Into(backed.backup(), copy.name());
    ASSERT_TRUE(options.target.Set("user", "careful").ok());
    options.create = true;
    EXPECT_EQ(MustRestore(backed.vault(), options).rows, 30U);
    ExpectCopy("careful", copy.name());
  }
  Sql("postgres", "DROP OWNED BY careful; DROP ROLE careful");
}

TEST(RestoreFaults, MakesTheDatabaseInItsTablespaceIfItIsThere) {
  const testing::ProgramResult made =
      PostgresCluster::Shared().Run("psql", {"-Xq", "-c", "SET allow_in_place_tablespaces = on",
                                             "-c", "CREATE TABLESPACE \"Fast\" LOCATION ''"});
  ASSERT_EQ(made.status, 0) << made.err;
  {
    const TestDatabase source("fast", "TABLESPACE \"Fast\"");
    Backed backed("fast", "CREATE TABLE t AS SELECT 5 AS five");
    const CopyDatabase copy("fast_copy");
    RestoreOptions options = Into(backed.backup(), copy.name());
    options.create = true;
    EXPECT_THAT(MustRestore(backed.vault(), options).plan.missing_tablespaces, IsEmpty());
    EXPECT_EQ(Sql("postgres",
                  "SELECT spcname FROM pg_database d JOIN pg_tablespace s ON s.oid = "
                  "d.dattablespace WHERE datname = 'fast_copy'"),
              "Fast");
    const PostgresCluster other;
    RestoreOptions away = Into(backed.backup(), "fast_copy", other);
    away.create = true;
    const RestoreReport report = MustRestore(backed.vault(), away);
    EXPECT_THAT(report.plan.missing_tablespaces, ElementsAre("Fast"));
    EXPECT_THAT(report.plan.warnings, ::testing::Contains(HasSubstr("Fast")));
  }
  Sql("postgres", "DROP TABLESPACE \"Fast\"");
}

}  // namespace
}  // namespace pgkeep::restore

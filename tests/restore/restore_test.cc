// Whole databases come back as they were: what stock pg_dump says of the source and of the copy is
// equal.
#include "restore/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "restore_test_kit.h"

namespace pgkeep::restore {
namespace {

using postgres::TestDatabase;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(Restore, GivesBackEveryKindOfObject) {
  const TestDatabase source("rich");
  MakeRichDatabase("rich");
  Backed backed("rich", "");
  for (const unsigned jobs : {1U, 3U}) {
    const CopyDatabase copy("rich_copy");
    RestoreOptions options = Into(backed.backup(), copy.name());
    options.create = true;
    options.jobs = jobs;
    const RestoreReport report = MustRestore(backed.vault(), options);
    ExpectCopy("rich", copy.name());
    EXPECT_EQ(report.tables, report.plan.tables);
    EXPECT_EQ(report.rows, report.plan.rows);
    EXPECT_EQ(report.text_bytes, report.plan.text_bytes);
    EXPECT_EQ(report.large_objects, 3U);
    EXPECT_EQ(report.sequences, report.plan.sequences);
    EXPECT_THAT(report.not_compared,
                ElementsAre("shop.customer.name_length", "shop.only_generated.a"));
    EXPECT_EQ(Sql(copy.name(),
                  "SELECT count(*) > 0 FROM pg_stats WHERE schemaname = 'shop' AND "
                  "tablename = 'customer'"),
              "t");
  }
}

TEST(Restore, SetsWhatBelongsToTheDatabaseItself) {
  const TestDatabase source("own");
  Sql("own",
      "CREATE ROLE own_boss; CREATE ROLE own_user; ALTER DATABASE own OWNER TO own_boss;"
      "ALTER DATABASE own SET work_mem TO '7MB'; ALTER ROLE own_user IN DATABASE own SET "
      "application_name TO 'a DATABASE own'; COMMENT ON DATABASE own IS 'the DATABASE own';"
      "ALTER DATABASE own SET default_transaction_read_only TO 'on';"
      "REVOKE CONNECT ON DATABASE own FROM PUBLIC; GRANT CONNECT ON DATABASE own TO own_user");
  Backed backed("own", "");
  {
    const CopyDatabase copy("own_copy");
    RestoreOptions options = Into(backed.backup(), copy.name());
    options.create = true;
    MustRestore(backed.vault(), options);
    std::vector<std::string> lines = SchemaOf(copy.name(), {"--create"});
    for (std::string& line : lines) {
      const size_t at = line.find(copy.name());
      if (at != std::string::npos) line.replace(at, copy.name().size(), "own");
    }
    EXPECT_EQ(lines, SchemaOf("own", {"--create"}));
    EXPECT_THAT(lines, Contains(HasSubstr("work_mem")));
  }
  Sql("postgres", "ALTER DATABASE own RESET ALL");
  Sql("own",
      "ALTER DATABASE own OWNER TO postgres; DROP ROLE own_boss; DROP OWNED BY own_user; "
      "DROP ROLE own_user");
}

TEST(Restore, KeepsOtherEncodings) {
  for (const std::string encoding : {"LATIN1", "SQL_ASCII"}) {
    const TestDatabase source("odd_encoding", "TEMPLATE template0 ENCODING '" + encoding +
                                                  "' LC_COLLATE 'C' LC_CTYPE 'C'");
    Backed backed(
        "odd_encoding",
        "DO $$ BEGIN EXECUTE format('CREATE TABLE %I (%I text)', 'caf' || chr(233), 'n' || "
        "chr(241)); EXECUTE format('INSERT INTO %I VALUES (%L), (%L)', 'caf' || chr(233), "
        "chr(252) || chr(10), chr(255)); END $$");
    const CopyDatabase copy("odd_copy");
    RestoreOptions options = Into(backed.backup(), copy.name());
    options.create = true;
    const RestoreReport report = MustRestore(backed.vault(), options);
    EXPECT_EQ(report.rows, 2U);
    EXPECT_EQ(Sql(copy.name(), "SHOW server_encoding"), encoding);
    ExpectCopy("odd_encoding", copy.name());
  }
}

TEST(Restore, ConvertsTextsForATargetWithAnotherEncoding) {
  const TestDatabase source("convert");
  Backed backed("convert",
                "CREATE TABLE latin AS SELECT U&'caf\\00e9' AS t; "
                "CREATE TABLE wide AS SELECT U&'\\4e2d' AS t");
  const TestDatabase copy("convert_copy",
                          "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
  const auto report = Restore(backed.vault(), Into(backed.backup(), "convert_copy"));
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_THAT(report->plan.warnings, Contains(HasSubstr("encoding LATIN1")));
  EXPECT_EQ(Sql("convert_copy", "SELECT octet_length(t) FROM latin"), "4");
  EXPECT_THAT(report->failed_tables, ElementsAre("public.wide"));
  EXPECT_THAT(report->errors, SizeIs(1));
}

TEST(Restore, ReadsNamesAsTheOldRulesForBackslashesWant) {
  const TestDatabase source("backslash");
  Sql("postgres", "ALTER DATABASE backslash SET standard_conforming_strings TO off");
  Backed backed("backslash", R"(
    CREATE SEQUENCE "back\slash's"; SELECT setval(E'"back\\slash''s"', 77);
    CREATE TABLE "t\" (a int DEFAULT nextval(E'"back\\slash''s"')); INSERT INTO "t\" VALUES (1);
    COMMENT ON TABLE "t\" IS E'a \\ and a '' in it';)");
  const CopyDatabase copy("backslash_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  MustRestore(backed.vault(), options);
  ExpectCopy("backslash", copy.name());
  EXPECT_EQ(Sql(copy.name(), "SELECT last_value FROM \"back\\slash's\""), "77");
}

TEST(Restore, TellsItsPhasesAndCountsBytesAndRows) {
  const TestDatabase source("counts");
  Backed backed("counts",
                "CREATE TABLE t AS SELECT i FROM generate_series(1, 100) i; "
                "CREATE TABLE u AS SELECT 1 AS i; SELECT lo_from_bytea(9, 'nine')");
  const CopyDatabase copy("counts_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  Progress progress;
  std::vector<std::string> phases;
  progress.SetPhaseListener([&](std::string_view phase) { phases.emplace_back(phase); });
  const auto report = RunRestore(backed.vault().repository(), options, progress, {});
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_THAT(phases, ElementsAre("planning", "pre_data", "data", "sequences", "large_objects",
                                  "post_data", "analyze"));
  std::vector<std::string> timed;
  for (const PhaseTime& phase : report->phases) timed.push_back(phase.name);
  EXPECT_EQ(timed, phases);
  EXPECT_EQ(progress.Snapshot().job_bytes, report->plan.text_bytes);
  EXPECT_EQ(report->text_bytes, report->plan.text_bytes);
  EXPECT_EQ(progress.Snapshot().job_rows, 102U) << "a page of a large object is a row too";
}

TEST(Restore, SeveralConnectionsLoadOneBigTable) {
  const TestDatabase source("big");
  Backed backed(
      "big",
      "CREATE TABLE big (i int, t text); ALTER TABLE big ALTER t SET STORAGE PLAIN; "
      "INSERT INTO big SELECT i, repeat(md5(i::text), 60) FROM generate_series(1, 50000) i; "
      "CREATE TABLE small AS SELECT 1 AS one");
  const CopyDatabase copy("big_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  options.jobs = 3;
  const RestoreReport report = MustRestore(backed.vault(), options);
  EXPECT_EQ(report.rows, 50'001U);
  EXPECT_EQ(Sql(copy.name(), "SELECT count(DISTINCT xmin::text) > 1 FROM big"), "t");
  EXPECT_EQ(Sql(copy.name(), "SELECT md5(string_agg(t, '' ORDER BY i)) FROM big"),
            Sql("big", "SELECT md5(string_agg(t, '' ORDER BY i)) FROM big"));
}

TEST(Restore, LoadsConfigurationTablesOfExtensions) {
  // An extension that makes nothing of its own has got tables afterwards; so has the target's,
  // which stands for what CREATE EXTENSION would make.
  const std::string tables = R"(
    CREATE TABLE settings (k text PRIMARY KEY, own bool);
    CREATE TABLE uses (k text REFERENCES settings);
    ALTER EXTENSION plpgsql ADD TABLE settings; ALTER EXTENSION plpgsql ADD TABLE uses;
    UPDATE pg_extension SET extconfig = ARRAY['settings'::regclass::oid, 'uses'::regclass::oid],
      extcondition = ARRAY['WHERE own', ''] WHERE extname = 'plpgsql';)";
  const TestDatabase source("config");
  Backed backed("config", tables + R"(
    INSERT INTO settings VALUES ('theirs', false), ('ours', true);
    INSERT INTO uses VALUES ('ours');)");
  const TestDatabase copy("config_copy");
  Sql("config_copy", tables + "INSERT INTO settings VALUES ('theirs', false)");
  RestoreOptions options = Into(backed.backup(), "config_copy");
  const RestoreReport report = MustRestore(backed.vault(), options);
  EXPECT_TRUE(report.plan.database_empty) << "what belongs to extensions does not count";
  EXPECT_EQ(report.rows, 2U);
  ExpectCopy("config", "config_copy");
  EXPECT_EQ(Sql("config_copy", "SELECT count(*) FROM settings"), "2");
}

TEST(Restore, FillsHolesInLargeObjectsWithZeros) {
  const TestDatabase source("holes");
  Backed backed("holes", R"(
    SELECT lo_create(50); SELECT lo_create(51); SELECT lo_create(52);
    SELECT lo_put(50, 100000, 'end'); SELECT lo_put(50, 5000, '\x00ff5c0a');
    SELECT lo_put(51, 0, repeat('x', 300000)::bytea);
    SELECT lo_create(53); SELECT lo_put(53, 5000, 'cut off');
    SELECT lo_truncate(lo_open(53, 393216), 4096);)");
  EXPECT_EQ(Sql("holes", "SELECT length(data) FROM pg_largeobject WHERE loid = 53"), "0");
  const CopyDatabase copy("holes_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  const RestoreReport report = MustRestore(backed.vault(), options);
  EXPECT_EQ(report.large_objects, 4U);
  ExpectCopy("holes", copy.name());
  EXPECT_EQ(Sql(copy.name(), "SELECT length(lo_get(50)), length(lo_get(52)), length(lo_get(53))"),
            "100003|0|4096");
}

TEST(Restore, ChangesOwnersAndPrivilegesAsAsked) {
  const TestDatabase source("roles");
  Sql("roles", "CREATE ROLE r_old; CREATE ROLE r_new; CREATE ROLE r_reader");
  Backed backed("roles", R"(
    CREATE TABLE t (a int); ALTER TABLE t OWNER TO r_old; GRANT SELECT ON t TO r_reader;
    ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO r_old USING (a > 0);
    ALTER DEFAULT PRIVILEGES FOR ROLE r_old GRANT INSERT ON TABLES TO r_reader;)");
  const std::string owner = "SELECT tableowner FROM pg_tables WHERE tablename = 't'";
  {
    const CopyDatabase copy("roles_copy");
    RestoreOptions options = Into(backed.backup(), copy.name());
    options.create = true;
    options.map_roles = {{.from = "r_old", .to = "r_new"}};
    MustRestore(backed.vault(), options);
    EXPECT_EQ(Sql(copy.name(), owner), "r_new");
    EXPECT_EQ(Sql(copy.name(), "SELECT roles FROM pg_policies"), "{r_new}");
    EXPECT_EQ(Sql(copy.name(), "SELECT has_table_privilege('r_reader', 't', 'SELECT')"), "t");
    EXPECT_EQ(Sql(copy.name(), "SELECT defaclrole::regrole FROM pg_default_acl"), "r_new");
  }
  {
    const CopyDatabase copy("roles_copy");
    RestoreOptions options = Into(backed.backup(), copy.name());
    options.create = true;
    options.owners = false;
    options.privileges = false;
    MustRestore(backed.vault(), options);
    EXPECT_EQ(Sql(copy.name(), owner), "postgres");
    EXPECT_EQ(Sql(copy.name(), "SELECT relacl IS NULL FROM pg_class WHERE relname = 't'"), "t");
  }
  Sql("roles",
      "DROP OWNED BY r_old; DROP OWNED BY r_new, r_reader; DROP ROLE r_old, r_new, r_reader");
}

TEST(Restore, DropsADatabaseOnlyWithCleanAndWithoutOthersInIt) {
  const TestDatabase source("clean");
  Backed backed("clean", "CREATE TABLE t AS SELECT 5 AS five");
  const CopyDatabase copy("clean_copy");
  Sql("postgres", "CREATE DATABASE clean_copy");
  Sql("clean_copy", "CREATE TABLE precious AS SELECT 1 AS one");
  RestoreOptions options = Into(backed.backup(), copy.name());
  const auto refused = Restore(backed.vault(), options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(refused.error().ToString(), HasSubstr("database 'clean_copy' is not empty"));
  options.create = true;
  EXPECT_EQ(Restore(backed.vault(), options).error().code(), ErrorCode::kAlreadyExists);
  options.clean = true;
  {
    const auto params = postgres::ConnectionParams::Parse(
        testing::PostgresCluster::Shared().Conninfo("clean_copy"));
    const auto other = postgres::Connection::Open(*params);
    ASSERT_TRUE(other.ok());
    const auto in_use = Restore(backed.vault(), options);
    ASSERT_FALSE(in_use.ok());
    EXPECT_EQ(in_use.error().code(), ErrorCode::kRefused);
    EXPECT_THAT(in_use.error().ToString(), HasSubstr("others are connected"));
    EXPECT_THAT(in_use.error().ToString(),
                HasSubstr("process " + std::to_string((*other)->backend_pid())));
  }
  EXPECT_EQ(Sql("clean_copy", "SELECT one FROM precious"), "1");
  postgres::WaitUntil(testing::PostgresCluster::Shared(),
                      "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'clean_copy'");
  const RestoreReport report = MustRestore(backed.vault(), options);
  EXPECT_TRUE(report.plan.drops_database);
  EXPECT_GT(report.plan.database_bytes, 1'000'000U);
  ExpectCopy("clean", "clean_copy");
}

TEST(Restore, WorksForARoleWithoutSpecialRights) {
  const TestDatabase source("plain_role");
  Sql("postgres", "CREATE ROLE plain LOGIN CREATEDB");
  Backed backed("plain_role", R"(
    CREATE TABLE a (id serial PRIMARY KEY, t text); INSERT INTO a (t) SELECT 'x' FROM
      generate_series(1, 30); CREATE TABLE b (a int REFERENCES a); INSERT INTO b VALUES (7);
    CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM a; SELECT lo_from_bytea(77, 'seven');)");
  {
    const CopyDatabase copy("plain_copy");
    RestoreOptions options = Into(backed.backup(), copy.name());
    ASSERT_TRUE(options.target.Set("user", "plain").ok());
    options.create = true;
    options.owners = false;
    const RestoreReport report = MustRestore(backed.vault(), options);
    EXPECT_EQ(report.plan.target_user, "plain");
    EXPECT_EQ(SchemaOf(copy.name(), {"--no-owner"}), SchemaOf("plain_role", {"--no-owner"}));
    EXPECT_EQ(DataOf(copy.name(), {"--no-owner"}), DataOf("plain_role", {"--no-owner"}));
    // With the owners of the source it is told what will not work, and then what did not.
    options.owners = true;
    options.clean = true;
    postgres::WaitUntil(testing::PostgresCluster::Shared(),
                        "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'plain_copy'");
    const auto plan = PlanRestore(backed.vault().repository(), options, {});
    ASSERT_TRUE(plan.ok());
    EXPECT_THAT(plan->warnings, Contains(HasSubstr("'plain' is no superuser")));
  }
  Sql("postgres", "DROP ROLE plain");
}

TEST(Restore, MakesDoWithTheConnectionsThatAreLeft) {
  const TestDatabase source("few");
  Backed backed("few",
                "CREATE TABLE a (i int PRIMARY KEY); INSERT INTO a VALUES (1); "
                "CREATE TABLE b AS SELECT 1 AS i; CREATE INDEX ON b (i); CREATE INDEX ON a (i)");
  const testing::PostgresCluster target({.settings = {{"max_connections", "3"},
                                                      {"superuser_reserved_connections", "0"},
                                                      {"max_wal_senders", "0"}}});
  RestoreOptions options = Into(backed.backup(), "copy", target);
  options.create = true;
  options.jobs = 12;
  EXPECT_EQ(MustRestore(backed.vault(), options).tables, 2U);
}

TEST(Restore, SparesTheWalWhereTheServerNeedsNone) {
  const TestDatabase source("minimal");
  Backed backed("minimal", R"(
    CREATE TABLE t AS SELECT i FROM generate_series(1, 500) i; CREATE TYPE mood AS ENUM ('a', 'b');
    CREATE TABLE root (m mood) PARTITION BY HASH (m);
    CREATE TABLE leaf_0 PARTITION OF root FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE leaf_1 PARTITION OF root FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    INSERT INTO root VALUES ('a'), ('b'), ('a');)");
  for (const std::string level : {"minimal", "replica"}) {
    const testing::PostgresCluster target(
        {.settings = {{"wal_level", level}, {"max_wal_senders", "0"}}});
    RestoreOptions options = Into(backed.backup(), "copy", target);
    options.create = true;
    EXPECT_EQ(MustRestore(backed.vault(), options).rows, 503U);
    // A table that was emptied in the transaction that loads it has got a new file.
    EXPECT_EQ(target.Sql("SELECT relfilenode <> oid FROM pg_class WHERE relname = 't'", "copy"),
              level == "minimal" ? "t" : "f");
    EXPECT_EQ(target.Sql("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM root)", "copy"),
              "500|3");
  }
}

TEST(Restore, PlansWithoutChangingAnything) {
  const TestDatabase source("plans");
  Backed backed("plans", R"(
    CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t SELECT i FROM generate_series(1, 9) i;
    CREATE INDEX ON t (b); CREATE VIEW v AS SELECT 1 AS one; CREATE SEQUENCE s;)");
  RestoreOptions options = Into(backed.backup(), "no_such_database");
  auto plan = PlanRestore(backed.vault().repository(), options, {});
  ASSERT_TRUE(plan.ok()) << plan.error().Describe();
  ASSERT_THAT(plan->problems, SizeIs(1));
  EXPECT_EQ(plan->problems[0].code(), ErrorCode::kNotFound);
  options.create = true;
  plan = PlanRestore(backed.vault().repository(), options, {});
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->possible());
  EXPECT_TRUE(plan->creates_database);
  EXPECT_EQ(plan->source, "app");
  EXPECT_EQ(plan->source_database, "plans");
  EXPECT_EQ(plan->tables, 1U);
  EXPECT_EQ(plan->rows, 9U);
  EXPECT_EQ(plan->indexes, 1U);
  EXPECT_EQ(plan->constraints, 1U);
  EXPECT_EQ(plan->views, 1U);
  EXPECT_EQ(plan->sequences, 1U);
  EXPECT_GT(plan->text_bytes, 0U);
  EXPECT_THAT(plan->program, HasSubstr("pg_restore"));
  EXPECT_EQ(Sql("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'no_such_database'"),
            "0");
}

}  // namespace
}  // namespace pgkeep::restore

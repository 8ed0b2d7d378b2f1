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
    EXPECT_EQ(Sql(copy.name(), "SELECT count(*) > 0 FROM pg_stats WHERE schemaname = 'shop' AND "
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
    const CopyDatabase copy("own copy");
    RestoreOptions options = Into(backed.backup(), copy.name());
    options.create = true;
    MustRestore(backed.vault(), options);
    std::vector<std::string> expected = SchemaOf("own", {"--create"});
    for (std::string& line : expected) {
      for (const std::string_view before : {"DATABASE own", "connect own", "Name: own;"}) {
        const size_t at = line.find(before);
        // Not in the texts, which name it too.
        if (at == std::string::npos || (at > 0 && line.substr(0, at).find('\'') < at)) continue;
        const bool plain = before.starts_with("Name");
        const size_t name = line.find("own", at);
        line.replace(name, 3, plain ? "own copy" : "\"own copy\"");
      }
    }
    std::vector<std::string> is = SchemaOf(copy.name(), {"--create"});
    // psql's own way to connect says it in its own way.
    const auto connects = [](const std::string& line) { return line.starts_with("\\connect"); };
    std::erase_if(expected, connects);
    std::erase_if(is, connects);
    const auto titles = [](const std::string& line) { return line.starts_with("-- Name: "); };
    std::erase_if(expected, titles);
    std::erase_if(is, titles);
    EXPECT_EQ(is, expected);
  }
  Sql("postgres", "ALTER DATABASE own OWNER TO postgres; DROP OWNED BY own_user; "
                  "DROP ROLE own_boss; ");
  Sql("own", "SET default_transaction_read_only = off; DROP OWNED BY own_user; DROP ROLE own_user");
}

TEST(Restore, KeepsOtherEncodings) {
  for (const std::string encoding : {"LATIN1", "SQL_ASCII"}) {
    const TestDatabase source("odd_encoding",
                              "TEMPLATE template0 ENCODING '" + encoding +
                                  "' LC_COLLATE 'C' LC_CTYPE 'C'");
    Backed backed("odd_encoding",
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

TEST(Restore, SeveralConnectionsLoadOneBigTable) {
  const TestDatabase source("big");
  Backed backed("big",
                "CREATE TABLE big (i int, t text); ALTER TABLE big ALTER t SET STORAGE PLAIN; "
                "INSERT INTO big SELECT i, repeat(md5(i::text), 60) FROM generate_series(1, 50000) i; "
                "CREATE TABLE small AS SELECT 1 AS one");
  const CopyDatabase copy("big_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  options.jobs = 3;
  const RestoreReport report = MustRestore(backed.vault(), options);
  EXPECT_EQ(report.rows, 50'001U);
  EXPECT_EQ(Sql(copy.name(), "SELECT count(DISTINCT xmin) > 1 FROM big"), "t");
  EXPECT_EQ(Sql(copy.name(), "SELECT md5(string_agg(t, '' ORDER BY i)) FROM big"),
            Sql("big", "SELECT md5(string_agg(t, '' ORDER BY i)) FROM big"));
}

TEST(Restore, LoadsConfigurationTablesOfExtensions) {
  // An extension that makes nothing of its own has got tables afterwards; so has the target's, which
  // stands for what CREATE EXTENSION would make.
  const std::string tables = R"(
    CREATE TABLE settings (k text PRIMARY KEY, own bool);
    CREATE TABLE uses (k text REFERENCES settings);
    ALTER EXTENSION plpgsql ADD TABLE settings; ALTER EXTENSION plpgsql ADD TABLE uses;
    UPDATE pg_extension SET extconfig = ARRAY['settings'::regclass::oid, 'uses'::regclass::oid],
      extcondition = ARRAY['WHERE own', ''] WHERE extname = 'plpgsql';)";
  const TestDatabase source("config");
  Backed backed("config", tables + R"(
    INSERT INTO settings VALUES ('theirs', false), ('ours', true); INSERT INTO uses VALUES ('ours');)");
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
    SELECT lo_put(51, 0, repeat('x', 300000)::bytea);)");
  const CopyDatabase copy("holes_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  const RestoreReport report = MustRestore(backed.vault(), options);
  EXPECT_EQ(report.large_objects, 3U);
  ExpectCopy("holes", copy.name());
  EXPECT_EQ(Sql(copy.name(), "SELECT length(lo_get(50)), length(lo_get(52))"), "100003|0");
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
  Sql("roles", "DROP OWNED BY r_old, r_new, r_reader; DROP ROLE r_old, r_new, r_reader");
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

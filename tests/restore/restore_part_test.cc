// Single tables and schemas come back with all that is theirs, and say what is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "restore/restore.h"
#include "restore_test_kit.h"

namespace pgkeep::restore {
namespace {

using postgres::TestDatabase;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kShop = R"(
  CREATE SCHEMA shop;
  CREATE TYPE shop.mood AS ENUM ('good', 'bad');
  CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TABLE shop.customer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m shop.mood,
    name text, "shop" text, twice int GENERATED ALWAYS AS (id * 2) STORED);
  CREATE TABLE shop."order" (id serial PRIMARY KEY, customer int REFERENCES shop.customer,
    amount int CHECK (amount > 0), note text DEFAULT 'shop.order');
  INSERT INTO shop.customer (m, name) SELECT 'good', 'n' || i FROM generate_series(1, 20) i;
  INSERT INTO shop."order" (customer, amount) SELECT 1 + i % 20, i FROM generate_series(1, 90) i;
  CREATE INDEX by_name ON shop.customer (name);
  CREATE TRIGGER touch BEFORE UPDATE ON shop.customer FOR EACH ROW EXECUTE FUNCTION shop.touch();
  COMMENT ON COLUMN shop.customer.name IS 'who';
  GRANT SELECT ON shop.customer TO PUBLIC;
  CREATE STATISTICS shop.stats ON m, name FROM shop.customer;
)";

// Rows of a table, sorted.
std::string RowsOf(const std::string& database, const std::string& table) {
  return Sql(database, "SELECT string_agg(t::text, chr(10) ORDER BY t::text) FROM " + table + " t");
}

TEST(RestorePart, BringsADroppedTableBack) {
  const TestDatabase source("part");
  Backed backed("part", kShop);
  const std::vector<std::string> schema = SchemaOf("part");
  const std::vector<std::string> data = DataOf("part");
  Sql("part", "DROP TABLE shop.customer CASCADE");
  RestoreOptions options = Into(backed.backup(), "part");
  options.tables = {{"shop", "customer"}};
  const RestoreReport report = MustRestore(backed.vault(), options);
  EXPECT_EQ(report.tables, 1U);
  EXPECT_EQ(report.rows, 20U);
  EXPECT_THAT(report.plan.needed, IsEmpty());
  EXPECT_THAT(report.plan.left_out, ElementsAre(HasSubstr("foreign key of a table that is not")));
  // The foreign key went with the table that it leads to, and belongs to the other.
  Sql("part",
      "ALTER TABLE ONLY shop.\"order\" ADD CONSTRAINT order_customer_fkey FOREIGN KEY "
      "(customer) REFERENCES shop.customer(id)");
  EXPECT_EQ(SchemaOf("part"), schema);
  EXPECT_EQ(DataOf("part"), data);
  // The next number is a new one.
  Sql("part", "INSERT INTO shop.customer (name) VALUES ('new')");
  EXPECT_EQ(Sql("part", "SELECT max(id) FROM shop.customer"), "21");
}

TEST(RestorePart, RefusesWhatIsThere) {
  const TestDatabase source("part_there");
  Backed backed("part_there", kShop);
  RestoreOptions options = Into(backed.backup(), "part_there");
  options.tables = {{"shop", "customer"}};
  const auto refused = Restore(backed.vault(), options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(refused.error().ToString(), HasSubstr("TABLE shop.customer"));
  options.tables = {{"shop", "no such table"}};
  EXPECT_EQ(Restore(backed.vault(), options).error().code(), ErrorCode::kNotFound);
  options.tables = {{"shop", "customer"}};
  options.clean = true;
  EXPECT_EQ(Restore(backed.vault(), options).error().code(), ErrorCode::kInvalidArgument);
}

TEST(RestorePart, MakesWhatTheTableNeedsInAnEmptyDatabase) {
  const TestDatabase source("part_new");
  Backed backed("part_new", kShop);
  const CopyDatabase copy("part_new_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  options.tables = {{"shop", "customer"}};
  const RestoreReport report = MustRestore(backed.vault(), options);
  EXPECT_THAT(report.plan.needed, Contains("TYPE shop.mood"));
  EXPECT_THAT(report.plan.needed, Contains("SCHEMA shop"));
  EXPECT_THAT(report.plan.needed, Contains("FUNCTION shop.touch()"));
  EXPECT_EQ(SchemaOf(copy.name(), {"-t", "shop.customer"}),
            SchemaOf("part_new", {"-t", "shop.customer"}));
  EXPECT_EQ(RowsOf(copy.name(), "shop.customer"), RowsOf("part_new", "shop.customer"));
}

TEST(RestorePart, PutsTablesIntoAnotherSchemaBesideTheirOwn) {
  const TestDatabase source("part_into");
  Backed backed("part_into", kShop);
  const std::vector<std::string> before = SchemaOf("part_into");
  RestoreOptions options = Into(backed.backup(), "part_into");
  options.tables = {{"shop", "customer"}, {"shop", "order"}};
  options.into_schema = "as of \"then\"";
  const RestoreReport report = MustRestore(backed.vault(), options);
  EXPECT_EQ(report.rows, 110U);
  const std::string into = "\"as of \"\"then\"\"\".";
  EXPECT_EQ(RowsOf("part_into", into + "customer"), RowsOf("part_into", "shop.customer"));
  EXPECT_EQ(RowsOf("part_into", into + "\"order\""), RowsOf("part_into", "shop.\"order\""));
  // Everything is there once more, and leads to its own kind; what did not move is still used.
  std::vector<std::string> copied =
      SchemaOf("part_into", {"-n", "\"as of \"\"then\"\"\"", "--no-owner"});
  std::string text;
  for (const std::string& line : copied) text += line + "\n";
  EXPECT_THAT(text, HasSubstr("REFERENCES " + into + "customer(id)"));
  EXPECT_THAT(text, HasSubstr("nextval('" + into + "order_id_seq'::regclass)"));
  EXPECT_THAT(text, HasSubstr("m shop.mood"));
  EXPECT_THAT(text, HasSubstr("DEFAULT 'shop.order'::text"));
  EXPECT_THAT(text, HasSubstr("EXECUTE FUNCTION shop.touch()"));
  EXPECT_THAT(text, HasSubstr("CREATE INDEX by_name ON " + into + "customer"));
  EXPECT_THAT(text, HasSubstr("GRANT SELECT ON TABLE " + into + "customer TO PUBLIC"));
  EXPECT_EQ(Sql("part_into", "SELECT nextval('" + into + "order_id_seq')"), "91");
  EXPECT_EQ(Sql("part_into", "SELECT last_value FROM shop.order_id_seq"), "90");
  Sql("part_into", "DROP SCHEMA \"as of \"\"then\"\"\" CASCADE");
  EXPECT_EQ(SchemaOf("part_into"), before);
}

TEST(RestorePart, RefusesToMoveWhatItCannotTellForCertain) {
  const TestDatabase source("part_view");
  Backed backed("part_view", std::string(kShop) + "CREATE VIEW shop.v AS SELECT 1 AS one;");
  RestoreOptions options = Into(backed.backup(), "part_view");
  options.schemas = {"shop"};
  options.into_schema = "other";
  const auto refused = Restore(backed.vault(), options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(refused.error().ToString(), HasSubstr("cannot be restored into another schema"));
  EXPECT_EQ(Sql("part_view", "SELECT count(*) FROM pg_namespace WHERE nspname = 'other'"), "0");
  options.schemas.clear();
  EXPECT_EQ(Restore(backed.vault(), options).error().code(), ErrorCode::kInvalidArgument);
}

TEST(RestorePart, RestoresASchema) {
  const TestDatabase source("part_schema");
  Backed backed("part_schema", std::string(kShop) +
                                   "CREATE TABLE other AS SELECT 1 AS one; SELECT lo_create(7);"
                                   "CREATE VIEW shop.v AS SELECT name FROM shop.customer;");
  const CopyDatabase copy("part_schema_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.create = true;
  options.schemas = {"shop"};
  const RestoreReport report = MustRestore(backed.vault(), options);
  EXPECT_EQ(report.tables, 2U);
  EXPECT_THAT(report.plan.left_out, Contains(HasSubstr("1 large objects")));
  EXPECT_EQ(SchemaOf(copy.name(), {"-n", "shop"}), SchemaOf("part_schema", {"-n", "shop"}));
  EXPECT_EQ(DataOf(copy.name(), {"-n", "shop"}), DataOf("part_schema", {"-n", "shop"}));
  EXPECT_EQ(Sql(copy.name(), "SELECT to_regclass('public.other') IS NULL"), "t");
}

TEST(RestorePart, LoadsAPartitionByItselfWhereItsRootIsNotRestored) {
  const TestDatabase source("part_leaf");
  Backed backed("part_leaf", R"(
    CREATE TYPE mood AS ENUM ('good', 'bad', 'mixed');
    CREATE TABLE root (m mood, v int) PARTITION BY HASH (m);
    CREATE TABLE leaf_0 PARTITION OF root FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE leaf_1 PARTITION OF root FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    INSERT INTO root
      SELECT (enum_range(NULL::mood))[1 + i % 3], i FROM generate_series(1, 60) i;)");
  const std::string rows = RowsOf("part_leaf", "leaf_0");
  const CopyDatabase copy("part_leaf_copy");
  Sql("postgres", "CREATE DATABASE part_leaf_copy");
  RestoreOptions options = Into(backed.backup(), copy.name());
  options.tables = {{"public", "leaf_0"}};
  const RestoreReport report = MustRestore(backed.vault(), options);
  EXPECT_EQ(report.tables, 1U);
  EXPECT_THAT(report.plan.left_out,
              ElementsAre(HasSubstr("attaches to a partitioned table that is not restored")));
  EXPECT_EQ(RowsOf(copy.name(), "leaf_0"), rows);
}

TEST(RestorePart, JoinsATableToThoseThatAreThere) {
  const TestDatabase source("part_join");
  Backed backed("part_join", std::string(kShop) + R"(
    CREATE TABLE root (k int NOT NULL, v int) PARTITION BY LIST (k);
    CREATE TABLE leaf_1 PARTITION OF root FOR VALUES IN (1);
    CREATE TABLE leaf_2 PARTITION OF root FOR VALUES IN (2);
    ALTER TABLE root ADD PRIMARY KEY (k, v); CREATE INDEX by_v ON root (v);
    INSERT INTO root SELECT 1 + i % 2, i FROM generate_series(1, 60) i;)");
  const std::vector<std::string> schema = SchemaOf("part_join");
  const std::vector<std::string> data = DataOf("part_join");
  for (const unsigned jobs : {1U, 2U}) {
    Sql("part_join", "DROP TABLE shop.\"order\"; DROP TABLE leaf_1");
    RestoreOptions options = Into(backed.backup(), "part_join");
    options.tables = {{"shop", "order"}, {"public", "leaf_1"}};
    options.jobs = jobs;
    const RestoreReport report = MustRestore(backed.vault(), options);
    EXPECT_EQ(report.tables, 2U);
    EXPECT_THAT(report.plan.left_out, IsEmpty());
    std::vector<std::string> now = SchemaOf("part_join");
    EXPECT_EQ(now, schema);
    EXPECT_EQ(DataOf("part_join"), data);
  }
  // A copy beside the original stays by itself.
  RestoreOptions options = Into(backed.backup(), "part_join");
  options.tables = {{"shop", "order"}};
  options.into_schema = "beside";
  EXPECT_THAT(MustRestore(backed.vault(), options).plan.left_out,
              Contains(HasSubstr("foreign key to a table that is not restored")));
}

// What cannot be joined is told: the table is there, but its rows are not what they were.
TEST(RestorePart, ListsAForeignKeyThatDoesNotHoldAnyMore) {
  const TestDatabase source("part_key");
  Backed backed("part_key", kShop);
  Sql("part_key", "DROP TABLE shop.\"order\"; DELETE FROM shop.customer WHERE id = 5");
  RestoreOptions options = Into(backed.backup(), "part_key");
  options.tables = {{"shop", "order"}};
  const auto report = Restore(backed.vault(), options);
  ASSERT_TRUE(report.ok()) << report.error().Describe();
  EXPECT_THAT(report->errors, ElementsAre(HasSubstr("order_customer_fkey")));
  EXPECT_EQ(report->rows, 90U);
}

TEST(RestorePart, MakesTheExtensionsThatIndexesMayUse) {
  const TestDatabase source("part_gist");
  Backed backed("part_gist", R"(
    CREATE EXTENSION btree_gist; CREATE SCHEMA tools; CREATE EXTENSION pg_trgm SCHEMA tools;
    CREATE TABLE booked (room int, during int4range, EXCLUDE USING gist (room WITH =,
      during WITH &&));
    CREATE TABLE words (t text); CREATE INDEX by_t ON words USING gin (t tools.gin_trgm_ops);
    CREATE TABLE plain (a int PRIMARY KEY); CREATE INDEX ON plain (a DESC);
    INSERT INTO booked VALUES (1, '[1,5)'); INSERT INTO words VALUES ('word');)");
  for (const std::string table : {"booked", "words", "plain"}) {
    const CopyDatabase copy("part_gist_copy");
    RestoreOptions options = Into(backed.backup(), copy.name());
    options.create = true;
    options.tables = {{"public", table}};
    const RestoreReport report = MustRestore(backed.vault(), options);
    if (table == "plain") {
      EXPECT_THAT(report.plan.needed, IsEmpty());
      continue;
    }
    EXPECT_THAT(report.plan.needed, Contains(HasSubstr("EXTENSION btree_gist")));
    EXPECT_EQ(SchemaOf(copy.name(), {"-t", "public." + table}),
              SchemaOf("part_gist", {"-t", "public." + table}));
  }
}

}  // namespace
}  // namespace pgkeep::restore

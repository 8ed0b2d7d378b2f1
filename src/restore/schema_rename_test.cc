#include "restore/schema_rename.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pgkeep::restore {
namespace {

using archive::TocEntry;
using ::testing::HasSubstr;

TocEntry Entry(std::string kind, std::string tag, std::string definition = "") {
  TocEntry entry;
  entry.dump_id = 1;
  entry.kind = std::move(kind);
  entry.tag = std::move(tag);
  entry.schema = "shop";
  entry.definition = std::move(definition);
  return entry;
}

std::vector<TocEntry> Moved() {
  return {Entry("TABLE", "order"), Entry("SEQUENCE", "order_id_seq"), Entry("INDEX", "by_day"),
          Entry("CONSTRAINT", "order order_pkey"), Entry("TABLE", "Odd \" one")};
}

SchemaRename MustMake(std::string from = "shop") {
  auto rename = SchemaRename::Make(Moved(), Moved(), std::move(from), "copy of shop", true);
  EXPECT_TRUE(rename.ok()) << rename.error().Describe();
  return *std::move(rename);
}

TEST(SchemaRename, ReplacesOnlyNamesOfWhatMoves) {
  const SchemaRename rename = MustMake();
  const auto is = [&rename](std::string_view before, std::string_view after) {
    EXPECT_EQ(rename.Rewrite(before), after);
  };
  is("CREATE TABLE shop.\"order\" (m shop.mood DEFAULT 'shop.order'::shop.mood);",
     "CREATE TABLE \"copy of shop\".\"order\" (m shop.mood DEFAULT 'shop.order'::shop.mood);");
  is("ALTER TABLE ONLY \"shop\".\"Odd \"\" one\" ADD x int;",
     "ALTER TABLE ONLY \"copy of shop\".\"Odd \"\" one\" ADD x int;");
  is("ALTER INDEX shop.by_day ATTACH PARTITION shop.order_pkey;",
     "ALTER INDEX \"copy of shop\".by_day ATTACH PARTITION \"copy of shop\".order_pkey;");
  is("DEFAULT nextval('shop.order_id_seq'::regclass)",
     "DEFAULT nextval('\"copy of shop\".\"order_id_seq\"'::regclass)");
  is("DEFAULT nextval('shop.other'::regclass)", "DEFAULT nextval('shop.other'::regclass)");
  // Another schema, a column, a comment, a text.
  is("other.shop.order x.shop -- shop.order\n'shop.order' $$shop.order$$",
     "other.shop.order x.shop -- shop.order\n'shop.order' $$shop.order$$");
  is("EXECUTE FUNCTION shop.touch()", "EXECUTE FUNCTION shop.touch()");
}

TEST(SchemaRename, MovesWholeEntries) {
  const SchemaRename rename = MustMake();
  TocEntry value = Entry("SEQUENCE SET", "order_id_seq",
                         "SELECT pg_catalog.setval('shop.order_id_seq', 7, true);\n");
  rename.Apply(value);
  EXPECT_EQ(value.schema, "copy of shop");
  EXPECT_EQ(value.definition,
            "SELECT pg_catalog.setval('\"copy of shop\".\"order_id_seq\"', 7, true);\n");
  TocEntry data = Entry("TABLE DATA", "order");
  data.copy_statement = "COPY shop.\"order\" (id, \"shop\") FROM stdin;\n";
  rename.Apply(data);
  EXPECT_EQ(data.copy_statement, "COPY \"copy of shop\".\"order\" (id, \"shop\") FROM stdin;\n");
}

TEST(SchemaRename, RefusesWhatCannotBeToldForCertain) {
  const auto refusal = [](TocEntry entry, std::string from = "shop") {
    std::vector<TocEntry> moved = Moved();
    moved.push_back(std::move(entry));
    const auto rename = SchemaRename::Make(moved, moved, std::move(from), "copy", true);
    EXPECT_FALSE(rename.ok());
    EXPECT_EQ(rename.error().code(), ErrorCode::kUnsupported);
    return rename.error().message();
  };
  EXPECT_THAT(refusal(Entry("VIEW", "v")),
              HasSubstr("VIEW v cannot be restored into another schema"));
  EXPECT_THAT(refusal(Entry("FUNCTION", "f()")), HasSubstr("FUNCTION f()"));
  EXPECT_THAT(refusal(Entry("POLICY", "order p",
                            "CREATE POLICY p ON shop.order USING ((EXISTS ( SELECT shop.id FROM "
                            "public.o shop)));")),
              HasSubstr("POLICY order p"));
  EXPECT_THAT(refusal(Entry("TRIGGER", "order t", "CREATE TRIGGER t WHEN (old.x)"), "old"),
              HasSubstr("TRIGGER"));
  // A function that stays and has the name of a table that moves.
  std::vector<TocEntry> all = Moved();
  all.push_back(Entry("FUNCTION", "order(integer)"));
  EXPECT_FALSE(SchemaRename::Make(Moved(), all, "shop", "copy", true).ok());
}

}  // namespace
}  // namespace pgkeep::restore

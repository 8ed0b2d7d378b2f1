#include "archive/selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "archive/entry_kind.h"
#include "archive/ownership.h"
#include "archive/toc_reader.h"
#include "archive/toc_test_kit.h"
#include "base/error.h"

namespace pgkeep::archive {
namespace {

// "KIND tag" of entries.
std::set<std::string> Names(const TocIndex& index, const std::vector<int32_t>& ids) {
  std::set<std::string> names;
  for (const int32_t id : ids) names.insert(index.Find(id)->kind + " " + index.Find(id)->tag);
  return names;
}

std::map<std::string, LeftOutReason> LeftOutNames(const TocIndex& index, const Selection& chosen) {
  std::map<std::string, LeftOutReason> names;
  for (const LeftOut& left : chosen.left_out) {
    const TocEntry& entry = *index.Find(left.dump_id);
    names[entry.kind + " " + entry.tag] = left.reason;
  }
  return names;
}

TEST(Select, BringsAllThatBelongsToARealTable) {
  const Toc toc = DecodeToc(RealDirectoryToc()).value();
  const TocIndex index(toc);
  const Selection chosen =
      Select(index, {.tables = {{.schema = "public", .name = "i"}}, .schemas = {}}).value();
  EXPECT_EQ(Names(index, chosen.entries),
            (std::set<std::string>{
                "TABLE i", "COMMENT TABLE i", "ACL COLUMN i.s", "SEQUENCE i_id_seq",
                "SEQUENCE i_s_seq", "SEQUENCE OWNED BY i_s_seq", "DEFAULT i s", "TABLE DATA i",
                "SEQUENCE SET i_id_seq", "SEQUENCE SET i_s_seq", "CONSTRAINT i i_pkey",
                "STATISTICS st", "RULE i ru", "TRIGGER i tr", "COMMENT TRIGGER tr ON i",
                "FK CONSTRAINT i i_r_fkey", "ROW SECURITY i", "POLICY i p"}));
  EXPECT_TRUE(chosen.needed.empty());
  using enum LeftOutReason;
  EXPECT_EQ(LeftOutNames(index, chosen),
            (std::map<std::string, LeftOutReason>{{"TABLE inh", kDependent},
                                                  {"MATERIALIZED VIEW mv", kDependent},
                                                  {"VIEW v", kDependent},
                                                  {"DEFAULT inh s", kDependent},
                                                  {"PUBLICATION TABLE pb i", kPublication}}));
  EXPECT_TRUE(
      std::ranges::is_sorted(chosen.entries, {}, [&](int32_t id) { return index.PositionOf(id); }));
}

TEST(Select, BringsPartitionsWithTheirParent) {
  const Toc toc = DecodeToc(RealDirectoryToc()).value();
  const TocIndex index(toc);
  const Selection parent =
      Select(index, {.tables = {{.schema = "s", .name = "h"}}, .schemas = {}}).value();
  EXPECT_EQ(Names(index, parent.entries),
            (std::set<std::string>{"TABLE h", "TABLE h0", "TABLE h1", "TABLE ATTACH h0",
                                   "TABLE ATTACH h1", "TABLE DATA h0", "TABLE DATA h1",
                                   "INDEX h_v_idx", "INDEX h0_v_idx", "INDEX h1_v_idx",
                                   "INDEX ATTACH h0_v_idx", "INDEX ATTACH h1_v_idx"}));
  EXPECT_EQ(Names(index, parent.needed), (std::set<std::string>{"SCHEMA s", "TYPE mood"}));
  EXPECT_TRUE(parent.left_out.empty());

  const Selection leaf =
      Select(index, {.tables = {{.schema = "s", .name = "h0"}}, .schemas = {}}).value();
  EXPECT_EQ(Names(index, leaf.entries),
            (std::set<std::string>{"TABLE h0", "TABLE DATA h0", "INDEX h0_v_idx"}));
  EXPECT_EQ(Names(index, leaf.needed), (std::set<std::string>{"SCHEMA s", "TYPE mood"}));
  using enum LeftOutReason;
  EXPECT_EQ(LeftOutNames(index, leaf),
            (std::map<std::string, LeftOutReason>{{"TABLE ATTACH h0", kPartitionOfOther},
                                                  {"INDEX ATTACH h0_v_idx", kPartitionOfOther}}));
}

TEST(Select, BringsSchemas) {
  const Toc toc = DecodeToc(RealDirectoryToc()).value();
  const TocIndex index(toc);
  const Selection chosen = Select(index, {.tables = {}, .schemas = {"s"}}).value();
  const auto names = Names(index, chosen.entries);
  EXPECT_TRUE(names.contains("SCHEMA s"));
  EXPECT_TRUE(names.contains("TABLE ATTACH h1"));
  EXPECT_TRUE(names.contains("DEFAULT ACL DEFAULT PRIVILEGES FOR TABLES"));
  EXPECT_FALSE(names.contains("TABLE i"));
  EXPECT_EQ(Names(index, chosen.needed), std::set<std::string>{"TYPE mood"});
  EXPECT_TRUE(chosen.left_out.empty());
}

TEST(Select, FindsNoOtherNames) {
  const Toc toc = DecodeToc(RealDirectoryToc()).value();
  const TocIndex index(toc);
  for (const TableName& name : {TableName{"public", "I"}, {"s", "i"}, {"public", "i_s_seq"}}) {
    EXPECT_EQ(Select(index, {.tables = {name}, .schemas = {}}).error().code(),
              ErrorCode::kNotFound);
  }
  EXPECT_EQ(Select(index, {.tables = {}, .schemas = {"S"}}).error().code(), ErrorCode::kNotFound);
}

// a refers to b; both have comments on their keys.
Toc TwoTables() {
  Toc toc = SmallToc();
  TocEntry key = MakeEntry(30, "CONSTRAINT", "two two_pkey", {2});
  TocEntry foreign = MakeEntry(31, "FK CONSTRAINT", "one one_fkey", {30, 1, 2});
  TocEntry comment = MakeEntry(32, "COMMENT", "CONSTRAINT one_fkey ON one", {31});
  for (TocEntry* entry : {&key, &foreign}) entry->section = Section::kPostData;
  comment.section = Section::kNone;
  toc.entries.insert(toc.entries.end(), {key, foreign, comment});
  return toc;
}

TEST(Select, BringsForeignKeysOnlyWithBothSides) {
  const Toc toc = TwoTables();
  const TocIndex index(toc);
  using enum LeftOutReason;
  const TableName one{.schema = "s", .name = "one"};
  const TableName two{.schema = "s", .name = "two"};
  const Selection referring = Select(index, {.tables = {one}, .schemas = {}}).value();
  EXPECT_EQ(referring.entries, (std::vector<int32_t>{1, 11}));
  ASSERT_EQ(referring.left_out.size(), 1U);
  EXPECT_EQ(referring.left_out[0].reason, kForeignKeyToOther);
  EXPECT_TRUE(referring.needed.empty());
  const Selection referred = Select(index, {.tables = {two}, .schemas = {}}).value();
  EXPECT_EQ(referred.entries, (std::vector<int32_t>{2, 12, 30}));
  ASSERT_EQ(referred.left_out.size(), 1U);
  EXPECT_EQ(referred.left_out[0].reason, kForeignKeyFromOther);
  const Selection both = Select(index, {.tables = {one, two}, .schemas = {}}).value();
  EXPECT_EQ(both.entries, (std::vector<int32_t>{1, 2, 11, 12, 30, 31, 32}));
  EXPECT_TRUE(both.left_out.empty());
  EXPECT_EQ(Select(index, {.tables = {}, .schemas = {"s"}})->entries, both.entries);
}

TEST(Select, LeavesOutWhatASchemaSharesWithOthers) {
  Toc toc = TwoTables();
  for (TocEntry& entry : toc.entries) {
    if (entry.dump_id == 2 || entry.dump_id == 12 || entry.dump_id == 30) entry.schema = "other";
  }
  const Selection chosen = Select(TocIndex(toc), {.tables = {}, .schemas = {"s"}}).value();
  EXPECT_EQ(chosen.entries,
            (std::vector<int32_t>{1, 11}));  // no comment on a key that is not there
  ASSERT_EQ(chosen.left_out.size(), 1U);
  EXPECT_EQ(chosen.left_out[0].dump_id, 31);
}

TEST(Select, LeavesOutTheDataOfExtensions) {
  Toc toc = SmallToc();
  std::erase_if(toc.entries, [](const TocEntry& entry) { return entry.dump_id == 2; });
  const Selection chosen = Select(TocIndex(toc), {.tables = {}, .schemas = {"s"}}).value();
  EXPECT_EQ(chosen.entries, (std::vector<int32_t>{1, 11}));
  ASSERT_EQ(chosen.left_out.size(), 1U);
  EXPECT_EQ(chosen.left_out[0].reason, LeftOutReason::kExtensionData);
}

TEST(Select, FindsWhatIsNeededThroughOthers) {
  Toc toc = SmallToc();
  toc.entries[1].dependencies = {40};
  toc.entries.push_back(MakeEntry(40, "FUNCTION", "f()", {41, 99}));
  toc.entries.push_back(MakeEntry(41, "TYPE", "t", {40}));  // a circle
  const TocIndex index(toc);
  const Selection chosen =
      Select(index, {.tables = {{.schema = "s", .name = "one"}}, .schemas = {}}).value();
  EXPECT_EQ(chosen.needed, (std::vector<int32_t>{40, 41}));
}

TEST(DescribeReason, IsDifferentForEach) {
  std::set<std::string> texts;
  for (int reason = 0; reason <= static_cast<int>(LeftOutReason::kDependent); ++reason) {
    texts.insert(DescribeReason(static_cast<LeftOutReason>(reason)));
  }
  EXPECT_EQ(texts.size(), 6U);
}

TEST(Select, DoesNotGoByTheOrderOfDependencies) {
  Toc toc = SmallToc();  // one is a partition of two
  toc.entries[1].dependencies = {2};
  TocEntry attach = MakeEntry(30, "TABLE ATTACH", "one", {2, 1});
  TocEntry index_of_two = MakeEntry(31, "INDEX", "two_i", {2});
  TocEntry index_of_one = MakeEntry(32, "INDEX", "one_i", {31, 1});
  TocEntry attach_index = MakeEntry(33, "INDEX ATTACH", "one_i", {2, 31, 1, 32});
  toc.entries.insert(toc.entries.end(), {attach, index_of_two, index_of_one, attach_index});
  const TocIndex index(toc);
  const Selection parent =
      Select(index, {.tables = {{.schema = "s", .name = "two"}}, .schemas = {}}).value();
  EXPECT_EQ(parent.entries, (std::vector<int32_t>{1, 2, 11, 12, 30, 31, 32, 33}));
  const Selection leaf =
      Select(index, {.tables = {{.schema = "s", .name = "one"}}, .schemas = {}}).value();
  EXPECT_EQ(leaf.entries, (std::vector<int32_t>{1, 11, 32}));
  EXPECT_TRUE(leaf.needed.empty());
}

TEST(OwnerOf, TellsTablesApartByTagAndDefinition) {
  Toc toc;
  toc.entries.push_back(MakeEntry(1, "TABLE", "a"));
  toc.entries.push_back(MakeEntry(2, "TABLE", "a b"));
  toc.entries.push_back(MakeEntry(3, "FK CONSTRAINT", "a b c", {1, 2}));
  toc.entries.back().definition = "ALTER TABLE ONLY s.\"a b\"\n    ADD CONSTRAINT c ...";
  toc.entries.push_back(MakeEntry(4, "FK CONSTRAINT", "a b c", {2, 1}));
  toc.entries.back().definition = "ALTER TABLE ONLY s.a\n    ADD CONSTRAINT \"b c\" ...";
  toc.entries.push_back(MakeEntry(5, "INDEX", "i", {2, 1}));
  toc.entries.back().definition = "CREATE INDEX i ON ONLY s.a USING btree (f(s.\"a b\"));\n";
  toc.entries.push_back(MakeEntry(6, "POLICY", "a p", {2, 1}));
  toc.entries.push_back(MakeEntry(7, "TRIGGER", "x t", {1}));
  toc.entries.push_back(MakeEntry(8, "STATISTICS", "st", {1, 2}));
  toc.entries.back().definition = "CREATE STATISTICS s.st ON x, y FROM s.\"a b\";\n";
  toc.entries.push_back(MakeEntry(9, "FUNCTION", "f", {1}));
  toc.entries.push_back(MakeEntry(10, "COMMENT", "c", {77, 1}));
  toc.entries.push_back(MakeEntry(11, "MATERIALIZED VIEW", "m"));
  toc.entries.push_back(MakeEntry(12, "MATERIALIZED VIEW DATA", "m", {13, 11, 77}));
  toc.entries.push_back(MakeEntry(13, "MATERIALIZED VIEW DATA", "n", {77}));
  const TocIndex index(toc);
  const std::map<int32_t, std::optional<int32_t>> owners = {{3, 2},  {4, 1},   {5, 1},  {6, 1},
                                                            {7, {}}, {8, 2},   {9, {}}, {10, {}},
                                                            {1, {}}, {12, 11}, {13, {}}};
  for (const auto& [id, owner] : owners) EXPECT_EQ(OwnerOf(index, *index.Find(id)), owner) << id;
}

TEST(Subset, KeepsThePreambleAndTheOrder) {
  const Toc toc = SmallToc();
  const Toc subset = Subset(toc, {12, 2});
  ASSERT_EQ(subset.entries.size(), 3U);
  EXPECT_EQ(subset.entries[0].kind, "ENCODING");
  EXPECT_EQ(subset.entries[1], toc.entries[2]);
  EXPECT_EQ(subset.entries[2], toc.entries[4]);
  EXPECT_EQ(subset.header, toc.header);
}

TEST(FormatUseList, HasOneLineForEachEntry) {
  Toc toc = SmallToc();
  toc.entries[1].tag = "x\n12; y\r";
  EXPECT_EQ(FormatUseList(TocIndex(toc), {11, 1}),
            "11; 0 16001 TABLE DATA s one keeper\n"
            "1; 1259 16001 TABLE s x 12; y  keeper\n");
}

}  // namespace
}  // namespace pgkeep::archive

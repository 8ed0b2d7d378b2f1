#include "archive/contents.h"

#include <gtest/gtest.h>

#include <functional>

#include "archive/entry_kind.h"
#include "archive/sql_scanner.h"
#include "archive/toc_reader.h"
#include "archive/toc_test_kit.h"
#include "base/error.h"

namespace pgkeep::archive {
namespace {

Toc RealToc() { return DecodeToc(RealDirectoryToc()).value(); }

const TableData* FindTable(const std::vector<TableData>& list, std::string_view name) {
  for (const TableData& table : list) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

TEST(ListTableData, DescribesRealTables) {
  const Toc toc = RealToc();
  const TocIndex index(toc);
  const auto list = ListTableData(index).value();
  ASSERT_EQ(list.size(), 8U);
  const TableData& plain = *FindTable(list, "i");
  EXPECT_EQ(plain.table_oid, 16413U);
  EXPECT_EQ(plain.schema, "public");
  EXPECT_EQ(plain.columns, "id, s, r");
  EXPECT_EQ(plain.root, std::nullopt);
  EXPECT_EQ(plain.table_entry, 225);
  EXPECT_EQ(FindTable(list, "we ird")->columns, R"("a)(", "q""x")");
  EXPECT_EQ(FindTable(list, "z")->columns, std::nullopt);   // no columns
  EXPECT_EQ(FindTable(list, "gg")->columns, std::nullopt);  // only generated ones
  const TableData& leaf = *FindTable(list, "h0");
  EXPECT_EQ(leaf.root, "s.h");
  EXPECT_EQ(leaf.schema, "s");
  EXPECT_EQ(leaf.columns, "m, v");
}

TEST(ListTableData, HasNoEntryForTablesThatAnExtensionMakes) {
  Toc toc = SmallToc();
  std::erase_if(toc.entries, [](const TocEntry& entry) { return entry.dump_id == 1; });
  const auto list = ListTableData(TocIndex(toc)).value();
  EXPECT_EQ(FindTable(list, "one")->table_entry, std::nullopt);
  EXPECT_EQ(FindTable(list, "two")->table_entry, 2);
}

TEST(ListTableData, RefusesWhatPgDumpDoesNotWrite) {
  const std::vector<std::pair<const char*, std::function<void(TocEntry&)>>> changes = {
      {"has no data", [](TocEntry& entry) { entry.has_data = false; }},
      {"has no schema", [](TocEntry& entry) { entry.schema.reset(); }},
      {"has no table OID", [](TocEntry& entry) { entry.oid = 0; }},
      {"unknown form",
       [](TocEntry& entry) { entry.copy_statement = "COPY one (a) FROM stdin;\n"; }},
      {"unknown form",
       [](TocEntry& entry) { entry.copy_statement = "COPY s.one (a) FROM PROGRAM 'x';\n"; }},
      {"unknown form",
       [](TocEntry& entry) { entry.copy_statement = "COPY s.one (\"a) FROM stdin;\n"; }},
      {"unknown form",
       [](TocEntry& entry) { entry.copy_statement = "COPY s.one (a, ) FROM stdin;\n"; }},
      {"second of its table", [](TocEntry& entry) { entry.oid = 16'002; }},
  };
  for (const auto& [message, change] : changes) {
    Toc toc = SmallToc();
    for (TocEntry& entry : toc.entries) {
      if (entry.dump_id == 11) change(entry);
    }
    const auto list = ListTableData(TocIndex(toc));
    ASSERT_FALSE(list.ok()) << message;
    EXPECT_EQ(list.error().code(), ErrorCode::kCorruption);
    EXPECT_NE(list.error().message().find(message), std::string::npos) << list.error().message();
  }
}

TEST(ListTableData, DoesNotTakeInserts) {
  Toc toc = SmallToc();
  toc.entries.back().copy_statement.reset();
  EXPECT_EQ(ListTableData(TocIndex(toc)).error().code(), ErrorCode::kUnsupported);
}

TEST(ListSequenceValues, DescribesRealSequences) {
  const Toc toc = RealToc();
  const auto list = ListSequenceValues(TocIndex(toc)).value();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].name, "i_id_seq");
  EXPECT_EQ(list[0].schema, "public");
  EXPECT_EQ(list[0].sequence_entry, 223);
  EXPECT_EQ(list[0].statement, "SELECT pg_catalog.setval('public.i_id_seq', 1, true);\n");
}

TEST(ListLargeObjects, FindsThemInBothForms) {
  const LargeObjects old_form = ListLargeObjects(RealToc()).value();
  EXPECT_EQ(old_form.oids, (std::vector<uint32_t>{16590, 4'000'000'000, 77777}));
  EXPECT_EQ(old_form.data_entries, std::vector<int32_t>{3545});
  Toc toc;
  toc.entries.push_back(MakeEntry(1, "BLOB METADATA", "7..9"));
  toc.entries.back().definition = "7\n9\n";
  toc.entries.push_back(MakeEntry(2, "BLOBS", "7..9", {1}));
  toc.entries.push_back(MakeEntry(3, "BLOB METADATA", "8"));
  toc.entries.back().definition = "8\n";
  toc.entries.push_back(MakeEntry(4, "BLOBS", "8", {3}));
  const LargeObjects groups = ListLargeObjects(toc).value();
  EXPECT_EQ(groups.oids, (std::vector<uint32_t>{7, 9, 8}));
  EXPECT_EQ(groups.data_entries, (std::vector<int32_t>{2, 4}));
  for (const char* bad : {"", "7", "7\n\n", "x\n", "7 9\n", "4294967296\n", "0\n", "7\n7\n"}) {
    toc.entries[0].definition = bad;
    EXPECT_EQ(ListLargeObjects(toc).error().code(), ErrorCode::kCorruption) << bad;
  }
}

TEST(ListMaterializedViewRefreshes, FindsTheRealOne) {
  EXPECT_EQ(ListMaterializedViewRefreshes(RealToc()), std::vector<int32_t>{3539});
}

TEST(KindOf, KnowsTheWords) {
  EXPECT_EQ(KindOf("TABLE"), EntryKind::kTable);
  EXPECT_EQ(KindOf("TABLE DATA"), EntryKind::kTableData);
  EXPECT_EQ(KindOf("ACL"), EntryKind::kAcl);
  EXPECT_EQ(KindOf("VIEW"), EntryKind::kView);
  EXPECT_EQ(KindOf("FUNCTION"), EntryKind::kOther);
  EXPECT_EQ(KindOf("TABLE DAT"), EntryKind::kOther);
  EXPECT_EQ(KindOf(""), EntryKind::kOther);
  for (const TocEntry& entry : RealToc().entries) {
    if (entry.section == Section::kPostData) {
      EXPECT_FALSE(IsTableLike(KindOf(entry)));
    }
  }
}

TEST(EffectiveSections, GiveCommentsTheSectionBeforeThem) {
  Toc toc;
  for (const Section section : {Section::kNone, Section::kPreData, Section::kNone, Section::kData,
                                Section::kPostData, Section::kNone}) {
    toc.entries.push_back(MakeEntry(1, "x", "x"));
    toc.entries.back().section = section;
  }
  using enum Section;
  EXPECT_EQ(EffectiveSections(toc),
            (std::vector<Section>{kPreData, kPreData, kPreData, kData, kPostData, kPostData}));
}

TEST(TocIndex, FindsEntriesAndDependents) {
  Toc toc;
  toc.entries.push_back(MakeEntry(5, "TABLE", "a"));
  toc.entries.push_back(MakeEntry(3, "INDEX", "b", {5, 5, 9}));
  toc.entries.push_back(MakeEntry(4, "INDEX", "c", {3, 5}));
  const TocIndex index(toc);
  EXPECT_EQ(index.Find(3)->tag, "b");
  EXPECT_EQ(index.Find(9), nullptr);
  EXPECT_EQ(index.PositionOf(4), 2U);
  const auto dependents = index.DependentsOf(5);
  EXPECT_EQ(std::vector<uint32_t>(dependents.begin(), dependents.end()),
            (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(index.DependentsOf(9).size(), 1U);
  EXPECT_TRUE(index.DependentsOf(4).empty());
}

TEST(SqlScanner, TakesNamesAsPgDumpPrintsThem) {
  SqlScanner scanner(R"(COPY s_1."od""d".")");
  EXPECT_FALSE(scanner.Skip("ALTER "));
  EXPECT_TRUE(scanner.Skip("COPY "));
  EXPECT_EQ(scanner.Qualified(), (QualifiedName{"s_1", "od\"d"}));
  EXPECT_EQ(scanner.rest(), ".\"");
  for (const char* bad : {"", "1a.b", "A.b", "a", "a.", "a.\"b", "\"a\"\".b", "(a)"}) {
    SqlScanner refused(bad);
    EXPECT_EQ(refused.Qualified(), std::nullopt) << bad;
    EXPECT_EQ(refused.rest(), bad);
  }
}

TEST(SqlScanner, TakesListsOfNames) {
  SqlScanner scanner(R"((a, ")(", "x, y") FROM)");
  EXPECT_EQ(scanner.NameList(), R"(a, ")(", "x, y")");
  EXPECT_EQ(scanner.rest(), " FROM");
  for (const char* bad : {"a", "()", "(a", "(a,b)", "(a, )"}) {
    SqlScanner refused(bad);
    EXPECT_EQ(refused.NameList(), std::nullopt) << bad;
    EXPECT_EQ(refused.rest(), bad);
  }
}

TEST(QuoteName, DoublesQuotes) { EXPECT_EQ(QuoteName("a\"b"), "\"a\"\"b\""); }

}  // namespace
}  // namespace pgkeep::archive

#include "archive/convert.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "archive/contents.h"
#include "archive/toc_encoder.h"
#include "archive/toc_reader.h"
#include "archive/toc_test_kit.h"
#include "base/error.h"

namespace pgkeep::archive {
namespace {

// An archive as pg_dump 17 makes it: two groups of large objects with comments and privileges.
Toc GroupedToc() {
  Toc toc = SmallToc();
  toc.header.version = kVersion16;
  toc.header.compression = Compression::kZstd;
  std::vector<TocEntry> added;
  added.push_back(MakeEntry(200, "BLOB METADATA", "71..73"));
  added.back().definition = "71\n73\n";
  added.back().drop_statement = "-- dummy";
  added.push_back(MakeEntry(201, "COMMENT", "LARGE OBJECT 73", {200}));
  added.back().section = Section::kNone;
  added.push_back(MakeEntry(202, "ACL", "LARGE OBJECTS 71..73", {200}));
  added.back().section = Section::kNone;
  added.back().definition =
      "REVOKE ALL ON LARGE OBJECT 71 FROM keeper;\n"
      "GRANT SELECT ON LARGE OBJECT 71 TO \"a; ON LARGE OBJECT 71\";\n";
  added.push_back(MakeEntry(203, "BLOB METADATA", "4000000000"));
  added.back().definition = "4000000000\n";
  added.back().owner = "other";
  added.push_back(MakeEntry(204, "ACL", "LARGE OBJECT 4000000000", {203}));
  added.back().section = Section::kNone;
  added.back().definition = "GRANT SELECT ON LARGE OBJECT 4000000000 TO PUBLIC;\n";
  for (const auto& [id, tag, group] : {std::tuple{205, "71..73", 200}, {206, "4000000000", 203}}) {
    added.push_back(MakeEntry(id, "BLOBS", tag, {group}));
    added.back().has_data = true;
    added.back().section = Section::kData;
    added.back().definition.reset();
  }
  for (TocEntry& entry : added) {
    if (entry.kind == "BLOB METADATA") entry.section = Section::kData;
    entry.schema.reset();
  }
  toc.entries.insert(toc.entries.end(), added.begin(), added.end());
  for (TocEntry& entry : toc.entries) {
    if (entry.kind == "TABLE") entry.relation_kind = 'r';
  }
  return toc;
}

const TocEntry& Find(const Toc& toc, std::string_view kind, std::string_view tag) {
  const auto found = std::ranges::find_if(
      toc.entries, [&](const TocEntry& entry) { return entry.kind == kind && entry.tag == tag; });
  EXPECT_NE(found, toc.entries.end()) << kind << " " << tag;
  return *found;
}

TEST(ConvertToVersion14, LeavesThatVersionAlone) {
  const Toc toc = DecodeToc(RealDirectoryToc()).value();
  EXPECT_EQ(ConvertToVersion14(toc).value(), toc);
}

TEST(ConvertToVersion14, ChangesNothingButTheVersionOf15) {
  const Toc old_toc = DecodeToc(RealDirectoryToc()).value();
  Toc toc = old_toc;
  toc.header.version = kVersion15;
  EXPECT_EQ(ConvertToVersion14(toc).value(), old_toc);
  toc.header.compression = Compression::kLz4;
  EXPECT_EQ(ConvertToVersion14(toc)->header.compression, Compression::kNone);
}

TEST(ConvertToVersion14, GivesBackTheLargeObjectsOfARealArchive) {
  TocReader reader;
  ASSERT_TRUE(reader.Feed(RealCustomArchive()).ok());
  const Toc old_toc = std::move(reader).Take().value();
  const Toc toc = ConvertToVersion14(DecodeToc(MadeCustomToc16()).value()).value();
  for (const char* tag : {"16590", "4000000000", "77777"}) {
    TocEntry expected = Find(old_toc, "BLOB", tag);
    TocEntry entry = Find(toc, "BLOB", tag);
    expected.dump_id = entry.dump_id;
    EXPECT_EQ(entry, expected);
  }
  EXPECT_EQ(Find(toc, "COMMENT", "LARGE OBJECT 77777").definition,
            Find(old_toc, "COMMENT", "LARGE OBJECT 77777").definition);
  EXPECT_EQ(Find(toc, "ACL", "LARGE OBJECT 77777").definition,
            Find(old_toc, "ACL", "LARGE OBJECT 77777").definition);
  EXPECT_EQ(Find(toc, "BLOBS", "BLOBS"), Find(old_toc, "BLOBS", "BLOBS"));
}

TEST(ConvertToVersion14, TakesGroupsOfLargeObjectsApart) {
  const Toc toc = ConvertToVersion14(GroupedToc()).value();
  ASSERT_TRUE(EncodeToc(toc).ok());
  const LargeObjects objects = ListLargeObjects(toc).value();
  EXPECT_EQ(objects.oids, (std::vector<uint32_t>{71, 73, 4'000'000'000}));
  ASSERT_EQ(objects.data_entries, std::vector<int32_t>{205});
  const TocEntry& data = Find(toc, "BLOBS", "BLOBS");
  EXPECT_TRUE(data.dependencies.empty());
  EXPECT_TRUE(data.has_data);

  const TocEntry& object = Find(toc, "BLOB", "73");
  EXPECT_EQ(object.definition, "SELECT pg_catalog.lo_create('73');\n");
  EXPECT_EQ(object.drop_statement, "SELECT pg_catalog.lo_unlink('73');\n");
  EXPECT_EQ(object.owner, "keeper");
  EXPECT_EQ(object.section, Section::kPreData);
  EXPECT_EQ(object.catalog_oid, 2613U);
  EXPECT_GT(object.dump_id, 206);
  EXPECT_EQ(Find(toc, "BLOB", "4000000000").owner, "other");
  EXPECT_EQ(Find(toc, "COMMENT", "LARGE OBJECT 73").dependencies,
            std::vector<int32_t>{object.dump_id});
}

TEST(ConvertToVersion14, WritesOutThePrivilegesOfAGroup) {
  const Toc toc = ConvertToVersion14(GroupedToc()).value();
  const TocEntry& acl = Find(toc, "ACL", "LARGE OBJECT 73");
  EXPECT_EQ(acl.definition,
            "REVOKE ALL ON LARGE OBJECT 73 FROM keeper;\n"
            "GRANT SELECT ON LARGE OBJECT 73 TO \"a; ON LARGE OBJECT 71\";\n");
  EXPECT_EQ(acl.dependencies, std::vector<int32_t>{Find(toc, "BLOB", "73").dump_id});
  EXPECT_EQ(Find(toc, "ACL", "LARGE OBJECT 4000000000").definition,
            "GRANT SELECT ON LARGE OBJECT 4000000000 TO PUBLIC;\n");
}

TEST(ConvertToVersion14, KeepsTheOrderOfSections) {
  const Toc toc = ConvertToVersion14(GroupedToc()).value();
  Section last = Section::kPreData;
  for (const TocEntry& entry : toc.entries) {
    if (entry.section == Section::kNone) {
      EXPECT_EQ(last, Section::kPreData) << entry.tag;
      continue;
    }
    EXPECT_GE(entry.section, last) << entry.kind;
    last = entry.section;
  }
  EXPECT_EQ(last, Section::kData);
}

TEST(ConvertToVersion14, RefusesGroupsOfAnotherForm) {
  for (const char* definition :
       {"", "GRANT SELECT ON TABLE x TO PUBLIC;\n", "GRANT SELECT ON LARGE OBJECT 71 TO a",
        "GRANT SELECT ON LARGE OBJECT 71", "GRANT ON LARGE OBJECT 71 TO a; REVOKE"}) {
    Toc toc = GroupedToc();
    for (TocEntry& entry : toc.entries) {
      if (entry.dump_id == 202) entry.definition = definition;
    }
    EXPECT_EQ(ConvertToVersion14(toc).error().code(), ErrorCode::kCorruption) << definition;
  }
  Toc toc = GroupedToc();
  for (TocEntry& entry : toc.entries) {
    if (entry.dump_id == 201) entry.tag = "LARGE OBJECT 72";
  }
  EXPECT_EQ(ConvertToVersion14(toc).error().code(), ErrorCode::kCorruption);
  toc = GroupedToc();
  std::ranges::reverse(toc.entries);
  EXPECT_EQ(ConvertToVersion14(toc).error().code(), ErrorCode::kCorruption);
}

TEST(ConvertToVersion14, SaysTheAccessMethodOfAPartitionedTableInSql) {
  Toc toc = GroupedToc();
  for (TocEntry& entry : toc.entries) {
    if (entry.kind != "TABLE") continue;
    entry.definition = "CREATE TABLE;\n";
    entry.access_method = "my\"am";
    if (entry.tag == "two") entry.relation_kind = 'p';
  }
  toc = ConvertToVersion14(toc).value();
  const TocEntry& plain = Find(toc, "TABLE", "one");
  EXPECT_EQ(plain.access_method, "my\"am");
  EXPECT_EQ(plain.definition, "CREATE TABLE;\n");
  EXPECT_EQ(plain.relation_kind, 0);
  const TocEntry& partitioned = Find(toc, "TABLE", "two");
  EXPECT_EQ(partitioned.access_method, std::nullopt);
  EXPECT_EQ(partitioned.definition,
            "CREATE TABLE;\n\nALTER TABLE \"s\".\"two\" SET ACCESS METHOD \"my\"\"am\";\n");
}

}  // namespace
}  // namespace pgkeep::archive

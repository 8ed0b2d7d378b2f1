#include "backup/row_cutter.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "backup/table_reader.h"
#include "repository/backup_reader.h"
#include "repository/data_test_kit.h"

namespace pgkeep::backup {
namespace {

using repository::BackupWriter;
using repository::TestTree;

PlacedRow Row(uint64_t block, uint32_t offset, std::string_view text) {
  return {.place = {.block = block, .offset = offset}, .rest = AsBytes(text)};
}

// A backup with one stream, of which the test writes one range.
class OneStream {
 public:
  OneStream() {
    repository_ = vault_.Open();
    writer_ = *BackupWriter::Begin(*repository_, {.source = "app"}, repository::InlineOptions());
    subtree_ = *writer_->OpenSubtree({.name = "d"});
    stream_ = *subtree_->OpenStream({.name = "t"});
  }

  std::unique_ptr<repository::RangeWriter> Range(uint64_t first) {
    return *stream_->OpenRange(first);
  }

  // Commits and reads the units.
  std::vector<std::string> Units() {
    EXPECT_TRUE(stream_->Finish().ok());
    EXPECT_TRUE(subtree_->Finish().ok());
    const auto receipt = writer_->Commit({});
    EXPECT_TRUE(receipt.ok());
    const TestTree tree = *repository::ReadTree(*repository_, receipt->backup);
    std::vector<std::string> units;
    for (const Bytes& unit : tree.at("d").at("t").units) units.emplace_back(AsText(unit));
    return units;
  }

  BackupWriter& writer() { return *writer_; }
  repository::SubtreeWriter& subtree() { return *subtree_; }
  void DropStream() { stream_.reset(); }

 private:
  repository::TestVault vault_;
  std::unique_ptr<repository::Repository> repository_;
  std::unique_ptr<BackupWriter> writer_;
  std::unique_ptr<repository::SubtreeWriter> subtree_;
  std::unique_ptr<repository::StreamWriter> stream_;
};

TEST(TakeCtid, SplitsRows) {
  const std::string row = "(12,3)\tab\tc\n";
  const auto placed = TakeCtid(AsBytes(row));
  ASSERT_TRUE(placed.ok());
  EXPECT_EQ(placed->place, (RowPlace{.block = 12, .offset = 3}));
  EXPECT_EQ(AsText(placed->rest), "ab\tc\n");
}

TEST(TakeCtid, LeavesTheLineFeedOfARowWithoutColumns) {
  const std::string row = "(4294967295,65535)\n";
  const auto placed = TakeCtid(AsBytes(row));
  ASSERT_TRUE(placed.ok());
  EXPECT_EQ(placed->place.block, 4294967295U);
  EXPECT_EQ(AsText(placed->rest), "\n");
}

TEST(TakeCtid, RefusesEverythingElse) {
  for (const char* row : {"", "(1,2)", "(1,2)x\n", "1,2\t", "(1 ,2)\ta\n", "(-1,2)\ta\n",
                          "(4294967296,1)\ta\n", "(1,65536)\ta\n", "\\N\ta\n"}) {
    const auto placed = TakeCtid(AsBytes(std::string_view(row)));
    ASSERT_FALSE(placed.ok()) << row;
    EXPECT_EQ(placed.error().code(), ErrorCode::kProtocol);
  }
}

TEST(BlockCutter, UnitIsBlockAndEmptyBlocksAreHoles) {
  OneStream stream;
  {
    UnitOutput output(stream.Range(0));
    BlockCutter cutter(output, 0, std::nullopt);
    ASSERT_TRUE(cutter.Add(Row(1, 1, "a\n")).ok());
    ASSERT_TRUE(cutter.Add(Row(1, 4, "b\n")).ok());
    ASSERT_TRUE(cutter.Add(Row(4, 2, "c\n")).ok());
    ASSERT_TRUE(cutter.Finish().ok());
    ASSERT_TRUE(output.Close().ok());
  }
  EXPECT_EQ(stream.Units(), (std::vector<std::string>{"", "a\nb\n", "", "", "c\n"}));
}

TEST(BlockCutter, FillsARangeToItsEnd) {
  OneStream stream;
  {
    UnitOutput output(stream.Range(0));
    BlockCutter cutter(output, 0, 16'384);
    ASSERT_TRUE(cutter.Add(Row(2, 1, "a\n")).ok());
    ASSERT_TRUE(cutter.Finish().ok());
    ASSERT_TRUE(output.Close().ok());
  }
  {
    UnitOutput output(stream.Range(16'384));
    BlockCutter cutter(output, 16'384, std::nullopt);
    ASSERT_TRUE(cutter.Add(Row(16'385, 1, "b\n")).ok());
    ASSERT_TRUE(cutter.Finish().ok());
    ASSERT_TRUE(output.Close().ok());
  }
  const std::vector<std::string> units = stream.Units();
  ASSERT_EQ(units.size(), 16'386U);
  EXPECT_EQ(units[2], "a\n");
  EXPECT_EQ(units[16'385], "b\n");
}

TEST(BlockCutter, RefusesRowsThatAreNotInOrderOrNotInTheRange) {
  const auto fails = [](uint64_t first, std::optional<uint64_t> end,
                        const std::vector<RowPlace>& places) {
    OneStream stream;
    UnitOutput output(stream.Range(first));
    BlockCutter cutter(output, first, end);
    for (size_t i = 0; i + 1 < places.size(); ++i) {
      EXPECT_TRUE(cutter.Add(Row(places[i].block, places[i].offset, "x\n")).ok());
    }
    const Status last = cutter.Add(Row(places.back().block, places.back().offset, "x\n"));
    return !last.ok() && last.error().code() == ErrorCode::kProtocol;
  };
  EXPECT_TRUE(fails(0, std::nullopt, {{1, 2}, {1, 2}}));
  EXPECT_TRUE(fails(0, std::nullopt, {{1, 2}, {1, 1}}));
  EXPECT_TRUE(fails(0, std::nullopt, {{2, 1}, {1, 9}}));
  EXPECT_TRUE(fails(0, 16'384, {{16'384, 1}}));
  EXPECT_TRUE(fails(16'384, std::nullopt, {{16'383, 1}}));
}

TEST(SizeCutter, EndsAUnitWithTheRowThatFillsIt) {
  OneStream stream;
  const std::string row(40'000, 'r');
  {
    UnitOutput output(stream.Range(0));
    SizeCutter cutter(output);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(cutter.Add(AsBytes(row)).ok());
    ASSERT_TRUE(cutter.Finish().ok());
    ASSERT_TRUE(output.Close().ok());
  }
  EXPECT_EQ(stream.Units(), (std::vector<std::string>{row + row, row}));
}

// A table that fails in the middle of a large row must not take the other databases with it.
TEST(UnitOutput, GivesUpWithoutFailingTheBackup) {
  OneStream stream;
  {
    UnitOutput output(stream.Range(0));
    BlockCutter cutter(output, 0, std::nullopt);
    ASSERT_TRUE(cutter.Add(Row(3, 1, std::string(3'000'000, 'x'))).ok());
  }
  stream.DropStream();
  EXPECT_TRUE(stream.writer().CheckStatus().ok());
  EXPECT_TRUE(stream.subtree().Finish().ok());
  EXPECT_TRUE(stream.writer().Commit({}).ok());
}

TEST(CopyStatement, NamesColumnsAndBlocks) {
  TableInfo table;
  table.schema = "a\"b";
  table.name = "t";
  table.access_method = "heap";
  table.columns = {"id", "Odd"};
  EXPECT_EQ(CopyStatement(table, {}),
            "COPY (SELECT ctid, \"id\", \"Odd\" FROM ONLY \"a\"\"b\".\"t\") TO STDOUT");
  EXPECT_EQ(CopyStatement(table, {.table = 0, .first_block = 5, .end_block = 9, .disk_bytes = 0}),
            "COPY (SELECT ctid, \"id\", \"Odd\" FROM ONLY \"a\"\"b\".\"t\" WHERE ctid >= "
            "'(5,0)'::pg_catalog.tid AND ctid < '(9,0)'::pg_catalog.tid) TO STDOUT");
  table.columns.clear();
  EXPECT_EQ(CopyStatement(table, {.table = 0, .first_block = 0, .end_block = 9, .disk_bytes = 0}),
            "COPY (SELECT ctid FROM ONLY \"a\"\"b\".\"t\" WHERE ctid < '(9,0)'::pg_catalog.tid) TO "
            "STDOUT");
}

TEST(CopyStatement, LeavesOutTheCtidWhereThereAreNoBlocks) {
  TableInfo table;
  table.schema = "s";
  table.name = "t";
  table.access_method = "columnar";
  EXPECT_EQ(CopyStatement(table, {}), "COPY (SELECT  FROM ONLY \"s\".\"t\") TO STDOUT");
  table.columns = {"id"};
  table.condition = "WHERE own";
  EXPECT_EQ(CopyStatement(table, {}), "COPY (SELECT \"id\" FROM \"s\".\"t\" WHERE own) TO STDOUT");
}

}  // namespace
}  // namespace pgkeep::backup

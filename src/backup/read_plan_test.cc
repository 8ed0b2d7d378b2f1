#include "backup/read_plan.h"

#include <gtest/gtest.h>

#include <set>

namespace pgkeep::backup {
namespace {

constexpr uint64_t kLeaf = 16'384;

TableInfo Heap(uint32_t oid, uint64_t blocks) {
  TableInfo table;
  table.oid = oid;
  table.access_method = "heap";
  table.blocks = blocks;
  table.bytes = blocks * 8192;
  return table;
}

TEST(ReadPlan, ReadsEveryTableOnceLargestFirst) {
  std::vector<TableInfo> tables = {Heap(1, 10), Heap(2, 1000), Heap(3, 100)};
  tables.push_back(Heap(4, 0));
  tables.back().kind = 'p';
  const ReadPlan plan = MakeReadPlan(tables, 2, ReadMode::kGentle, 150'000);
  ASSERT_EQ(plan.shared.size(), 3U);
  EXPECT_EQ(plan.shared[0].table, 1U);
  EXPECT_EQ(plan.shared[1].table, 2U);
  EXPECT_EQ(plan.shared[2].table, 0U);
  for (const ReadTask& task : plan.shared) EXPECT_EQ(task.end_block, std::nullopt);
  EXPECT_EQ(plan.locks[0].size(), 3U);
  EXPECT_EQ(plan.locks[1].size(), 3U);
}

TEST(ReadPlan, RangesCoverTheTableAndTheLastIsOpen) {
  const std::vector<TableInfo> tables = {Heap(1, kLeaf * 100 + 5)};
  const ReadPlan plan = MakeReadPlan(tables, 2, ReadMode::kParallel, 150'000);
  std::set<uint64_t> firsts;
  uint64_t open = 0;
  for (const ReadTask& task : plan.shared) {
    EXPECT_EQ(task.first_block % kLeaf, 0U);
    EXPECT_TRUE(firsts.insert(task.first_block).second);
    if (!task.end_block) {
      ++open;
      EXPECT_EQ(task.first_block, *firsts.rbegin());
    }
  }
  EXPECT_EQ(open, 1U);
  EXPECT_GT(plan.shared.size(), 2U);
  EXPECT_LE(plan.shared.size(), 8U);
  for (const ReadTask& task : plan.shared) {
    if (task.end_block) {
      EXPECT_TRUE(firsts.contains(*task.end_block));
    }
  }
}

TEST(ReadPlan, CutsNothingForOldServersOneWorkerOrSmallTables) {
  const std::vector<TableInfo> large = {Heap(1, kLeaf * 3)};
  EXPECT_EQ(MakeReadPlan(large, 2, ReadMode::kParallel, 130'000).shared.size(), 1U);
  EXPECT_EQ(MakeReadPlan(large, 1, ReadMode::kParallel, 150'000).shared.size(), 1U);
  const std::vector<TableInfo> small = {Heap(1, kLeaf)};
  EXPECT_EQ(MakeReadPlan(small, 2, ReadMode::kParallel, 150'000).shared.size(), 1U);
  std::vector<TableInfo> columnar = {Heap(1, kLeaf * 3)};
  columnar[0].access_method = "columnar";
  EXPECT_EQ(MakeReadPlan(columnar, 2, ReadMode::kParallel, 150'000).shared.size(), 1U);
}

TEST(ReadPlan, DealsOutManySmallTablesSoThatEachIsLockedByWhoReadsIt) {
  std::vector<TableInfo> tables;
  for (uint32_t i = 0; i < kSharedTablesMax + 1000; ++i) tables.push_back(Heap(i + 1, 1));
  const ReadPlan plan = MakeReadPlan(tables, 3, ReadMode::kGentle, 150'000);
  EXPECT_EQ(plan.shared.size(), kSharedTablesMax);
  std::set<size_t> seen;
  for (size_t worker = 0; worker < 3; ++worker) {
    const std::set<size_t> locked(plan.locks[worker].begin(), plan.locks[worker].end());
    for (const ReadTask& task : plan.own[worker]) {
      EXPECT_TRUE(seen.insert(task.table).second);
      EXPECT_TRUE(locked.contains(task.table));
    }
    EXPECT_GT(plan.own[worker].size(), 300U);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

}  // namespace
}  // namespace pgkeep::backup

// How many requests a backup costs, counted at the store.
#include <gtest/gtest.h>

#include <string>

#include "repository/data_test_kit.h"
#include "storage/counting_store.h"
#include "testing/temporary_directory.h"

namespace pgkeep::repository {
namespace {

using storage::StoreOperation;

class BackupBudget : public ::testing::Test {
 protected:
  storage::StoreCounts CountsOf(const TestTree& tree) {
    storage::CountingStore counting(vault_.own_store);
    const auto repository = vault_.Open(false, state_.path(), &counting);
    counting.Reset();
    const auto written = WriteTree(*repository, tree);
    EXPECT_TRUE(written.ok());
    return counting.Counts();
  }

  static uint64_t Creates(const storage::StoreCounts& counts, std::string_view key_class) {
    return counts.Of(StoreOperation::kCreateIfAbsent, key_class).calls;
  }

  TestVault vault_;
  testing::TemporaryDirectory state_;
};

TEST_F(BackupBudget, AFirstBackupIsOnePutPerPackAndSixControlObjects) {
  TestTree tree;
  tree["db"]["t"] = TestPages(1, 2'000);  // 16 MiB, half of it incompressible: one pack
  const storage::StoreCounts counts = CountsOf(tree);
  EXPECT_EQ(Creates(counts, "p"), 1U);
  EXPECT_EQ(Creates(counts, "m"), 2U) << "nodes, and fingerprints";
  for (const char* name : {"pin", "ses", "man", "ref", "dec"}) EXPECT_EQ(Creates(counts, name), 1U);
  EXPECT_EQ(counts.Of(StoreOperation::kCreateIfAbsent).calls, 1U + 2U + 5U);
  EXPECT_EQ(counts.Of(StoreOperation::kDelete).calls, 0U);
  EXPECT_EQ(counts.Of(StoreOperation::kPut).calls, 0U);
  const uint64_t written = counts.Of(StoreOperation::kCreateIfAbsent).bytes_written;
  EXPECT_LT(written, 9U << 20);
}

TEST_F(BackupBudget, AnUnchangedBackupWritesFiveSmallObjectsAndReadsNoData) {
  TestTree tree;
  tree["db"]["t"] = TestPages(1, 2'000);
  CountsOf(tree);
  const storage::StoreCounts counts = CountsOf(tree);
  EXPECT_EQ(counts.Of(StoreOperation::kCreateIfAbsent).calls, 5U);
  EXPECT_LT(counts.Of(StoreOperation::kCreateIfAbsent).bytes_written, 8'192U);
  EXPECT_EQ(counts.Of(StoreOperation::kGetRange, "p").calls, 0U);
  EXPECT_EQ(counts.Of(StoreOperation::kGet, "p").calls, 0U);
}

}  // namespace
}  // namespace pgkeep::repository

// What reading costs after many increments whose changes are scattered over a stream.
#include <gtest/gtest.h>

#include "repository/data_test_kit.h"
#include "repository/object_names.h"
#include "storage/counting_store.h"

namespace pgkeep::repository {
namespace {

TEST(ScatteredReading, ReadsNoFrameAgainAndAgain) {
  constexpr int kIncrements = 40;
  TestVault vault;
  const auto repository = vault.Open();
  TestTree tree;
  TestStream& stream = tree["db"]["t"];
  stream = TestPages(1, 16'384, 4096);  // one whole leaf of 64 MiB
  auto newest = WriteTree(*repository, tree);
  for (int i = 0; i < kIncrements; ++i) {
    for (Bytes& unit : stream.units) {
      if (vault.random.Next() % 25 == 0) unit[0] ^= static_cast<uint8_t>(1 + i);
    }
    newest = WriteTree(*repository, tree);
    ASSERT_TRUE(newest.ok()) << newest.error().Describe();
  }
  uint64_t packs = 0;
  uint64_t pack_bytes = 0;
  for (const std::string& key : vault.own_store.Keys()) {
    if (!key.starts_with(kDataPackPrefix)) continue;
    ++packs;
    pack_bytes += vault.own_store.Head(key)->size;
  }
  ASSERT_GE(packs, static_cast<uint64_t>(kIncrements));

  storage::CountingStore counting(vault.own_store);
  const auto read = ReadTree(*vault.Open(false, "", &counting), newest->id);
  ASSERT_TRUE(read.ok()) << read.error().Describe();
  EXPECT_EQ(*read, tree);
  // Each pack's head, and its frames once, or twice where two windows need them.
  const storage::OperationCount cost =
      counting.Counts().Of(storage::StoreOperation::kGetRange, "p");
  EXPECT_LE(cost.calls, 4 * packs);
  EXPECT_LE(cost.bytes_read, 2 * pack_bytes);
}

}  // namespace
}  // namespace pgkeep::repository

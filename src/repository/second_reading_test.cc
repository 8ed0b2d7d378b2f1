// Bytes that change once on their way from the store are read again; those that are wrong where
// they lie stay an error.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "repository/data_test_kit.h"
#include "repository/object_names.h"
#include "storage/store_operation.h"
#include "testing/faulty_store.h"

namespace pgkeep::repository {
namespace {

using testing::FaultAction;
using testing::FaultRule;

class SecondReading : public ::testing::Test {
 protected:
  void SetUp() override {
    tree_["db"]["pages"] = TestPages(1, 600, 4096);
    const auto written = WriteTree(*vault_.Open(), tree_);
    ASSERT_TRUE(written.ok()) << written.error().Describe();
    id_ = written->id;
  }

  // Reads everything, while the byte `offset` of the pack below `prefix` is wrong in `times` of its
  // readings from the `nth` on. Returns whether the tree came back.
  bool ReadWithFlips(std::string_view prefix, uint64_t offset, uint64_t nth, uint64_t times) {
    testing::FaultyStore faulty(*vault_.store, vault_.clock);
    const auto repository = vault_.Open(false, "", &faulty);
    const size_t rule = faulty.AddRule({.action = FaultAction::kFlipRead,
                                        .operation = storage::StoreOperation::kGetRange,
                                        .key_contains = std::string(prefix),
                                        .nth = nth,
                                        .times = times,
                                        .offset = offset});
    const auto read = ReadTree(*repository, id_);
    EXPECT_GE(faulty.fired(rule), std::min<uint64_t>(times, 2)) << prefix << offset;
    if (read.ok()) {
      EXPECT_EQ(*read, tree_) << prefix << offset;
    } else {
      EXPECT_EQ(read.error().code(), ErrorCode::kCorruption) << read.error().Describe();
    }
    return read.ok();
  }

  TestVault vault_;
  TestTree tree_;
  BackupId id_;
};

// Data packs are asked for their frames first, and then for their heads.
TEST_F(SecondReading, HealsWhatChangedOnItsWay) {
  EXPECT_TRUE(ReadWithFlips(kDataPackPrefix, 150, 1, 1));
  EXPECT_TRUE(ReadWithFlips(kDataPackPrefix, 60, 2, 1));
  EXPECT_TRUE(ReadWithFlips(kMetaPackPrefix, 150, 1, 1));
  EXPECT_TRUE(ReadWithFlips(kMetaPackPrefix, 60, 1, 1));
}

TEST_F(SecondReading, DamageThatStaysIsAnError) {
  constexpr uint64_t kAlways = 1000;
  for (const std::string_view prefix : {kDataPackPrefix, kMetaPackPrefix}) {
    for (const uint64_t offset : {60U, 150U}) {
      EXPECT_FALSE(ReadWithFlips(prefix, offset, 1, kAlways)) << prefix << offset;
    }
  }
}

}  // namespace
}  // namespace pgkeep::repository

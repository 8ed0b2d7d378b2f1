#include "cli/bucket_check.h"

#include <gtest/gtest.h>

namespace pgkeep::cli {
namespace {

using storage::BucketLock;
using storage::LockMode;

CheckLine Report(const BucketProtection& protection) {
  CheckList list;
  ReportOverwriting(protection, list);
  EXPECT_EQ(list.lines().size(), 1U);
  return list.lines().front();
}

constexpr BucketLock kLocked = {.enabled = true, .mode = LockMode::kGovernance, .days = 30};

TEST(BucketCheck, WarnsOfOverwritingThatNothingUndoes) {
  const CheckLine line = Report({.amazon = false});
  EXPECT_EQ(line.state, CheckState::kWarning);
  EXPECT_NE(line.text.find("nothing keeps what was there"), std::string::npos) << line.text;
  EXPECT_NE(line.mend.find("Object Lock"), std::string::npos) << line.mend;
}

// A bucket with Object Lock that locks nothing by itself is one with versions only.
TEST(BucketCheck, WarnsOfOverwritingThatOnlyVersionsUndo) {
  const CheckLine line =
      Report({.amazon = false, .versioned = true, .lock = BucketLock{.enabled = true}});
  EXPECT_EQ(line.state, CheckState::kWarning);
  EXPECT_NE(line.text.find("older versions stay until"), std::string::npos) << line.text;
}

TEST(BucketCheck, IsContentWithLocksWhereNoPolicyForbidsOverwriting) {
  const CheckLine line = Report({.amazon = false, .versioned = true, .lock = kLocked});
  EXPECT_EQ(line.state, CheckState::kGood);
  EXPECT_NE(line.text.find("locked for 30 days"), std::string::npos) << line.text;
}

TEST(BucketCheck, NamesThePolicyWhereOneForbidsOverwriting) {
  const CheckLine line = Report({.amazon = true, .versioned = true, .lock = kLocked});
  EXPECT_EQ(line.state, CheckState::kWarning);
  EXPECT_NE(line.mend.find("pgkeep storage policy bucket"), std::string::npos) << line.mend;
}

}  // namespace
}  // namespace pgkeep::cli

#include "storage/overwrite_trial.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "storage/counting_store.h"
#include "storage/unconditional_store.h"
#include "testing/fake_clock.h"
#include "testing/faulty_store.h"
#include "testing/memory_store.h"

namespace pgkeep::storage {
namespace {

using testing::FakeClock;
using testing::FaultyStore;
using testing::MemoryStore;

class OverwriteTrialTest : public ::testing::Test {
 protected:
  // From now on.
  void Refuse(StoreOperation operation, ErrorCode code = ErrorCode::kPermission) {
    store_.AddRule({.operation = operation, .times = 1000, .code = code});
  }

  static std::string Outcome(ObjectStore& store) {
    const Result<bool> refuses = RefusesToOverwrite(store);
    if (!refuses.ok()) return std::string(CodeName(refuses.error().code()));
    return *refuses ? "refuses" : "overwrites";
  }

  size_t Objects() { return memory_.List("", "", 100)->objects.size(); }

  FakeClock clock_;
  MemoryStore memory_;
  CountingStore counting_{memory_};
  FaultyStore store_{counting_, clock_};
};

TEST_F(OverwriteTrialTest, SeesThatItMayOverwriteAndReusesItsObject) {
  EXPECT_EQ(Outcome(store_), "overwrites");
  EXPECT_EQ(Outcome(store_), "overwrites");
  EXPECT_EQ(Objects(), 1U);
  EXPECT_EQ(counting_.Counts().Of(StoreOperation::kCreateIfAbsent).calls, 1U);
}

// As a bucket does whose policy wants If-None-Match.
TEST_F(OverwriteTrialTest, SeesTheRefusalWhetherItsObjectIsNewOrOld) {
  Refuse(StoreOperation::kPut);
  EXPECT_EQ(Outcome(store_), "refuses");
  EXPECT_EQ(Objects(), 1U);
  EXPECT_EQ(Outcome(store_), "refuses");
}

TEST_F(OverwriteTrialTest, DoesNotTakeCredentialsThatMayOnlyReadForProtection) {
  Refuse(StoreOperation::kCreateIfAbsent);
  Refuse(StoreOperation::kPut);
  EXPECT_EQ(Outcome(store_), "permission");
  ASSERT_TRUE(memory_.Put("probe/overwrite", AsBytes("x")).ok());
  EXPECT_EQ(Outcome(store_), "permission");
}

TEST_F(OverwriteTrialTest, NeedsNoConditionWhereTheStoreHasNone) {
  UnconditionalStore store(store_);
  EXPECT_EQ(Outcome(store), "overwrites");
  Refuse(StoreOperation::kPut);
  EXPECT_EQ(Outcome(store), "permission");
}

TEST_F(OverwriteTrialTest, ReportsAStoreThatDoesNotAnswer) {
  Refuse(StoreOperation::kPut, ErrorCode::kUnavailable);
  EXPECT_EQ(Outcome(store_), "unavailable");
}

}  // namespace
}  // namespace pgkeep::storage

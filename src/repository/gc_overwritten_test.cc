// What becomes of packs that somebody has overwritten, which the store leaves out of its listings
// as missing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "repository/garbage_collector.h"
#include "repository/object_names.h"
#include "repository/protocol_test_kit.h"
#include "storage/forwarding_store.h"

namespace pgkeep::repository {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Leaves keys out of its listings.
class LeavingOutStore final : public storage::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  void LeaveOut(const PackName& pack) { left_out_.insert(pack.Key()); }

  Result<storage::ListPage> List(std::string_view prefix, std::string_view start_after,
                                 size_t max_keys) override {
    PGK_ASSIGN_OR_RETURN(storage::ListPage page, inner().List(prefix, start_after, max_keys));
    std::erase_if(page.objects, [&](const storage::ObjectInfo& object) {
      return left_out_.contains(object.key);
    });
    return page;
  }

 private:
  std::set<std::string> left_out_;
};

class GcOverwritten : public ::testing::Test {
 protected:
  Result<GcReport> Collect() {
    return CollectGarbage(repository_.KeylessContext(&intact_),
                          {.overwritten_too = &memory_.store});
  }
  // Two cycles: the first plans, the second deletes.
  GcReport CollectTwice() {
    EXPECT_TRUE(Collect().ok());
    Result<GcReport> report = Collect();
    EXPECT_TRUE(report.ok()) << report.error().Describe();
    return report.ok() ? std::move(*report) : GcReport{};
  }

  bool IsThere(const PackName& pack) { return memory_.store.Head(pack.Key()).ok(); }

  HandmadeRepository memory_;
  TestRepository& repository_ = memory_.repository;
  LeavingOutStore intact_{memory_.store};
  // Something that stays, so that the brake on the share of bytes is not what is tested.
  const DummyBackup anchor_ = repository_.MakeBackup({}, 40, "anchor");
};

TEST_F(GcOverwritten, GoWhenNobodyNeedsThem) {
  const DummyBackup expired = repository_.MakeBackup();
  repository_.Expire(expired.id);
  intact_.LeaveOut({expired.id, PackKind::kData, 0});
  intact_.LeaveOut({expired.id, PackKind::kMeta, 0});
  const GcReport report = CollectTwice();
  EXPECT_EQ(report.deleted, report.candidates);
  std::vector<std::string> left = memory_.store.Keys();
  std::erase_if(left, [&](const std::string& key) {
    return key.find(expired.id.Hex()) == std::string::npos;
  });
  EXPECT_THAT(left, ElementsAre(DecisionKey(expired.id), ExpiryKey(expired.id)));
}

TEST_F(GcOverwritten, StayWhileALiveBackupNeedsThemAndStopTheCycle) {
  const DummyBackup expired = repository_.MakeBackup();
  repository_.Expire(expired.id);
  const PackName needed{anchor_.id, PackKind::kData, 3};
  intact_.LeaveOut(needed);
  const size_t before = memory_.store.Keys().size();
  for (int cycle = 0; cycle < 2; ++cycle) {
    const Result<GcReport> report = Collect();
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code(), ErrorCode::kCorruption);
    EXPECT_THAT(report.error().ToString(),
                HasSubstr(needed.Key() + ", which backup " + anchor_.id.Hex() + " needs, is not"));
  }
  EXPECT_EQ(memory_.store.Keys().size(), before);
}

TEST_F(GcOverwritten, StayWhileAWriterIsUndecided) {
  const DummyBackup base = repository_.MakeBackup();
  const WriterId writer = repository_.MakeDeadWriter({base.id});
  repository_.Expire(base.id);
  const PackName own{writer, PackKind::kData, 0};
  const PackName reused{base.id, PackKind::kData, 0};
  intact_.LeaveOut(own);
  intact_.LeaveOut(reused);
  CollectTwice();
  EXPECT_TRUE(IsThere(own));
  EXPECT_TRUE(IsThere(reused));
}

}  // namespace
}  // namespace pgkeep::repository

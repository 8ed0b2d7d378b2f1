#include "repository/backup_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "repository/control_access.h"
#include "repository/garbage_collector.h"
#include "repository/key_bundle.h"
#include "repository/protocol_test_kit.h"
#include "storage/counting_store.h"
#include "testing/faulty_store.h"

namespace pgkeep::repository {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class BackupList : public ::testing::Test {
 protected:
  // A backup, a minute after the one before.
  DummyBackup Make(const std::string& source = "app", bool complete = true) {
    memory_.clock.Advance(std::chrono::minutes(1));
    return repository_.MakeBackup({}, 1, source, complete);
  }

  std::vector<BackupSummary> List() {
    Result<std::vector<BackupSummary>> list = ListBackups(repository_.Context());
    EXPECT_TRUE(list.ok()) << list.error().Describe();
    return list.ok() ? std::move(*list) : std::vector<BackupSummary>{};
  }

  std::vector<BackupId> Ids() {
    std::vector<BackupId> ids;
    for (const BackupSummary& backup : List()) ids.push_back(backup.id);
    return ids;
  }

  HandmadeRepository memory_;
  TestRepository& repository_ = memory_.repository;
};

TEST_F(BackupList, EmptyRepositoryHasNone) { EXPECT_THAT(Ids(), IsEmpty()); }

TEST_F(BackupList, ShowsLiveBackupsNewestFirst) {
  const DummyBackup first = Make();
  const DummyBackup second = Make();
  repository_.MakeDeadWriter();
  ASSERT_TRUE(AbortWriter(repository_.Context(), repository_.MakeDeadWriter(), "test").ok());
  const DummyBackup expired = Make();
  repository_.Expire(expired.id);
  const DummyBackup third = Make();
  EXPECT_THAT(Ids(), ElementsAre(third.id, second.id, first.id));
  EXPECT_EQ(List()[0].committed, memory_.clock.Now());
  EXPECT_EQ(List()[0].manifest->source, "app");
}

TEST_F(BackupList, DamagedBackupStaysInTheList) {
  const DummyBackup first = Make();
  const DummyBackup second = Make();
  memory_.store.Tamper(ManifestKey(second.id), [](Bytes& bytes) { bytes[70] ^= 1; });
  const std::vector<BackupSummary> list = List();
  ASSERT_THAT(list, SizeIs(2));
  EXPECT_EQ(list[0].id, second.id);
  ASSERT_FALSE(list[0].manifest.ok());
  EXPECT_EQ(list[0].manifest.error().code(), ErrorCode::kCorruption);
  EXPECT_FALSE(IsComplete(list[0]));
  EXPECT_EQ(FindNewestComplete(list, std::nullopt)->id, first.id);
}

TEST_F(BackupList, LostManifestIsDamageAndNotAnExpiry) {
  const DummyBackup backup = Make();
  ASSERT_TRUE(memory_.store.Delete(ManifestKey(backup.id)).ok());
  const std::vector<BackupSummary> list = List();
  ASSERT_THAT(list, SizeIs(1));
  EXPECT_EQ(list[0].manifest.error().code(), ErrorCode::kNotFound);
}

// Junk under dec/ must not hide the backups that are there, least of all on the day of a restore.
TEST_F(BackupList, DamagedDecisionComesLastAndHidesNothing) {
  const DummyBackup good = Make();
  const WriterId junk{{3}};
  ASSERT_TRUE(memory_.store.CreateIfAbsent(DecisionKey(junk), AsBytes("junk")).ok());
  ASSERT_TRUE(memory_.store.CreateIfAbsent("dec/notes.txt", AsBytes("junk")).ok());
  EXPECT_THAT(Ids(), ElementsAre(good.id, junk));
  EXPECT_FALSE(List()[1].manifest.ok());
}

TEST_F(BackupList, BackupThatExpiresWhileListingIsLeftOut) {
  const DummyBackup backup = Make();
  HookStore hook(memory_.store);
  hook.Before("get", "man/", 1, [&] {
    repository_.Expire(backup.id);
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(CollectGarbage(repository_.KeylessContext(), {.force = true}).ok());
    }
  });
  const auto list = ListBackups(repository_.Context(&hook));
  ASSERT_TRUE(hook.fired());
  ASSERT_TRUE(list.ok()) << list.error().Describe();
  EXPECT_THAT(*list, IsEmpty());
}

TEST_F(BackupList, UnreachableStoreIsAnErrorAndNoDamage) {
  Make();
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  faulty.AddRule({.action = testing::FaultAction::kFailBefore,
                  .key_contains = "man/",
                  .times = 100,
                  .code = ErrorCode::kTimeout});
  const auto list = ListBackups(repository_.Context(&faulty));
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.error().code(), ErrorCode::kTimeout);
}

TEST_F(BackupList, KeysOfAnotherRepositoryAreCalledWrong) {
  Make();
  RepositoryContext context = repository_.Context();
  testing::SeededRandom random(77);
  context.keys = *KeyRing::FromBundle(KeyBundle::Generate(random), repository_.id());
  const auto list = ListBackups(context);
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.error().code(), ErrorCode::kWrongKey);
}

TEST_F(BackupList, CostsTwoListingsAndTwoReadsPerLiveBackup) {
  Make();
  Make();
  repository_.Expire(Make().id);
  storage::CountingStore counting(memory_.store);
  ASSERT_TRUE(ListBackups(repository_.Context(&counting)).ok());
  EXPECT_EQ(counting.Counts().Of(storage::StoreOperation::kList).calls, 2u);
  EXPECT_EQ(counting.Counts().Of(storage::StoreOperation::kGet).calls, 4u);
  EXPECT_EQ(counting.Counts().Total().calls, 6u);
}

TEST_F(BackupList, LatestIsTheNewestCompleteOneOfTheSource) {
  const DummyBackup app = Make("app");
  const DummyBackup shop = Make("shop");
  Make("app", false);
  const std::vector<BackupSummary> list = List();
  EXPECT_EQ((*FindBackup(list, "latest"))->id, shop.id);
  EXPECT_EQ((*FindBackup(list, "latest", "app"))->id, app.id);
  const auto none = FindBackup(list, "latest", "web");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().ToString(), "there is no complete backup of web");
}

// Within a source its counter decides; its backups take their place among those of other sources by
// the time that this leaves them.
TEST_F(BackupList, ClockThatWasSetBackDoesNotChangeWhatIsLatest) {
  const auto at = [&](int hour, const std::string& source, std::optional<uint64_t> counter) {
    memory_.clock.SetNow(Timestamp(std::chrono::hours(400'000 + hour)));
    return repository_.MakeBackup({}, 1, source, true, counter).id;
  };
  const BackupId ahead = at(9000, "app", 1);  // a year ahead
  const BackupId shop = at(1, "shop", 1);
  const BackupId app = at(2, "app", 2);
  const BackupId web = at(3, "web", std::nullopt);
  EXPECT_THAT(Ids(), ElementsAre(web, app, ahead, shop));
  const std::vector<BackupSummary> list = List();
  EXPECT_EQ((*FindBackup(list, "latest", "app"))->id, app);
  EXPECT_EQ((*FindBackup(list, "latest"))->id, web);
}

// A clock that was behind once moves nothing that came after it.
TEST_F(BackupList, ClockThatWasBehindOnceDoesNotHideTheNewest) {
  const auto at = [&](int hour, const std::string& source, uint64_t counter) {
    memory_.clock.SetNow(Timestamp(std::chrono::hours(400'000 + hour)));
    return repository_.MakeBackup({}, 1, source, true, counter).id;
  };
  const BackupId first = at(10, "app", 1);
  const BackupId behind = at(-9000, "app", 2);
  const BackupId shop = at(11, "shop", 1);
  const BackupId last = at(12, "app", 3);
  EXPECT_THAT(Ids(), ElementsAre(last, shop, behind, first));
}

TEST_F(BackupList, IdsMayBeShortened) {
  const DummyBackup backup = Make();
  Make();
  const std::vector<BackupSummary> list = List();
  const std::string hex = backup.id.Hex();
  for (const size_t digits : {size_t{4}, size_t{8}, hex.size()}) {
    EXPECT_EQ((*FindBackup(list, hex.substr(0, digits)))->id, backup.id);
  }
}

TEST_F(BackupList, WrongSelectorsSayWhy) {
  Make();
  const std::vector<BackupSummary> list = List();
  for (const char* text : {"", "abc", "LATEST", "ABCD", "xyz1", "abc/"}) {
    EXPECT_EQ(FindBackup(list, text).error().code(), ErrorCode::kInvalidArgument) << text;
  }
  const std::string other = list[0].id.Hex()[0] == '0' ? "1111" : "0000";
  EXPECT_EQ(FindBackup(list, other).error().code(), ErrorCode::kNotFound);
}

TEST_F(BackupList, AmbiguousBeginningListsCandidates) {
  std::vector<BackupSummary> list;
  for (uint8_t i = 0; i < 7; ++i) {
    WriterId id{{0xab, 0xcd, i}};
    list.push_back({id, {}, {}, {}, Manifest{}});
  }
  const auto found = FindBackup(list, "abcd");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(found.error().message(), HasSubstr("'abcd' is the beginning of 7 backups: abcd00"));
  EXPECT_THAT(found.error().message(), HasSubstr(", ..."));
  EXPECT_EQ((*FindBackup(list, "abcd03"))->id, list[3].id);
}

}  // namespace
}  // namespace pgkeep::repository

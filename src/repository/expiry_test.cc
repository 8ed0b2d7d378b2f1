#include "repository/expiry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "repository/backup_list.h"
#include "repository/control_access.h"
#include "repository/protocol_test_kit.h"
#include "testing/faulty_store.h"

namespace pgkeep::repository {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ExpireTest : public ::testing::Test {
 protected:
  DummyBackup Make(const std::string& source = "app", bool complete = true) {
    memory_.clock.Advance(std::chrono::minutes(1));
    return repository_.MakeBackup({}, 1, source, complete);
  }

  Result<std::vector<ExpiredBackup>> Expire(std::vector<BackupId> backups, bool force = false,
                                            bool dry_run = false) {
    return ExpireBackups(
        context_,
        {.backups = std::move(backups), .reason = "keeps 3", .dry_run = dry_run, .force = force});
  }

  std::vector<std::string> Expired() { return KeysBelow(memory_.store, kExpiryPrefix); }

  HandmadeRepository memory_;
  TestRepository& repository_ = memory_.repository;
  RepositoryContext context_ = repository_.Context();
};

TEST_F(ExpireTest, OldBackupExpiresWithItsReason) {
  const DummyBackup old = Make();
  Make();
  const auto outcome = Expire({old.id});
  ASSERT_TRUE(outcome.ok()) << outcome.error().Describe();
  ASSERT_THAT(*outcome, SizeIs(1));
  EXPECT_EQ((*outcome)[0].source, "app");
  EXPECT_FALSE((*outcome)[0].already);
  EXPECT_EQ((*outcome)[0].explanation, "expires; 1 newer complete backups of app remain");
  EXPECT_EQ(ControlAccess(context_).ReadExpiry(old.id)->reason, "keeps 3");
  EXPECT_THAT(*ListBackups(context_), SizeIs(1));
}

TEST_F(ExpireTest, NewestCompleteBackupOfASourceIsRefused) {
  const DummyBackup old = Make("app");
  const DummyBackup newest = Make("app");
  Make("app", false);
  Make("shop");
  const auto outcome = Expire({old.id, newest.id});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code(), ErrorCode::kRefused);
  EXPECT_EQ(outcome.error().Describe(), "backup " + newest.id.Hex() +
                                            " is the newest complete backup of app\n"
                                            "hint: make another backup first, or use --force");
  EXPECT_THAT(Expired(), IsEmpty()) << "all or none";
}

TEST_F(ExpireTest, ForceExpiresTheNewest) {
  const DummyBackup newest = Make();
  const auto outcome = Expire({newest.id}, true);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ((*outcome)[0].explanation, "expires by force; 0 newer complete backups of app remain");
  EXPECT_THAT(Expired(), ElementsAre(ExpiryKey(newest.id)));
}

TEST_F(ExpireTest, PartialBackupMayGoAlthoughItIsNewest) {
  Make();
  const DummyBackup partial = Make("app", false);
  const auto outcome = Expire({partial.id});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ((*outcome)[0].explanation,
            "expires; it is partial, and 1 complete backups of app remain");
}

// A source of which nothing but partial backups exist keeps the newest of them.
TEST_F(ExpireTest, NewestPartialBackupIsProtectedWhileThereIsNoCompleteOne) {
  Make("shop");
  const DummyBackup old = Make("app", false);
  const DummyBackup newest = Make("app", false);
  const auto outcome = Expire({old.id, newest.id});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code(), ErrorCode::kRefused);
  EXPECT_EQ(outcome.error().message(),
            "backup " + newest.id.Hex() +
                " is the newest of app, which has no complete backup: this partial one is all that "
                "there is");
  EXPECT_THAT(Expired(), IsEmpty());
  EXPECT_TRUE(Expire({old.id}).ok());
  EXPECT_TRUE(Expire({newest.id}, true).ok());
}

// A backup from the time when the clock was a year ahead is not the newest for a year.
TEST_F(ExpireTest, ClockThatWasSetBackProtectsTheRightBackup) {
  const Timestamp right = memory_.clock.Now();
  memory_.clock.Advance(std::chrono::hours(24 * 365));
  const DummyBackup ahead = repository_.MakeBackup({}, 1, "app", true, 7);
  memory_.clock.SetNow(right);
  const DummyBackup newest = repository_.MakeBackup({}, 1, "app", true, 8);
  const auto refused = Expire({newest.id});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  const auto outcome = Expire({ahead.id});
  ASSERT_TRUE(outcome.ok()) << outcome.error().Describe();
  EXPECT_EQ((*outcome)[0].explanation, "expires; 1 newer complete backups of app remain");
}

TEST_F(ExpireTest, UnreadableBackupNeedsForce) {
  const DummyBackup broken = Make();
  Make();
  memory_.store.Tamper(ManifestKey(broken.id), [](Bytes& bytes) { bytes.pop_back(); });
  const auto refused = Expire({broken.id});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  EXPECT_TRUE(Expire({broken.id}, true).ok());
  EXPECT_THAT(Expired(), ElementsAre(ExpiryKey(broken.id)));
}

// A damaged newer backup does not count as the one that remains.
TEST_F(ExpireTest, NewestReadableBackupIsProtected) {
  const DummyBackup good = Make();
  const DummyBackup broken = Make();
  memory_.store.Tamper(ManifestKey(broken.id), [](Bytes& bytes) { bytes.pop_back(); });
  const auto outcome = Expire({good.id});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code(), ErrorCode::kRefused);
}

TEST_F(ExpireTest, DryRunExplainsAndWritesNothing) {
  const DummyBackup old = Make();
  Make();
  const auto outcome = Expire({old.id}, false, true);
  ASSERT_TRUE(outcome.ok());
  EXPECT_THAT(*outcome, SizeIs(1));
  EXPECT_THAT(Expired(), IsEmpty());
}

TEST_F(ExpireTest, ExpiringTwiceIsSuccess) {
  const DummyBackup old = Make();
  Make();
  ASSERT_TRUE(Expire({old.id}).ok());
  memory_.clock.Advance(std::chrono::hours(1));
  const auto outcome = Expire({old.id, old.id});
  ASSERT_TRUE(outcome.ok());
  ASSERT_THAT(*outcome, SizeIs(1));
  EXPECT_TRUE((*outcome)[0].already);
}

TEST_F(ExpireTest, OtherProcessMayBeFaster) {
  const DummyBackup old = Make();
  Make();
  HookStore hook(memory_.store);
  hook.Before("create", "exp/", 1, [&] { repository_.Expire(old.id); });
  context_ = repository_.Context(&hook);
  EXPECT_TRUE(Expire({old.id}).ok());
  EXPECT_TRUE(hook.fired());
}

TEST_F(ExpireTest, WhatIsNoBackupCannotExpire) {
  const WriterId undecided = repository_.MakeDeadWriter();
  const WriterId aborted = repository_.MakeDeadWriter();
  ASSERT_TRUE(AbortWriter(context_, aborted, "test").ok());
  for (const WriterId& id : {undecided, aborted, WriterId{{1}}}) {
    const auto outcome = Expire({id}, true);
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code(), ErrorCode::kNotFound);
  }
  EXPECT_THAT(Expired(), IsEmpty());
}

TEST_F(ExpireTest, LostAnswerIsResolved) {
  const DummyBackup old = Make();
  Make();
  testing::FaultyStore faulty(memory_.store, memory_.clock);
  const size_t rule = faulty.AddRule({.action = testing::FaultAction::kFailAfter,
                                      .operation = storage::StoreOperation::kCreateIfAbsent});
  context_ = repository_.Context(&faulty);
  EXPECT_TRUE(Expire({old.id}).ok());
  EXPECT_EQ(faulty.fired(rule), 1u);
}

}  // namespace
}  // namespace pgkeep::repository

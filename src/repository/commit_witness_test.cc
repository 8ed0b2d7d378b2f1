#include "repository/commit_witness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file_util.h"
#include "repository/data_test_kit.h"
#include "repository/expiry.h"
#include "repository/object_names.h"
#include "repository/verify_structure.h"
#include "testing/temporary_directory.h"

namespace pgkeep::repository {
namespace {

using ::testing::HasSubstr;

class CommitWitness : public ::testing::Test {
 protected:
  BackupId Backup(const std::string& state) {
    TestTree tree;
    tree["db"]["t"] = TestPages(++seed_, 20);
    const auto written = WriteTree(*vault_.Open(false, state), tree);
    EXPECT_TRUE(written.ok()) << written.error().Describe();
    return written->id;
  }

  VerifyReport Verify(const std::string& state) {
    const auto repository = vault_.Open(false, state);
    auto report = VerifyStructure(repository->context(), {});
    EXPECT_TRUE(report.ok());
    return *std::move(report);
  }

  TestVault vault_;
  testing::TemporaryDirectory state_;
  uint64_t seed_ = 0;
};

TEST_F(CommitWitness, AStoreThatWentBackInTimeIsNoticed) {
  Backup(state_.path());
  const BackupId lost = Backup(state_.path());
  EXPECT_TRUE(Verify(state_.path()).problems.empty());
  ASSERT_TRUE(vault_.own_store.Delete(DecisionKey(lost)).ok());
  ASSERT_TRUE(vault_.own_store.Delete(ManifestKey(lost)).ok());

  const VerifyReport report = Verify(state_.path());
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems[0].key, DecisionKey(lost));
  EXPECT_THAT(report.problems[0].error.Describe(),
              HasSubstr("the store went back to an earlier state"));

  testing::TemporaryDirectory elsewhere;
  EXPECT_TRUE(Verify(elsewhere.path()).problems.empty()) << "another machine cannot know";
  EXPECT_TRUE(Verify("").problems.empty());
}

TEST_F(CommitWitness, TheNextBackupWorksAllTheSame) {
  const BackupId lost = Backup(state_.path());
  ASSERT_TRUE(vault_.own_store.Delete(DecisionKey(lost)).ok());
  Backup(state_.path());
  EXPECT_TRUE(Verify(state_.path()).problems.empty()) << "it is the newest commit now";
}

TEST_F(CommitWitness, AnExpiredBackupHasNotVanished) {
  const BackupId id = Backup(state_.path());
  ExpireOptions expire;
  expire.backups = {id};
  expire.force = true;
  ASSERT_TRUE(ExpireBackups(vault_.Open()->context(), expire).ok());
  EXPECT_TRUE(Verify(state_.path()).problems.empty());
}

TEST_F(CommitWitness, ANoteThatNobodyCanReadMeansNothing) {
  const BackupId lost = Backup(state_.path());
  ASSERT_TRUE(vault_.own_store.Delete(DecisionKey(lost)).ok());
  const std::string note = state_.path() + "/" + vault_.created->id.Hex() + "/last-commit";
  ASSERT_TRUE(WriteFileDurably(PosixFileSystem(), note, AsBytes("garbage"), 0600, true).ok());
  EXPECT_TRUE(Verify(state_.path()).problems.empty());
}

}  // namespace
}  // namespace pgkeep::repository

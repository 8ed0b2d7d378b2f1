#include "repository/base_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace pgkeep::repository {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

BackupId Id(uint8_t number) {
  BackupId id{};
  id.bytes.fill(number);
  return id;
}

// Backup `number` of the source "app", the later the higher the number.
BackupSummary Backup(uint8_t number, const std::vector<std::string>& subtrees,
                     BackupState state = BackupState::kComplete) {
  Manifest manifest;
  manifest.source = "app";
  manifest.kind = BackupKind::kLogical;
  manifest.state = state;
  manifest.sequence = SourceSequence{.counter = number, .previous_manifest_sha256 = {}};
  for (const std::string& name : subtrees) manifest.subtrees.emplace_back().name = name;
  return {.id = Id(number), .committed = {}, .manifest = std::move(manifest)};
}

std::vector<BackupId> Choose(const std::vector<BackupSummary>& backups,
                             const std::vector<std::string>& subtrees,
                             const std::set<BackupId>& damaged = {}) {
  return ChooseBases(backups, {.source = "app", .kind = BackupKind::kLogical, .subtrees = subtrees},
                     damaged)
      .bases;
}

TEST(ChooseBases, TakesTheNewestWithEachSubtree) {
  const std::vector<BackupSummary> backups = {Backup(4, {"b"}), Backup(3, {"b", "c"}),
                                              Backup(2, {"a", "b"}), Backup(1, {"a", "b", "c"})};
  EXPECT_THAT(Choose(backups, {"a"}), ElementsAre(Id(2)));
  EXPECT_THAT(Choose(backups, {"b"}), ElementsAre(Id(4)));
  EXPECT_THAT(Choose(backups, {"a", "b"}), ElementsAre(Id(4), Id(2)));
  EXPECT_THAT(Choose(backups, {"a", "b", "c"}), ElementsAre(Id(4), Id(3), Id(2)));
  EXPECT_THAT(Choose(backups, {"new"}), IsEmpty());
  EXPECT_THAT(Choose(backups, {"a"}, {Id(2)}), ElementsAre(Id(1)));
}

TEST(ChooseBases, GoesBackToACompleteBackupWhenNobodySaysWhatFor) {
  const std::vector<BackupSummary> backups = {Backup(3, {"b"}, BackupState::kPartial),
                                              Backup(2, {"a", "b"}), Backup(1, {"a", "b"})};
  EXPECT_THAT(Choose(backups, {}), ElementsAre(Id(3), Id(2)));
}

}  // namespace
}  // namespace pgkeep::repository

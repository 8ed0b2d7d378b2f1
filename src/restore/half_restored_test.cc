#include "restore/half_restored.h"

#include <gtest/gtest.h>

namespace pgkeep::restore {
namespace {

TEST(HalfRestored, IsReadAgain) {
  repository::BackupId backup;
  const std::string mark = HalfRestoredMark(backup, Timestamp{});
  EXPECT_EQ(mark, "pgkeep: half restored from backup " + backup.Hex() +
                      ", begun at 1970-01-01T00:00:00Z");
  EXPECT_EQ(ReadHalfRestoredMark(mark), mark.substr(8));
}

TEST(HalfRestored, IsNoOtherComment) {
  for (const char* comment : {"", "pgkeep: ", "half restored from backup x", "the shop"}) {
    EXPECT_EQ(ReadHalfRestoredMark(comment), std::nullopt) << comment;
  }
}

TEST(HalfRestored, IsSetAndTakenAway) {
  EXPECT_EQ(DatabaseCommentSql("my \"db\"", "it's"),
            "COMMENT ON DATABASE \"my \"\"db\"\"\" IS 'it''s'");
  EXPECT_EQ(DatabaseCommentSql("shop", ""), "COMMENT ON DATABASE \"shop\" IS NULL");
}

}  // namespace
}  // namespace pgkeep::restore

#include "storage/s3/object_lock.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

Result<BucketLock> Parse(const std::string& inside) {
  return ParseBucketLock(
      AsBytes("<ObjectLockConfiguration "
              "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" +
              inside + "</ObjectLockConfiguration>"));
}

TEST(ObjectLock, ReadsWhatABucketDoes) {
  const auto days = Parse(
      "<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
      "<Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule>");
  ASSERT_TRUE(days.ok()) << days.error().Describe();
  EXPECT_TRUE(days->enabled);
  EXPECT_EQ(days->mode, LockMode::kCompliance);
  EXPECT_EQ(days->days, 30U);
  const auto years = Parse(
      "<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
      "<Mode>GOVERNANCE</Mode><Years>2</Years></DefaultRetention></Rule>");
  EXPECT_EQ(years->mode, LockMode::kGovernance);
  EXPECT_EQ(years->days, 730U);
  const auto none = Parse("<ObjectLockEnabled>Enabled</ObjectLockEnabled>");
  EXPECT_TRUE(none->enabled);
  EXPECT_FALSE(none->mode.has_value());
}

TEST(ObjectLock, NothingElsePassesForALock) {
  EXPECT_EQ(ParseBucketLock(AsBytes("<html/>")).error().code(), ErrorCode::kProtocol);
  EXPECT_EQ(Parse("<Rule><DefaultRetention><Mode>X</Mode><Days>1</Days></DefaultRetention></Rule>")
                .error()
                .code(),
            ErrorCode::kProtocol);
  EXPECT_EQ(Parse("<Rule><DefaultRetention><Mode>GOVERNANCE</Mode></DefaultRetention></Rule>")
                .error()
                .code(),
            ErrorCode::kProtocol);
}

TEST(ObjectLock, ReadsRetentions) {
  const ObjectLock lock{.mode = LockMode::kCompliance,
                        .until = Timestamp(std::chrono::days(20'000))};
  const auto read = ParseRetention(AsBytes(FormatRetention(lock)));
  ASSERT_TRUE(read.ok() && *read);
  EXPECT_EQ((*read)->mode, lock.mode);
  EXPECT_EQ((*read)->until, lock.until);
  const auto fine = ParseRetention(
      AsBytes("<Retention><Mode>GOVERNANCE</Mode>"
              "<RetainUntilDate>2024-10-04T00:00:00.826876277Z</RetainUntilDate></Retention>"));
  ASSERT_TRUE(fine.ok() && *fine);
  EXPECT_EQ((*fine)->until, lock.until);
  EXPECT_FALSE(ParseRetention(AsBytes("<Retention/>")).value().has_value());
  EXPECT_FALSE(ParseRetention(AsBytes("<Retention><Mode>COMPLIANCE</Mode></Retention>")).ok());
  EXPECT_FALSE(ParseRetention(AsBytes("")).ok());
}

TEST(ObjectLock, WritesRetentions) {
  EXPECT_EQ(FormatRetention(
                {.mode = LockMode::kCompliance, .until = Timestamp(std::chrono::days(20'000))}),
            "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>COMPLIANCE</Mode>"
            "<RetainUntilDate>2024-10-04T00:00:00Z</RetainUntilDate></Retention>");
}

// Years that no number of days holds are no lock of a few days.
TEST(ObjectLock, RefusesMoreYearsThanThereAreDays) {
  const auto lock = [](const char* years) {
    return ParseBucketLock(AsBytes(
        std::string("<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>"
                    "<DefaultRetention><Mode>COMPLIANCE</Mode><Years>") +
        years + "</Years></DefaultRetention></Rule></ObjectLockConfiguration>"));
  };
  EXPECT_EQ(lock("10").value().days, 3650U);
  EXPECT_FALSE(lock("11767034").ok());
}

}  // namespace
}  // namespace pgkeep::storage

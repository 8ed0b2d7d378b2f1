#include "storage/s3/lifecycle.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

std::string Rules(const std::string& inside) {
  return R"(<?xml version="1.0" encoding="UTF-8"?>
<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)" +
         inside + "</LifecycleConfiguration>";
}

constexpr char kForeign[] =
    "<Rule><ID>logs &amp; more</ID><Filter><And><Prefix>logs/</Prefix>"
    "<ObjectSizeGreaterThan>1024</ObjectSizeGreaterThan></And></Filter><Status>Enabled</Status>"
    "<Expiration><Days>30</Days></Expiration><NewThing><A x=\"1\">b</A></NewThing></Rule>";

TEST(Lifecycle, ReadsEveryAction) {
  const auto rules = ParseLifecycle(AsBytes(
      Rules(std::string(kForeign) +
            "<Rule><ID>old</ID><Prefix>pg/</Prefix><Status>Disabled</Status>"
            "<Expiration><Date>2027-01-01T00:00:00.000Z</Date></Expiration></Rule>"
            "<Rule><Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter><Status>Enabled</Status>"
            "<Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition>"
            "<NoncurrentVersionTransition><NoncurrentDays>7</NoncurrentDays>"
            "<StorageClass>STANDARD_IA</StorageClass></NoncurrentVersionTransition>"
            "<NoncurrentVersionExpiration><NoncurrentDays>90</NoncurrentDays>"
            "</NoncurrentVersionExpiration>"
            "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"
            "<AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation>"
            "</AbortIncompleteMultipartUpload></Rule>")));
  ASSERT_TRUE(rules.ok()) << rules.error().Describe();
  ASSERT_EQ(rules->size(), 3U);
  const LifecycleRule& sized = rules->at(0);
  EXPECT_EQ(sized.id, "logs & more");
  EXPECT_EQ(sized.prefix, "logs/");
  EXPECT_TRUE(sized.sized);
  EXPECT_FALSE(sized.tagged);
  EXPECT_EQ(sized.expire_days, 30U);
  const LifecycleRule& dated = rules->at(1);
  EXPECT_FALSE(dated.enabled);
  EXPECT_EQ(dated.prefix, "pg/");
  EXPECT_EQ(dated.expire_date, "2027-01-01T00:00:00.000Z");
  const LifecycleRule& many = rules->at(2);
  EXPECT_TRUE(many.tagged);
  EXPECT_TRUE(many.expire_delete_markers);
  EXPECT_EQ(many.purge_days, 90U);
  EXPECT_EQ(many.abort_upload_days, 3U);
  ASSERT_EQ(many.transitions.size(), 2U);
  EXPECT_EQ(many.transitions[0], (LifecycleTransition{.storage_class = "GLACIER", .days = 30}));
  EXPECT_EQ(many.transitions[1],
            (LifecycleTransition{.storage_class = "STANDARD_IA", .days = 7, .noncurrent = true}));
}

// What is not known here must survive.
TEST(Lifecycle, WritesReadRulesAsTheyWere) {
  const auto rules = ParseLifecycle(AsBytes(Rules(kForeign)));
  ASSERT_TRUE(rules.ok());
  EXPECT_EQ(rules->at(0).xml, kForeign);
  EXPECT_NE(FormatLifecycle(*rules).find(kForeign), std::string::npos);
}

// Otherwise the rule of somebody else would be about other objects after it was written back.
TEST(Lifecycle, CarriageReturnsOfOthersStay) {
  const auto rules = ParseLifecycle(
      AsBytes(Rules("<Rule><ID>x</ID><Prefix>a&#13;b</Prefix><Status>Enabled</Status></Rule>")));
  ASSERT_TRUE(rules.ok());
  EXPECT_EQ(rules->at(0).prefix, "a\rb");
  const auto again = ParseLifecycle(AsBytes(FormatLifecycle(*rules)));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->at(0).prefix, "a\rb");
  EXPECT_EQ(again->at(0).xml, rules->at(0).xml);
}

TEST(Lifecycle, WrittenRulesReadTheSame) {
  const LifecycleRule rule{.id = "one <&> two",
                           .prefix = "a b/",
                           .expire_days = 30,
                           .purge_days = 1,
                           .abort_upload_days = 7,
                           .transitions = {{.storage_class = "GLACIER_IR", .days = 30}}};
  LifecycleRule markers{.id = "m", .expire_delete_markers = true};
  const auto read = ParseLifecycle(AsBytes(FormatLifecycle({rule, markers})));
  ASSERT_TRUE(read.ok()) << read.error().Describe();
  ASSERT_EQ(read->size(), 2U);
  EXPECT_TRUE(read->at(0).SameAs(rule));
  EXPECT_TRUE(read->at(1).SameAs(markers));
  EXPECT_FALSE(read->at(0).SameAs(read->at(1)));
}

// An answer that is something else must not look like a bucket without rules.
TEST(Lifecycle, NothingElsePassesForRules) {
  for (const std::string& body :
       {std::string(), std::string("<html/>"), std::string("<ListBucketResult/>"),
        Rules("<Rule><ID>x</ID></Rule>"),
        Rules("<Rule><Status>Enabled</Status><Expiration><Days>x</Days></Expiration></Rule>"),
        Rules("<Rule><Status>Enabled</Status><Expiration><Days/></Expiration></Rule>")}) {
    const auto rules = ParseLifecycle(AsBytes(body));
    ASSERT_FALSE(rules.ok()) << body;
    EXPECT_EQ(rules.error().code(), ErrorCode::kProtocol);
  }
  EXPECT_TRUE(ParseLifecycle(AsBytes(Rules(""))).value().empty());
}

}  // namespace
}  // namespace pgkeep::storage

#include "storage/s3/address.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

// scheme://host + path of the key "a/b".
std::string UrlOf(const S3Settings& settings, const std::string& bucket,
                  const std::string& region = "eu-central-1") {
  const auto address = MakeAddress(settings, region, bucket);
  if (!address.ok()) return std::string(CodeName(address.error().code()));
  return address->scheme + "://" + address->host + address->PathOf("a/b");
}

TEST(S3Address, AwsBucketsAreInTheHost) {
  EXPECT_EQ(UrlOf({}, "backups"), "https://backups.s3.eu-central-1.amazonaws.com/a/b");
  EXPECT_EQ(UrlOf({}, "backups", "cn-north-1"),
            "https://backups.s3.cn-north-1.amazonaws.com.cn/a/b");
  EXPECT_EQ(UrlOf({.addressing = S3Addressing::kPath}, "backups"),
            "https://s3.eu-central-1.amazonaws.com/backups/a/b");
}

// The certificate for "*.s3..." covers no further dot.
TEST(S3Address, BucketsThatNoHostCanHaveAreInThePath) {
  EXPECT_EQ(UrlOf({}, "my.backups"), "https://s3.eu-central-1.amazonaws.com/my.backups/a/b");
  EXPECT_EQ(UrlOf({}, "Backups"), "https://s3.eu-central-1.amazonaws.com/Backups/a/b");
  EXPECT_EQ(UrlOf({.addressing = S3Addressing::kVirtual}, "my.backups"), "invalid_argument");
  EXPECT_EQ(UrlOf({.addressing = S3Addressing::kVirtual}, "my_backups"), "invalid_argument");
}

TEST(S3Address, OtherEndpointsGetTheBucketInThePathUnlessToldOtherwise) {
  EXPECT_EQ(UrlOf({.endpoint = "http://127.0.0.1:7480"}, "backups"),
            "http://127.0.0.1:7480/backups/a/b");
  EXPECT_EQ(UrlOf({.endpoint = "https://s3.example.com:443"}, "backups"),
            "https://s3.example.com/backups/a/b");
  EXPECT_EQ(UrlOf({.endpoint = "http://gw.localhost:8000", .addressing = S3Addressing::kVirtual},
                  "my.backups"),
            "http://my.backups.gw.localhost:8000/a/b");
}

TEST(S3Address, IpAddressesHaveNoBucketsInThem) {
  for (const std::string endpoint : {"http://127.0.0.1:7480", "http://[::1]:7480"}) {
    EXPECT_EQ(UrlOf({.endpoint = endpoint, .addressing = S3Addressing::kVirtual}, "backups"),
              "invalid_argument");
    EXPECT_EQ(UrlOf({.endpoint = endpoint}, "backups"), endpoint + "/backups/a/b");
  }
}

TEST(S3Address, AmazonHasSeveralAddresses) {
  EXPECT_TRUE(IsAmazon({}));
  for (const char* endpoint :
       {"https://s3.eu-central-1.amazonaws.com", "https://s3-fips.us-east-1.amazonaws.com",
        "https://bucket.vpce-1a2b3c4d.s3.us-east-1.vpce.amazonaws.com",
        "https://s3.cn-north-1.amazonaws.com.cn"}) {
    EXPECT_TRUE(IsAmazon({.endpoint = endpoint})) << endpoint;
  }
  for (const char* endpoint : {"https://s3.example.com", "https://amazonaws.com.example.com",
                               "https://notamazonaws.com", "http://127.0.0.1:7480"}) {
    EXPECT_FALSE(IsAmazon({.endpoint = endpoint})) << endpoint;
  }
}

TEST(S3Address, AccelerationHasAnEndpointOfItsOwn) {
  EXPECT_EQ(UrlOf({.accelerate = true}, "backups"),
            "https://backups.s3-accelerate.amazonaws.com/a/b");
  EXPECT_EQ(UrlOf({.accelerate = true}, "my.backups"), "invalid_argument");
}

TEST(S3Address, BucketNamesAreChecked) {
  for (const char* bucket : {"abc", "my-backups.2026", "0a0", "Old_Bucket"}) {
    EXPECT_TRUE(ValidateBucket(bucket).ok()) << bucket;
  }
  for (const std::string& bucket :
       {std::string(), std::string("ab"), std::string("-ab"), std::string("ab."),
        std::string("a b"), std::string("a/b"), std::string("a\nb"), std::string(64, 'a')}) {
    EXPECT_FALSE(ValidateBucket(bucket).ok()) << bucket;
  }
}

}  // namespace
}  // namespace pgkeep::storage

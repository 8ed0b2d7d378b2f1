#include "storage/store_url.h"

#include <gtest/gtest.h>

#include <array>

#include "base/error.h"
#include "testing/temporary_directory.h"

namespace pgkeep::storage {
namespace {

TEST(StoreUrl, ParsesDirectories) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"/var/lib/pgkeep", "/var/lib/pgkeep"},
      {"/", "/"},
      {"//a///b//", "/a/b"},
      {"/with space/%41", "/with space/%41"},
      {"file:///var/lib", "/var/lib"},
      {"file://localhost/var/lib", "/var/lib"},
      {"file:/var/lib/", "/var/lib"},
      {"file:///with%20space/%C3%a4", "/with space/\xc3\xa4"},
      {"file:///100%25", "/100%"},
  };
  for (const auto& [text, path] : cases) {
    const auto url = ParseStoreUrl(text);
    ASSERT_TRUE(url.ok()) << text << ": " << url.error().Describe();
    EXPECT_EQ(url->path, path) << text;
  }
}

TEST(StoreUrl, TextParsesBackToTheSameValue) {
  for (const std::string path :
       {"/", "/var/lib", "/with space", "/%41", "/a?b#c", "/\xc3\xa4\x01"}) {
    const std::string text = StoreUrl{.path = path}.ToString();
    EXPECT_TRUE(text.starts_with("file:///")) << text;
    const auto url = ParseStoreUrl(text);
    ASSERT_TRUE(url.ok()) << url.error().Describe();
    EXPECT_EQ(url->path, path);
  }
}

TEST(StoreUrl, RefusesEverythingElseWithAHint) {
  using std::string_literals::operator""s;
  for (const std::string& text :
       {""s, "relative/path"s, "."s, "~"s, "file:"s, "file://"s, "file:relative"s,
        "file://server/share"s, "file:///a?b"s, "file:///a#b"s, "file:///a%2"s, "file:///a%"s,
        "file:///a%zz"s, "file:///a%00b"s, "/a\0b"s, "ftp://host/a"s, "http://host"s,
        "sftp://user@host/a"s, "FILE:///a"s}) {
    const auto url = ParseStoreUrl(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().code(), ErrorCode::kInvalidArgument) << text;
    EXPECT_FALSE(url.error().hint().empty()) << text;
  }
}

TEST(StoreUrl, ParsesBuckets) {
  for (const auto& [text, bucket, prefix] :
       std::vector<std::array<std::string, 3>>{{"s3://backups", "backups", ""},
                                               {"s3://backups/", "backups", ""},
                                               {"s3://backups/pg/main", "backups", "pg/main"},
                                               {"s3://my.backups/pg/", "my.backups", "pg"}}) {
    const auto url = ParseStoreUrl(text);
    ASSERT_TRUE(url.ok()) << text << ": " << url.error().Describe();
    EXPECT_EQ(url->kind, StoreUrl::Kind::kS3);
    EXPECT_EQ(url->bucket, bucket);
    EXPECT_EQ(url->prefix, prefix);
    EXPECT_EQ(ParseStoreUrl(url->ToString())->ToString(), url->ToString());
  }
}

TEST(StoreUrl, RefusesBucketsAndPrefixesThatCannotBe) {
  for (const char* text : {"s3://", "s3:///prefix", "s3://ab", "s3://key:secret@bucket/a",
                           "s3://bucket//a", "s3://bucket/a//b", "s3://bucket/a?b",
                           "s3://bucket/.hidden", "s3://bucket/a b", "s3:bucket"}) {
    const auto url = ParseStoreUrl(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().code(), ErrorCode::kInvalidArgument) << text;
    EXPECT_FALSE(url.error().hint().empty()) << text;
    EXPECT_EQ(url.error().Describe().find("secret"), std::string::npos);
  }
}

TEST(StoreUrl, SaysWhatIsWrongWithNearlyS3) {
  for (const auto& [text, what, hint] : std::vector<std::array<std::string, 3>>{
           {"s3:/backups/pg", "'s3:/backups/pg' lacks a slash", "s3://backups/pg"},
           {"s3:/b", "'s3:/b' lacks a slash", "s3://b"},
           {"s3:/key:secret@b", "'s3:/...' lacks a slash", "s3://bucket/prefix"},
           {"s3:backups", "'s3:backups' lacks two slashes", "s3://backups"},
           {"s3//backups", "'s3//backups' lacks a colon", "s3://backups"},
           {"S3://backups/pg/", "'S3://backups/pg/' has its scheme in capitals",
            "s3://backups/pg/"},
           {"S3:backups", "'S3:backups' has its scheme in capitals", "s3://backups"},
           {"s3::backups", "'s3::backups' does not begin with s3://", "s3://backups"},
           {"s3:/", "'s3:/...' lacks a slash", "s3://bucket/prefix"},
           {"s3:", "'s3:...' lacks two slashes", "s3://bucket/prefix"}}) {
    const auto url = ParseStoreUrl(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().code(), ErrorCode::kInvalidArgument) << text;
    EXPECT_EQ(url.error().ToString(), "repository url " + what);
    EXPECT_EQ(url.error().hint(), "write it as " + hint);
  }
  for (const char* text : {"s3/backups", "s3backups", "s3", "s"}) {
    const auto url = ParseStoreUrl(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_NE(url.error().ToString().find("is a relative path"), std::string::npos) << text;
  }
}

TEST(StoreUrl, ErrorsNeverShowPasswords) {
  for (const char* text : {"s3://key:hunter2@bucket/prefix", "s3:/key:hunter2@bucket/prefix",
                           "S3://key:hunter2@bucket/prefix", "ftp://user:hunter2@host/a",
                           "file://user:hunter2@host/a"}) {
    const auto url = ParseStoreUrl(text);
    ASSERT_FALSE(url.ok());
    EXPECT_EQ(url.error().Describe().find("hunter2"), std::string::npos) << text;
  }
}

TEST(StoreUrl, OpensTheDirectoryItNames) {
  const testing::TemporaryDirectory directory;
  const auto url = ParseStoreUrl(directory.Join("with space"));
  ASSERT_TRUE(url.ok());
  EXPECT_FALSE(OpenStore({}, *url, false).ok());
  const auto store = OpenStore({}, *url, true);
  ASSERT_TRUE(store.ok()) << store.error().Describe();
  EXPECT_EQ((*store)->Url(), url->ToString());
  EXPECT_TRUE(OpenStore({}, *url, false).ok());
}

}  // namespace
}  // namespace pgkeep::storage

#include "storage/s3/xml.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

constexpr char kListing[] = R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>bucket</Name><Prefix>a%2F</Prefix><KeyCount>2</KeyCount><MaxKeys>2</MaxKeys>
  <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
  <NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>
  <Contents><Key>a%2F%C3%A4+b%2Bc</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>
    <ETag>&quot;70ee1738b6b21e2c8a43f3a5ab0eee71&quot;</ETag><Size>12</Size>
    <StorageClass>STANDARD</StorageClass></Contents>
  <Contents><Key>a/b</Key><LastModified>2026-01-02T03:04:06.000Z</LastModified>
    <ETag>"x-1"</ETag><Size>0</Size></Contents>
</ListBucketResult>)";

TEST(S3Xml, ReadsListings) {
  const auto listing = ParseListing(AsBytes(kListing));
  ASSERT_TRUE(listing.ok()) << listing.error().Describe();
  EXPECT_TRUE(listing->truncated);
  EXPECT_EQ(listing->continuation, "1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=");
  ASSERT_EQ(listing->objects.size(), 2U);
  EXPECT_EQ(listing->objects[0].key, "a/\xc3\xa4 b+c");
  EXPECT_EQ(listing->objects[0].size, 12U);
  EXPECT_EQ(listing->objects[0].etag, "70ee1738b6b21e2c8a43f3a5ab0eee71");
  EXPECT_EQ(FormatUtcMicros(listing->objects[0].modified), "2026-01-02T03:04:05.000000Z");
  EXPECT_EQ(listing->objects[0].storage_class, "STANDARD");
  EXPECT_EQ(listing->objects[1].etag, "x-1");
  EXPECT_EQ(listing->objects[1].storage_class, "");
}

// What says "200 OK" and is no listing must not be taken for an empty bucket.
TEST(S3Xml, NothingElsePassesForAListing) {
  const std::string whole = kListing;
  const auto without = [&](const std::string& part, const std::string& instead) {
    std::string text = whole;
    text.replace(text.find(part), part.size(), instead);
    return text;
  };
  for (const std::string& text :
       {std::string(), std::string("<html><body>Welcome</body></html>"), whole.substr(0, 700),
        std::string("<ListBucketResult/>"), std::string("<Error><Code>X</Code></Error>"),
        without("<IsTruncated>true</IsTruncated>", ""),
        without("<IsTruncated>true", "<IsTruncated>perhaps"), without("<Size>12", "<Size>twelve"),
        without("<Size>12", "<Size>-12"), without("<Size>12", "<Size>99999999999999999999"),
        without("2026-01-02T03:04:05.678Z", "yesterday"), without("a%2F%C3%A4+b%2Bc", ""),
        without("a%2F%C3%A4+b%2Bc", "a%2")}) {
    const auto listing = ParseListing(AsBytes(text));
    ASSERT_FALSE(listing.ok()) << text;
    EXPECT_EQ(listing.error().code(), ErrorCode::kProtocol);
  }
}

// No entity is expanded, and none is fetched.
TEST(S3Xml, EntitiesStayWhatTheyAre) {
  const S3ErrorBody told = ParseErrorBody(
      AsBytes(R"(<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY b "boom">]>)"
              R"(<Error><Code>A&e;B&b;</Code></Error>)"));
  EXPECT_EQ(told.code, "A&e;B&b;");
}

TEST(S3Xml, ReadsErrorsWhateverIsMissing) {
  const S3ErrorBody told = ParseErrorBody(
      AsBytes("<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'x' is "
              "wrong</Message><Region>eu-west-1</Region></Error>"));
  EXPECT_EQ(told.code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(told.message, "the region 'x' is wrong");
  EXPECT_EQ(told.region, "eu-west-1");
  EXPECT_EQ(ParseErrorBody(AsBytes("<ErrorResponse><Error><Code>InvalidIdentityToken</Code>"
                                   "</Error></ErrorResponse>"))
                .code,
            "InvalidIdentityToken");
  for (const char* text : {"", "Bad Gateway", "<html/>", "<Error/>", "<Error><Code></Code>"}) {
    EXPECT_EQ(ParseErrorBody(AsBytes(text)).code, "") << text;
  }
}

// Servers must not write to our terminal.
TEST(S3Xml, ErrorsAreMadePrintableAndShort) {
  const S3ErrorBody told = ParseErrorBody(AsBytes("<Error><Code>A&#27;[2J</Code><Message>" +
                                                  std::string(5000, 'x') + "</Message></Error>"));
  EXPECT_EQ(told.code, "A?[2J");
  EXPECT_EQ(told.message.size(), 500U);
}

TEST(S3Xml, ReadsVersioning) {
  const auto versioned = [](const char* text) { return ParseVersioning(AsBytes(text)); };
  EXPECT_EQ(versioned("<VersioningConfiguration/>").value(), BucketVersions::kOff);
  EXPECT_EQ(versioned("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
                .value(),
            BucketVersions::kOn);
  EXPECT_EQ(
      versioned("<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>")
          .value(),
      BucketVersions::kSuspended);
  EXPECT_FALSE(versioned("<ListBucketResult/>").ok());
}

TEST(S3Xml, ReadsVersions) {
  const auto page = ParseVersionListing(AsBytes(
      "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>a%2Fb</NextKeyMarker>"
      "<NextVersionIdMarker>v1</NextVersionIdMarker>"
      "<DeleteMarker><Key>a%2Fb</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest>"
      "<LastModified>2026-01-01T00:00:02.700Z</LastModified></DeleteMarker>"
      "<Version><Key>a%2Fb</Key><VersionId>v1</VersionId><Size>7</Size><ETag>\"tag\"</ETag>"
      "<LastModified>2026-01-01T00:00:01.500Z</LastModified></Version></ListVersionsResult>"));
  ASSERT_TRUE(page.ok()) << page.error().Describe();
  EXPECT_TRUE(page->truncated);
  EXPECT_EQ(page->next_key, "a/b");
  EXPECT_EQ(page->next_id, "v1");
  ASSERT_EQ(page->versions.size(), 2U);
  EXPECT_TRUE(page->versions[0].deletion);
  EXPECT_EQ(page->versions[0].id, "v2");
  EXPECT_EQ(page->versions[0].object.key, "a/b");
  EXPECT_EQ(page->versions[0].time, ParseUtc("2026-01-01T00:00:02.700Z").value());
  EXPECT_FALSE(page->versions[1].deletion);
  EXPECT_EQ(page->versions[1].object.size, 7U);
  EXPECT_EQ(page->versions[1].object.etag, "tag");
  EXPECT_EQ(page->versions[1].object.modified, ParseUtc("2026-01-01T00:00:01Z").value());
  for (const char* text :
       {"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>",
        "<ListVersionsResult/>",
        "<ListVersionsResult><IsTruncated>true</IsTruncated></ListVersionsResult>",
        "<ListVersionsResult><IsTruncated>false</IsTruncated><Version><Key>a</Key><Size>1</Size>"
        "<LastModified>2026-01-01T00:00:01Z</LastModified></Version></ListVersionsResult>"}) {
    EXPECT_FALSE(ParseVersionListing(AsBytes(text)).ok()) << text;
  }
}

TEST(S3Xml, TellsTheNewestVersionAndItsClass) {
  const auto page = ParseVersionListing(AsBytes(
      "<ListVersionsResult><IsTruncated>false</IsTruncated>"
      "<Version><Key>a</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest><Size>1</Size>"
      "<StorageClass>GLACIER_IR</StorageClass><LastModified>2026-01-01T00:00:01Z</LastModified>"
      "</Version><Version><Key>a</Key><VersionId>v1</VersionId><IsLatest>false</IsLatest>"
      "<Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Version>"
      "</ListVersionsResult>"));
  ASSERT_TRUE(page.ok()) << page.error().Describe();
  EXPECT_TRUE(page->versions.at(0).latest);
  EXPECT_EQ(page->versions.at(0).object.storage_class, "GLACIER_IR");
  EXPECT_FALSE(page->versions.at(1).latest);
}

TEST(S3Xml, ReadsUploadsAndTheirParts) {
  const auto uploads = ParseUploadListing(
      AsBytes("<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
              "<NextKeyMarker>a%2Fb</NextKeyMarker><NextUploadIdMarker>u1</NextUploadIdMarker>"
              "<Upload><Key>a%2Fb</Key><UploadId>u1</UploadId><StorageClass>STANDARD</StorageClass>"
              "</Upload></ListMultipartUploadsResult>"));
  ASSERT_TRUE(uploads.ok()) << uploads.error().Describe();
  EXPECT_TRUE(uploads->truncated);
  EXPECT_EQ(uploads->next_key, "a/b");
  EXPECT_EQ(uploads->next_id, "u1");
  ASSERT_EQ(uploads->uploads.size(), 1U);
  EXPECT_EQ(uploads->uploads.at(0).key, "a/b");
  EXPECT_EQ(uploads->uploads.at(0).storage_class, "STANDARD");
  const auto parts = [](const std::string& text) {
    return ParsePartListing(AsBytes("<ListPartsResult>" + text + "</ListPartsResult>"));
  };
  const auto page = parts(
      "<IsTruncated>true</IsTruncated><NextPartNumberMarker>2</NextPartNumberMarker>"
      "<Part><Size>5</Size></Part><Part><Size>7</Size></Part>");
  ASSERT_TRUE(page.ok()) << page.error().Describe();
  EXPECT_EQ(page->parts, 2U);
  EXPECT_EQ(page->bytes, 12U);
  EXPECT_TRUE(page->truncated);
  EXPECT_EQ(page->next_part, "2");
  const std::string huge = "<Part><Size>18446744073709551615</Size></Part>";
  EXPECT_FALSE(parts("<IsTruncated>false</IsTruncated>" + huge).ok());
  EXPECT_FALSE(parts("<Part><Size>5</Size></Part>").ok());
  EXPECT_FALSE(ParseUploadListing(AsBytes("<ListBucketResult/>")).ok());
}

TEST(S3Xml, ReadsAssumedRoles) {
  const auto found = ParseAssumedRole(AsBytes(
      "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
      "<AssumeRoleWithWebIdentityResult><Credentials><SessionToken>tok/en</SessionToken>"
      "<SecretAccessKey>secret</SecretAccessKey><Expiration>2026-01-01T01:00:00Z</Expiration>"
      "<AccessKeyId>ASIA1</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>"
      "</AssumeRoleWithWebIdentityResponse>"));
  ASSERT_TRUE(found.ok()) << found.error().Describe();
  EXPECT_EQ(found->access_key, "ASIA1");
  EXPECT_EQ(AsText(found->secret_key.Expose()), "secret");
  EXPECT_EQ(AsText(found->session_token.Expose()), "tok/en");
  EXPECT_EQ(FormatUtc(found->expires.value()), "2026-01-01T01:00:00Z");
  EXPECT_FALSE(ParseAssumedRole(AsBytes("<Error/>")).ok());
}

}  // namespace
}  // namespace pgkeep::storage

// What is made of listings that fail or lie on a later page. What real servers list is compared
// with what others see there by tests/cli.
#include "storage/s3/bucket_inventory.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "storage/s3/make_client.h"
#include "storage/s3/s3_test_kit.h"
#include "testing/fake_clock.h"
#include "testing/http_server.h"

namespace pgkeep::storage {
namespace {

using testing::HttpServer;
using testing::HttpServerAnswer;
using testing::HttpServerRequest;
using testing::MakeAnswer;

enum class Listing { kObjects, kVersions, kUploads };

std::string NameOf(const ::testing::TestParamInfo<Listing>& listing) {
  constexpr std::array<const char*, 3> kNames = {"Objects", "Versions", "Uploads"};
  return kNames.at(static_cast<size_t>(listing.param));
}

// Each listing of the bucket has a page with "base/a" and then what a test wants.
class BucketInventoryTest : public ::testing::TestWithParam<Listing> {
 protected:
  BucketInventoryTest()
      : server_([this](const HttpServerRequest& request) { return React(request); }) {}

  // A page with one entry.
  static HttpServerAnswer Page(const std::string& key, bool last) {
    const std::string key_element = "<Key>" + key + "</Key>";
    const std::string about =
        key_element + "<Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified>";
    std::string root;
    std::string entry;
    switch (GetParam()) {
      case Listing::kObjects:
        root = "ListBucketResult";
        entry = "<Contents>" + about + "</Contents>";
        break;
      case Listing::kVersions:
        root = "ListVersionsResult";
        entry = "<Version>" + about + "<VersionId>1</VersionId></Version>";
        break;
      case Listing::kUploads:
        root = "ListMultipartUploadsResult";
        entry = "<Upload>" + key_element + "<UploadId>1</UploadId></Upload>";
        break;
    }
    return MakeAnswer(200, "<" + root + "><IsTruncated>" + (last ? "false" : "true") +
                               "</IsTruncated><NextContinuationToken>2</NextContinuationToken>" +
                               entry + "</" + root + ">");
  }

  // Reads both pages, and counts what is seen.
  Status Read(HttpServerAnswer second) {
    second_ = std::move(second);
    seen_ = 0;
    const auto client = MakeS3Client(OptionsForTests(server_, clock_));
    PGK_CHECK(client.ok(), client.ok() ? "" : client.error().Describe());
    const auto count = [this](const auto& /*entry*/) -> Status {
      ++seen_;
      return Ok();
    };
    switch (GetParam()) {
      case Listing::kObjects:
        return ReadInventory(**client, "bucket", "base/", count);
      case Listing::kVersions:
        return ReadVersionInventory(**client, "bucket", "base/", count);
      case Listing::kUploads:
        break;
    }
    return ReadUploads(**client, "bucket", "base/", count);
  }

  // The error of a reading that ends at the second page.
  std::string ErrorOf(HttpServerAnswer second) {
    const Status read = Read(std::move(second));
    EXPECT_EQ(seen_, 1U);
    if (read.ok()) return "ok";
    EXPECT_NE(read.error().hint(), "");
    return std::string(CodeName(read.error().code())) + ": " + read.error().ToString();
  }

  size_t seen_ = 0;

 private:
  HttpServerAnswer React(const HttpServerRequest& request) {
    if (request.target.find("uploadId=") != std::string::npos) {
      return MakeAnswer(200, "<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>");
    }
    const bool second = request.target.find("continuation-token=") != std::string::npos ||
                        request.target.find("key-marker=") != std::string::npos;
    return second ? second_ : Page("base/a", false);
  }

  testing::FakeClock clock_;
  HttpServerAnswer second_;
  HttpServer server_;
};

TEST_P(BucketInventoryTest, ReadsEveryPage) {
  const Status read = Read(Page("base/b", true));
  EXPECT_TRUE(read.ok()) << read.error().Describe();
  EXPECT_EQ(seen_, 2U);
}

// Those who are told of it cut the prefix off.
TEST_P(BucketInventoryTest, AKeyThatWasNotAskedForIsAnError) {
  for (const char* key : {"b", "other/b", "bas"}) {
    EXPECT_EQ(ErrorOf(Page(key, true)),
              "protocol: a listing of bucket bucket shows what was not asked for")
        << key;
  }
}

TEST_P(BucketInventoryTest, ALaterPageThatFailsIsAnError) {
  EXPECT_NE(ErrorOf(MakeAnswer(403, "<Error><Code>AccessDenied</Code></Error>"))
                .find("permission: bucket bucket is not allowed: s3:ListBucket"),
            std::string::npos);
  EXPECT_NE(ErrorOf(MakeAnswer(200, "<html/>")).find("protocol: the server's answer is no list"),
            std::string::npos);
}

TEST_P(BucketInventoryTest, AListingThatDoesNotGetOnIsAnError) {
  const Status read = Read(Page("base/a", false));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().ToString(), "a listing of bucket bucket does not get on");
}

INSTANTIATE_TEST_SUITE_P(All, BucketInventoryTest,
                         ::testing::Values(Listing::kObjects, Listing::kVersions,
                                           Listing::kUploads),
                         NameOf);

}  // namespace
}  // namespace pgkeep::storage

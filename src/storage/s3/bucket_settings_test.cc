// What stands beside the rules of a bucket, which Amazon says and Ceph does not. All else is tested
// with a real server by tests/cli.
#include "storage/s3/bucket_settings.h"

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

constexpr char kHeader[] = "x-amz-transition-default-minimum-object-size";
constexpr char kRules[] =
    "<LifecycleConfiguration><Rule><ID>a</ID><Filter><Prefix/></Filter><Status>Enabled</Status>"
    "<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition></Rule>"
    "</LifecycleConfiguration>";

class BucketSettingsTest : public ::testing::Test {
 protected:
  BucketSettingsTest()
      : server_([this](const HttpServerRequest& request) {
          return request.method == "GET" ? rules_ : MakeAnswer(200);
        }) {
    auto client = MakeS3Client(OptionsForTests(server_, clock_));
    PGK_CHECK(client.ok(), client.ok() ? "" : client.error().Describe());
    client_ = std::move(client).value();
  }

  LifecycleConfiguration Read() {
    const auto found = BucketSettings(*client_, "bucket").Lifecycle();
    EXPECT_TRUE(found.ok()) << found.error().Describe();
    return found.ok() ? *found : LifecycleConfiguration();
  }

  HttpServerRequest Write(const LifecycleConfiguration& configuration) {
    const Status written = BucketSettings(*client_, "bucket").SetLifecycle(configuration);
    EXPECT_TRUE(written.ok()) << written.error().Describe();
    return server_.requests().back();
  }

  HttpServerAnswer rules_;
  testing::FakeClock clock_;
  HttpServer server_;
  std::unique_ptr<S3Client> client_;
};

TEST_F(BucketSettingsTest, TheLeastSizeOfWhatMovesIsReadAndWrittenBack) {
  rules_ = MakeAnswer(200, kRules, {std::string(kHeader) + ": varies_by_storage_class"});
  const LifecycleConfiguration found = Read();
  EXPECT_EQ(found.rules.size(), 1U);
  EXPECT_EQ(found.transition_minimum, "varies_by_storage_class");
  const HttpServerRequest written = Write(found);
  EXPECT_EQ(written.method, "PUT");
  EXPECT_EQ(written.target, "/bucket/?lifecycle=");
  EXPECT_EQ(written.Header(kHeader), "varies_by_storage_class");
  // What is not signed, anybody in between could change.
  EXPECT_NE(written.Header("authorization").find(kHeader), std::string::npos);
}

// Empty is not a size that Amazon knows.
TEST_F(BucketSettingsTest, ALeastSizeThatWasNotToldIsNotWritten) {
  for (const HttpServerAnswer& answer :
       {MakeAnswer(200, kRules),
        MakeAnswer(404, "<Error><Code>NoSuchLifecycleConfiguration</Code></Error>")}) {
    rules_ = answer;
    const LifecycleConfiguration found = Read();
    EXPECT_EQ(found.transition_minimum, "");
    for (const auto& [name, value] : Write(found).headers) EXPECT_NE(name, kHeader) << value;
  }
}

}  // namespace
}  // namespace pgkeep::storage

// What the store makes of answers, good and bad. What real servers answer is tested by tests/s3.
#include "storage/s3/s3_store.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"
#include "base/hex.h"
#include "base/mutex.h"
#include "crypto/hash.h"
#include "storage/s3/probe.h"
#include "storage/s3/s3_test_kit.h"
#include "storage/store_util.h"
#include "testing/fake_clock.h"
#include "testing/http_server.h"

namespace pgkeep::storage {
namespace {

using testing::FakeClock;
using testing::HttpServer;
using testing::HttpServerAnswer;
using testing::HttpServerRequest;
using testing::MakeAnswer;
using Then = HttpServerAnswer::Then;

constexpr char kEmptyPage[] =
    "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";

std::string ErrorXml(const std::string& code) { return "<Error><Code>" + code + "</Code></Error>"; }

// Answers with what a test has queued for a method, then with what is usual.
class S3StoreTest : public ::testing::Test {
 protected:
  using Reaction = std::function<HttpServerAnswer(const HttpServerRequest&)>;

  S3StoreTest() : server_([this](const HttpServerRequest& request) { return React(request); }) {
    auto opened = OpenS3Store(Options());
    PGK_CHECK(opened.ok(), opened.ok() ? "" : opened.error().Describe());
    store_ = std::move(opened).value();
    opening_ = server_.requests().size();
  }

  S3StoreOptions Options() {
    S3StoreOptions options = OptionsForTests(server_, clock_);
    options.prefix = "base";
    options.stop = stop_.get_token();
    options.stall_timeout = std::chrono::seconds(1);
    return options;
  }

  // For the next request with this method.
  void Next(const std::string& method, Reaction reaction) {
    const MutexLock lock(mutex_);
    queued_[method].push_back(std::move(reaction));
  }
  void Next(const std::string& method, HttpServerAnswer answer) {
    Next(method, [answer = std::move(answer)](const HttpServerRequest&) { return answer; });
  }

  // For the next opening: the bucket makes versions, and keeps this report of a probe.
  void KeptReportIs(const std::string& report) {
    Next("GET", MakeAnswer(200, kEmptyPage));
    Next("GET", MakeAnswer(200,
                           "<VersioningConfiguration><Status>Enabled</Status>"
                           "</VersioningConfiguration>"));
    Next("GET", MakeAnswer(200,
                           "<ListBucketResult><IsTruncated>false</IsTruncated><Contents>"
                           "<Key>base/probe/report.20260101T000000Z.0123456789abcdef</Key>"
                           "<Size>1</Size>"
                           "<LastModified>2026-01-01T00:00:00Z</LastModified></Contents>"
                           "</ListBucketResult>"));
    Next("GET", MakeAnswer(200, report));
  }
  // One that found the condition to work in a bucket that was so.
  void KeptReportSays(BucketVersions versions, const std::string& place_suffix = "") {
    KeptReportIs(FormatProbeReport(
        {.place = ProbePlace(Options()) + place_suffix,
         .versions = versions,
         .findings = {{std::string(kProbeConditionalCreate), ProbeVerdict::kYes, ""}}}));
  }

  // The requests since the store was opened.
  std::vector<HttpServerRequest> Requests() const {
    std::vector<HttpServerRequest> all = server_.requests();
    return {all.begin() + static_cast<std::ptrdiff_t>(opening_), all.end()};
  }

  HttpServerAnswer React(const HttpServerRequest& request) {
    {
      const MutexLock lock(mutex_);
      auto& queue = queued_[request.method];
      if (!queue.empty()) {
        const Reaction reaction = std::move(queue.front());
        queue.erase(queue.begin());
        return reaction(request);
      }
    }
    if (request.target.find("?versioning") != std::string::npos) {
      return MakeAnswer(200, "<VersioningConfiguration/>");
    }
    if (request.target.find("list-type=2") != std::string::npos) {
      return MakeAnswer(200, kEmptyPage);
    }
    return MakeAnswer(200, "", {"ETag: \"tag\"", "Date: Thu, 01 Jan 2026 00:00:00 GMT"});
  }

  template <class Outcome>
  static std::string CodeOf(const Outcome& outcome) {
    return outcome.ok() ? "ok" : std::string(CodeName(outcome.error().code()));
  }

  FakeClock clock_;
  std::stop_source stop_;
  Mutex mutex_;
  std::map<std::string, std::vector<Reaction>> queued_ PGK_GUARDED_BY(mutex_);
  HttpServer server_;
  std::unique_ptr<S3Store> store_;
  size_t opening_ = 0;
};

TEST_F(S3StoreTest, CreatesWithOneSignedConditionalRequest) {
  const auto created = store_->CreateIfAbsent("p/1", AsBytes("bytes"));
  ASSERT_TRUE(created.ok()) << created.error().Describe();
  EXPECT_EQ(created->size, 5U);
  EXPECT_EQ(created->etag, "tag");
  const auto requests = Requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].target, "/bucket/base/p/1");
  EXPECT_EQ(requests[0].Header("if-none-match"), "*");
  EXPECT_EQ(requests[0].Header("x-amz-content-sha256"),
            HexEncode(crypto::Sha256(AsBytes("bytes"))));
  const std::string authorization = requests[0].Header("authorization");
  for (const char* name : {"host", "if-none-match", "x-amz-content-sha256", "x-amz-date"}) {
    EXPECT_NE(authorization.find(name), std::string::npos) << name;
  }
  EXPECT_NE(authorization.find("/20260101/eu-west-1/s3/aws4_request"), std::string::npos);
}

// What has no name that pgkeep gives is passed over by whole pages, not one by one.
TEST_F(S3StoreTest, StrangersDoNotMakeListingsSlow) {
  const auto page = [](int from, int to, bool more) {
    std::string xml = "<ListBucketResult><IsTruncated>" + std::string(more ? "true" : "false") +
                      "</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
    for (int i = from; i < to; ++i) {
      xml += "<Contents><Key>base/" + std::string(i < 500 ? ".hidden/" : "p/") +
             std::to_string(1000 + i) +
             "</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>";
    }
    return MakeAnswer(200, xml + "</ListBucketResult>");
  };
  Next("GET", page(0, 1, true));
  Next("GET", page(1, 503, false));
  const auto listed = store_->List("", "", 1);
  ASSERT_TRUE(listed.ok()) << listed.error().Describe();
  ASSERT_EQ(listed->objects.size(), 1U);
  EXPECT_EQ(listed->objects[0].key, "p/1500");
  EXPECT_EQ(listed->next, "p/1500");
  const auto requests = Requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_NE(requests[0].target.find("max-keys=1&"), std::string::npos);
  EXPECT_NE(requests[1].target.find("max-keys=1000"), std::string::npos);
}

// The bytes change on their way once, or are wrong where they lie.
TEST_F(S3StoreTest, ReadsAgainWhatIsNotAsItWasStored) {
  const std::string stored = HexEncode(crypto::Sha256(AsBytes("bytes")));
  ASSERT_TRUE(store_->CreateIfAbsent("p/1", AsBytes("bytes")).ok());
  EXPECT_EQ(Requests().back().Header("x-amz-meta-pgkeep-sha256"), stored);

  const std::string field = "x-amz-meta-pgkeep-sha256: " + stored;
  Next("GET", MakeAnswer(200, "bytez", {field}));
  Next("GET", MakeAnswer(200, "bytes", {field}));
  const auto healed = store_->Get("p/1", 10);
  ASSERT_TRUE(healed.ok()) << healed.error().Describe();
  EXPECT_EQ(AsText(*healed), "bytes");
  EXPECT_EQ(Requests().size(), 3U);

  for (int i = 0; i < 2; ++i) Next("GET", MakeAnswer(200, "rotten", {field}));
  const auto rotten = store_->Get("p/1", 10);
  ASSERT_TRUE(rotten.ok()) << rotten.error().Describe();
  EXPECT_EQ(AsText(*rotten), "rotten");
  EXPECT_EQ(Requests().size(), 5U);

  Next("GET", MakeAnswer(200, "of others"));
  EXPECT_EQ(CodeOf(store_->Get("p/1", 10)), "ok");
  EXPECT_EQ(Requests().size(), 6U);
}

TEST_F(S3StoreTest, OpeningListsAndAsksForVersions) {
  const auto requests = server_.requests();
  ASSERT_EQ(opening_, 2U);
  EXPECT_NE(requests[0].target.find("list-type=2"), std::string::npos);
  EXPECT_EQ(requests[1].target, "/bucket/?versioning=");
  EXPECT_EQ(store_->Url(), "s3://bucket/base");
  EXPECT_TRUE(store_->features().conditional_create);
}

// Ceph 16 takes the condition and ignores it there.
TEST_F(S3StoreTest, VersionedBucketsElsewhereHaveNoConditionalCreate) {
  Next("GET", MakeAnswer(200, kEmptyPage));
  Next("GET", MakeAnswer(200,
                         "<VersioningConfiguration><Status>Enabled</Status>"
                         "</VersioningConfiguration>"));
  const auto versioned = OpenS3Store(Options());
  ASSERT_TRUE(versioned.ok()) << versioned.error().Describe();
  EXPECT_TRUE((*versioned)->features().versioned);
  EXPECT_FALSE((*versioned)->features().conditional_create);
  EXPECT_EQ(CodeOf((*versioned)->CreateIfAbsent("a", {})), "unsupported");
}

std::string VersionsXml(const std::string& versions) {
  return "<ListVersionsResult><IsTruncated>false</IsTruncated>" + versions +
         "</ListVersionsResult>";
}

std::string VersionXml(const std::string& id) {
  return "<Version><Key>base/dec/1</Key><VersionId>" + id +
         "</VersionId><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Version>";
}

// A report about a bucket whose versions were suspended says nothing about it once it makes them
// again, and neither does one that cannot be read.
TEST_F(S3StoreTest, AReportProvesTheConditionForTheBucketAsItWasOnly) {
  KeptReportSays(BucketVersions::kSuspended);
  const auto store = OpenS3Store(Options());
  ASSERT_TRUE(store.ok()) << store.error().Describe();
  EXPECT_FALSE((*store)->features().conditional_create);
  KeptReportSays(BucketVersions::kOn, "/other");
  const auto copied = OpenS3Store(Options());
  ASSERT_TRUE(copied.ok()) << copied.error().Describe();
  EXPECT_FALSE((*copied)->features().conditional_create);
  KeptReportIs("junk");
  const auto other = OpenS3Store(Options());
  ASSERT_TRUE(other.ok()) << other.error().Describe();
  EXPECT_FALSE((*other)->features().conditional_create);
}

// A condition is met where the object is only hidden; the one that was there first counts.
TEST_F(S3StoreTest, CreationsBehindADeletionMarkAreNone) {
  KeptReportSays(BucketVersions::kOn);
  S3StoreOptions options = Options();
  options.oldest = {.read = {"dec/"}, .listed = {"dec/"}};
  const auto store = OpenS3Store(options);
  ASSERT_TRUE(store.ok()) << store.error().Describe();
  EXPECT_TRUE((*store)->features().conditional_create);

  Next("PUT", MakeAnswer(200, "", {"ETag: \"t\"", "x-amz-version-id: v2"}));
  Next("GET", MakeAnswer(200, VersionsXml(VersionXml("v2") +
                                          "<DeleteMarker><Key>base/dec/1</Key>"
                                          "<VersionId>m</VersionId><LastModified>"
                                          "2026-01-01T00:00:00Z</LastModified></DeleteMarker>" +
                                          VersionXml("v1"))));
  EXPECT_EQ(CodeOf((*store)->CreateIfAbsent("dec/1", AsBytes("x"))), "already_exists");
  EXPECT_NE(Requests().back().target.find("versions="), std::string::npos);

  Next("PUT", MakeAnswer(200, "", {"ETag: \"t\"", "x-amz-version-id: v1"}));
  EXPECT_EQ(CodeOf((*store)->CreateIfAbsent("dec/1", AsBytes("x"))), "ok");
}

// As Ceph answers: keys are encoded, and the marker of the next page is not.
TEST_F(S3StoreTest, ListsVersionsBeyondAKeyOfOthersThatIsEncoded) {
  KeptReportSays(BucketVersions::kOn);
  S3StoreOptions options = Options();
  options.oldest = {.read = {"dec/"}, .listed = {"dec/"}};
  const auto store = OpenS3Store(options);
  ASSERT_TRUE(store.ok()) << store.error().Describe();
  Next("GET", MakeAnswer(200,
                         "<ListVersionsResult><IsTruncated>true</IsTruncated>"
                         "<NextKeyMarker>base/dec/0+%</NextKeyMarker>"
                         "<NextVersionIdMarker>v</NextVersionIdMarker><Version>"
                         "<Key>base%2Fdec%2F0%2B%25</Key><VersionId>v</VersionId><Size>1</Size>"
                         "<LastModified>2026-01-01T00:00:00Z</LastModified></Version>"
                         "</ListVersionsResult>"));
  Next("GET", MakeAnswer(200, VersionsXml(VersionXml("v1"))));
  const auto page = (*store)->List("dec/", "", 10);
  ASSERT_TRUE(page.ok()) << page.error().Describe();
  ASSERT_EQ(page->objects.size(), 1U);
  EXPECT_EQ(page->objects.at(0).key, "dec/1");
  EXPECT_NE(Requests().back().target.find("key-marker=base%2Fdec%2F0%2B%25"), std::string::npos)
      << Requests().back().target;
}

TEST_F(S3StoreTest, ProbingTellsServersThatIgnoreTheCondition) {
  S3StoreOptions options = Options();
  options.probe = true;
  const auto ignoring = OpenS3Store(options);
  ASSERT_TRUE(ignoring.ok()) << ignoring.error().Describe();
  EXPECT_FALSE((*ignoring)->features().conditional_create);
  Next("PUT", MakeAnswer(200, "", {"ETag: \"t\""}));
  Next("PUT", MakeAnswer(412, ErrorXml("PreconditionFailed")));
  const auto keeping = OpenS3Store(options);
  ASSERT_TRUE(keeping.ok()) << keeping.error().Describe();
  EXPECT_TRUE((*keeping)->features().conditional_create);
  EXPECT_EQ(Requests().back().method, "DELETE");
  EXPECT_TRUE(Requests().back().target.starts_with("/bucket/base/probe/"));
  Next("PUT", MakeAnswer(501, ErrorXml("NotImplemented")));
  const auto refusing = OpenS3Store(options);
  ASSERT_TRUE(refusing.ok()) << refusing.error().Describe();
  EXPECT_FALSE((*refusing)->features().conditional_create);
}

// The answer is lost, the object is there: the repeated request meets our own.
TEST_F(S3StoreTest, LostAnswerToACreationIsResolvedByItsNumber) {
  std::string number;
  Next("PUT", [&number](const HttpServerRequest& request) -> HttpServerAnswer {
    number = request.Header("x-amz-meta-pgkeep-creation");
    return {"", Then::kReset};
  });
  Next("PUT", MakeAnswer(412, ErrorXml("PreconditionFailed")));
  Next("HEAD", [&number](const HttpServerRequest&) -> HttpServerAnswer {
    return {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"tag\"\r\n"
        "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
        "x-amz-meta-pgkeep-creation: " +
        number + "\r\n\r\n"};
  });
  const auto created = store_->CreateIfAbsent("dec/1", AsBytes("bytes"));
  ASSERT_TRUE(created.ok()) << created.error().Describe();
  EXPECT_EQ(created->size, 5U);
  EXPECT_FALSE(number.empty());
  EXPECT_EQ(Requests().size(), 3U);
}

TEST_F(S3StoreTest, AnotherWritersObjectIsNeverOurs) {
  Next("PUT", HttpServerAnswer{"", Then::kReset});
  Next("PUT", MakeAnswer(412, ErrorXml("PreconditionFailed")));
  Next("HEAD", HttpServerAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
                                "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                                "x-amz-meta-pgkeep-creation: 00\r\n\r\n"});
  EXPECT_EQ(CodeOf(store_->CreateIfAbsent("dec/1", AsBytes("bytes"))), "already_exists");
  // Without the right to look.
  Next("PUT", MakeAnswer(412, ErrorXml("PreconditionFailed")));
  Next("HEAD", MakeAnswer(403));
  EXPECT_EQ(CodeOf(store_->CreateIfAbsent("dec/1", AsBytes("bytes"))), "already_exists");
}

TEST_F(S3StoreTest, PassingFailuresAreRepeatedWithPauses) {
  Next("GET", MakeAnswer(503, ErrorXml("SlowDown")));
  Next("GET", MakeAnswer(500, ErrorXml("InternalError")));
  Next("GET", MakeAnswer(429));
  Next("GET", MakeAnswer(408));
  Next("GET", HttpServerAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", Then::kReset});
  Next("GET", HttpServerAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nby", Then::kClose});
  Next("GET", MakeAnswer(200, "bytes"));
  const auto read = store_->Get("p/1", 100);
  ASSERT_TRUE(read.ok()) << read.error().Describe();
  EXPECT_EQ(AsText(*read), "bytes");
  EXPECT_EQ(Requests().size(), 7U);
  EXPECT_EQ(store_->counts().repeated, 6U);
  EXPECT_EQ(clock_.sleeps().size(), 6U);
  for (const Duration pause : clock_.sleeps()) EXPECT_LE(pause, std::chrono::seconds(10));
}

TEST_F(S3StoreTest, ConflictOfTwoConditionalRequestsIsRepeated) {
  Next("PUT", MakeAnswer(409, ErrorXml("ConditionalRequestConflict")));
  EXPECT_EQ(CodeOf(store_->CreateIfAbsent("a", AsBytes("x"))), "ok");
  EXPECT_EQ(Requests().size(), 2U);
}

TEST_F(S3StoreTest, ErrorBehindASuccessIsAnError) {
  Next("PUT", MakeAnswer(200, ErrorXml("InternalError")));
  EXPECT_EQ(CodeOf(store_->Put("a", AsBytes("x"))), "ok");
  EXPECT_EQ(Requests().size(), 2U);
  Next("PUT", MakeAnswer(200, ErrorXml("AccessDenied")));
  EXPECT_EQ(CodeOf(store_->Put("a", AsBytes("x"))), "permission");
  Next("DELETE", MakeAnswer(200, ErrorXml("AccessDenied")));
  EXPECT_EQ(CodeOf(store_->Delete("a")), "permission");
}

TEST_F(S3StoreTest, ObjectsMayLookLikeErrors) {
  Next("GET", MakeAnswer(200, ErrorXml("InternalError")));
  EXPECT_EQ(CodeOf(store_->Get("a", 1000)), "ok");
}

TEST_F(S3StoreTest, WhatMeansSomethingIsNotRepeated) {
  for (const auto& [status, code] :
       std::vector<std::pair<int, std::string>>{{403, "AccessDenied"},
                                                {404, "NoSuchKey"},
                                                {400, "InvalidArgument"},
                                                {403, "SignatureDoesNotMatch"},
                                                {501, "NotImplemented"}}) {
    const size_t before = Requests().size();
    Next("GET", MakeAnswer(status, ErrorXml(code)));
    EXPECT_FALSE(store_->Get("a", 10).ok());
    EXPECT_EQ(Requests().size(), before + 1) << code;
  }
}

TEST_F(S3StoreTest, GivesUpWithTheLastError) {
  for (int i = 0; i < 20; ++i) Next("GET", MakeAnswer(503, ErrorXml("SlowDown")));
  const auto read = store_->Get("a", 10);
  EXPECT_EQ(CodeOf(read), "unavailable");
  EXPECT_EQ(Requests().size(), 8U);
  EXPECT_NE(read.error().Describe().find("giving up after 8 attempts"), std::string::npos);
  EXPECT_NE(read.error().Describe().find("SlowDown"), std::string::npos);
}

TEST_F(S3StoreTest, AStopEndsRepetitionsButNotRequests) {
  stop_.request_stop();
  Next("DELETE", MakeAnswer(204));
  EXPECT_EQ(CodeOf(store_->Delete("lease/1")), "ok");
  Next("DELETE", MakeAnswer(503, ErrorXml("SlowDown")));
  EXPECT_EQ(CodeOf(store_->Delete("lease/1")), "cancelled");
}

TEST_F(S3StoreTest, ExpiredCredentialsAreRenewedOnce) {
  Next("GET", MakeAnswer(400, ErrorXml("ExpiredToken")));
  Next("GET", MakeAnswer(200, "bytes"));
  EXPECT_EQ(CodeOf(store_->Get("a", 10)), "ok");
  Next("GET", MakeAnswer(400, ErrorXml("ExpiredToken")));
  Next("GET", MakeAnswer(400, ErrorXml("ExpiredToken")));
  const auto read = store_->Get("a", 10);
  EXPECT_EQ(CodeOf(read), "unauthenticated");
  EXPECT_NE(read.error().message().find("expired"), std::string::npos);
}

TEST_F(S3StoreTest, RangesMustBeWhatWasAskedFor) {
  Bytes out(5);
  Next("GET", MakeAnswer(206, "12345"));
  EXPECT_EQ(CodeOf(store_->GetRange("a", 3, out)), "ok");
  EXPECT_EQ(Requests().back().Header("range"), "bytes=3-7");
  Next("GET", MakeAnswer(206, "123"));
  EXPECT_EQ(CodeOf(store_->GetRange("a", 3, out)), "corruption");
  Next("GET", MakeAnswer(416, ErrorXml("InvalidRange")));
  EXPECT_EQ(CodeOf(store_->GetRange("a", 3, out)), "corruption");
  // A server that knows no ranges.
  Next("GET", MakeAnswer(200, "12345"));
  EXPECT_EQ(CodeOf(store_->GetRange("a", 3, out)), "protocol");
  Next("GET", MakeAnswer(200, "1234567"));
  EXPECT_EQ(CodeOf(store_->GetRange("a", 0, out)), "limit_exceeded");
}

TEST_F(S3StoreTest, AnswersWithoutALengthAreNotTrusted) {
  Next("GET", HttpServerAnswer{"HTTP/1.1 200 OK\r\n\r\nby", Then::kClose});
  EXPECT_EQ(CodeOf(store_->Get("a", 10)), "protocol");
}

std::string Page(const std::vector<std::string>& keys, const std::string& continuation) {
  std::string xml = "<ListBucketResult><IsTruncated>";
  xml += continuation.empty() ? "false" : "true";
  xml += "</IsTruncated><NextContinuationToken>" + continuation + "</NextContinuationToken>";
  for (const std::string& key : keys) {
    xml += "<Contents><Key>base/" + key +
           "</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><Size>1</Size></Contents>";
  }
  return xml + "</ListBucketResult>";
}

// What a console left under the prefix is skipped, also where a page ends with it.
TEST_F(S3StoreTest, ListingsGoOnBehindForeignNames) {
  Next("GET", MakeAnswer(200, Page({"", "a", "b%0A"}, "t1")));
  Next("GET", MakeAnswer(200, Page({".hidden", "c"}, "t2")));
  const auto page = store_->List("", "", 10);
  ASSERT_TRUE(page.ok()) << page.error().Describe();
  ASSERT_EQ(page->objects.size(), 2U);
  EXPECT_EQ(page->objects[0].key, "a");
  EXPECT_EQ(page->objects[1].key, "c");
  EXPECT_EQ(page->next, "c");
  EXPECT_NE(Requests().back().target.find("continuation-token=t1"), std::string::npos);
}

TEST_F(S3StoreTest, ListingsThatDoNotGetOnAreErrors) {
  Next("GET", MakeAnswer(200, Page({"a"}, "t1")));
  EXPECT_EQ(CodeOf(store_->List("", "a", 10)), "protocol");
  Next("GET", MakeAnswer(200, Page({}, "t1")));
  EXPECT_EQ(CodeOf(store_->List("", "", 10)), "protocol");
  Next("GET", MakeAnswer(200, "<html/>"));
  EXPECT_EQ(CodeOf(store_->List("", "", 10)), "protocol");
}

TEST_F(S3StoreTest, DeletingWhatIsNotThereNeedsTheBucket) {
  Next("DELETE", MakeAnswer(404, ErrorXml("NoSuchKey")));
  EXPECT_EQ(CodeOf(store_->Delete("a")), "ok");
  Next("DELETE", MakeAnswer(404, ErrorXml("NoSuchBucket")));
  Next("GET", MakeAnswer(404, ErrorXml("NoSuchBucket")));
  EXPECT_EQ(CodeOf(store_->Delete("a")), "not_found");
}

TEST_F(S3StoreTest, StorageClassIsAskedFor) {
  S3StoreOptions options = Options();
  options.settings.storage_class = "STANDARD_IA";
  const auto store = OpenS3Store(options);
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->Put("a", AsBytes("x")).ok());
  EXPECT_EQ(Requests().back().Header("x-amz-storage-class"), "STANDARD_IA");
}

TEST(S3Prefix, IsLikeAKey) {
  for (const char* prefix : {"", "a", "pg/prod-1", "A_b.c"}) {
    EXPECT_TRUE(ValidatePrefix(prefix).ok()) << prefix;
  }
  for (const std::string& prefix : {std::string("/a"), std::string("a/"), std::string("a//b"),
                                    std::string(".a"), std::string("a b"), std::string(512, 'a')}) {
    EXPECT_FALSE(ValidatePrefix(prefix).ok()) << prefix;
  }
}

}  // namespace
}  // namespace pgkeep::storage

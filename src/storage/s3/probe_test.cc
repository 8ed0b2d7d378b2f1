// What a probe concludes about servers of all kinds. tests/s3 has it with a real one.
#include "storage/s3/probe.h"

#include <gtest/gtest.h>

#include <map>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/hex.h"
#include "base/mutex.h"
#include "crypto/hash.h"
#include "storage/s3/s3_test_kit.h"
#include "testing/fake_clock.h"
#include "testing/http_server.h"

namespace pgkeep::storage {
namespace {

using testing::FakeClock;
using testing::HttpServer;
using testing::HttpServerAnswer;
using testing::HttpServerRequest;
using testing::MakeAnswer;

// How a bucket is.
struct Manners {
  enum class Condition { kHeeded, kIgnored, kRefused } condition = Condition::kHeeded;
  bool demands_condition = false;
  int lost_answers = 0;             // the first creations that succeed are told as 503
  bool versions_come_late = false;  // they are switched on when the first listing is asked for
};

// Objects by their paths.
class Bucket {
 public:
  explicit Bucket(Manners manners)
      : manners_(manners),
        server_([this](const HttpServerRequest& request) { return React(request); }) {}

  S3StoreOptions Options() {
    S3StoreOptions options = OptionsForTests(server_, clock_);
    options.prefix = "base";
    options.stop = stop.get_token();
    return options;
  }

  // The only object that is left.
  std::string OnlyObject() {
    const MutexLock lock(mutex_);
    return objects_.size() == 1 ? objects_.begin()->first : std::to_string(objects_.size());
  }

  std::stop_source stop;

 private:
  static HttpServerAnswer Refuse(int status, const std::string& code) {
    return MakeAnswer(status, "<Error><Code>" + code + "</Code></Error>");
  }

  HttpServerAnswer React(const HttpServerRequest& request) {
    const MutexLock lock(mutex_);
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (request.method == "PUT") return Create(path, request);
    if (request.method == "DELETE") {
      objects_.erase(path);
      return MakeAnswer(204);
    }
    if (request.method == "HEAD") {
      return MakeAnswer(200, "", {"Date: Thu, 01 Jan 2026 00:00:00 GMT"});
    }
    if (request.target.find("?versioning") != std::string::npos) {
      return MakeAnswer(200, versions_on_ ? "<VersioningConfiguration><Status>Enabled</Status>"
                                            "</VersioningConfiguration>"
                                          : "<VersioningConfiguration/>");
    }
    if (request.target.find("list-type=2") != std::string::npos) return List(request.target);
    if (request.target.find('?') != std::string::npos) return Refuse(404, "NoSuchConfiguration");
    return MakeAnswer(206, objects_[path].substr(7, 6));
  }

  HttpServerAnswer Create(const std::string& path, const HttpServerRequest& request)
      PGK_REQUIRES(mutex_) {
    const bool on_condition = !request.Header("if-none-match").empty();
    if (!on_condition && manners_.demands_condition) return Refuse(403, "AccessDenied");
    if (on_condition && manners_.condition == Manners::Condition::kRefused) {
      return Refuse(501, "NotImplemented");
    }
    const std::string hash = request.Header("x-amz-content-sha256");
    if (hash.size() == 64 && hash != HexEncode(crypto::Sha256(AsBytes(request.body)))) {
      return Refuse(400, "XAmzContentSHA256Mismatch");
    }
    if (on_condition && manners_.condition == Manners::Condition::kHeeded &&
        objects_.contains(path)) {
      return Refuse(412, "PreconditionFailed");
    }
    objects_[path] = request.body;
    if (manners_.lost_answers > 0) {
      --manners_.lost_answers;
      return Refuse(503, "ServiceUnavailable");
    }
    return MakeAnswer(200, "", {"ETag: \"tag\""});
  }

  HttpServerAnswer List(std::string_view target) PGK_REQUIRES(mutex_) {
    versions_on_ = versions_on_ || manners_.versions_come_late;
    constexpr std::string_view kPrefix = "prefix=";
    std::string prefix(target.substr(target.find(kPrefix) + kPrefix.size()));
    prefix.resize(prefix.find('&') == std::string::npos ? prefix.size() : prefix.find('&'));
    for (size_t at; (at = prefix.find("%2F")) != std::string::npos;) prefix.replace(at, 3, "/");
    std::string xml = "<ListBucketResult><IsTruncated>false</IsTruncated>";
    for (const auto& [path, content] : objects_) {
      const std::string key = path.substr(std::string_view("/bucket/").size());
      if (!key.starts_with(prefix)) continue;
      xml += "<Contents><Key>" + key + "</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z" +
             "</LastModified></Contents>";
    }
    return MakeAnswer(200, xml + "</ListBucketResult>");
  }

  FakeClock clock_;
  Mutex mutex_;
  Manners manners_ PGK_GUARDED_BY(mutex_);
  bool versions_on_ PGK_GUARDED_BY(mutex_) = false;
  std::map<std::string, std::string> objects_ PGK_GUARDED_BY(mutex_);
  HttpServer server_;
};

// The verdict about a finding, or what went wrong.
std::string VerdictOf(const Result<ProbeReport>& report, std::string_view name) {
  if (!report.ok()) return std::string(CodeName(report.error().code()));
  const ProbeFinding* const finding = report->Find(name);
  return std::string(ProbeVerdictName(finding->verdict)) + ", " + finding->detail;
}

// The report is kept whatever the bucket does or demands, as the only thing that is left.
void ExpectKept(Bucket& bucket, const ProbeReport& report) {
  const Status kept = KeepProbeReport(bucket.Options(), report);
  EXPECT_TRUE(kept.ok()) << kept.error().Describe();
  EXPECT_TRUE(bucket.OnlyObject().starts_with("/bucket/base/probe/report.20260101T000000Z."))
      << bucket.OnlyObject();
}

TEST(ProbeBucket, SeesThatTheConditionIsHeeded) {
  Bucket bucket({});
  const auto report = ProbeBucket(bucket.Options());
  EXPECT_EQ(VerdictOf(report, kProbeConditionalCreate), "yes, one of 8 writers won, 3 times");
  EXPECT_EQ(VerdictOf(report, kProbeBodyHash), "yes, a wrong x-amz-content-sha256 is refused");
  EXPECT_EQ(VerdictOf(report, kProbeMd5), "no, a wrong Content-MD5 is not looked at");
  ExpectKept(bucket, *report);
}

TEST(ProbeBucket, SeesThatItIsIgnored) {
  Bucket bucket({.condition = Manners::Condition::kIgnored});
  const auto report = ProbeBucket(bucket.Options());
  EXPECT_EQ(VerdictOf(report, kProbeConditionalCreate),
            "no, 8 of 8 writers have created one object");
  ExpectKept(bucket, *report);
}

TEST(ProbeBucket, SeesThatItIsRefused) {
  Bucket bucket({.condition = Manners::Condition::kRefused});
  const auto report = ProbeBucket(bucket.Options());
  EXPECT_EQ(VerdictOf(report, kProbeConditionalCreate), "no, If-None-Match is refused");
  ExpectKept(bucket, *report);
}

TEST(ProbeBucket, WorksWhereItIsDemanded) {
  Bucket bucket({.demands_condition = true});
  const auto report = ProbeBucket(bucket.Options());
  EXPECT_EQ(VerdictOf(report, kProbeConditionalCreate), "yes, one of 8 writers won, 3 times");
  ExpectKept(bucket, *report);
}

// Nobody is told that it has won: that shows nothing about the server.
TEST(ProbeBucket, RacesAgainWhenAnAnswerWasLost) {
  Bucket bucket({.lost_answers = 2});
  EXPECT_EQ(VerdictOf(ProbeBucket(bucket.Options()), kProbeConditionalCreate),
            "yes, one of 8 writers won, 3 times");
}

TEST(ProbeBucket, SaysNothingWhenAnswersAreAlwaysLost) {
  Bucket bucket({.lost_answers = 1'000});
  EXPECT_EQ(VerdictOf(ProbeBucket(bucket.Options()), kProbeConditionalCreate), "unavailable");
}

TEST(ProbeBucket, SaysNothingWhenVersionsAreSwitchedOnMeanwhile) {
  Bucket bucket({.versions_come_late = true});
  EXPECT_EQ(VerdictOf(ProbeBucket(bucket.Options()), kProbeConditionalCreate), "unavailable");
}

TEST(ProbeBucket, Stops) {
  Bucket bucket({});
  bucket.stop.request_stop();
  EXPECT_EQ(VerdictOf(ProbeBucket(bucket.Options()), kProbeConditionalCreate), "cancelled");
}

}  // namespace
}  // namespace pgkeep::storage

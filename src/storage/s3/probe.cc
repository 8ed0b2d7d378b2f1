#include "storage/s3/probe.h"

#include <fmt/core.h>

#include <atomic>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/hex.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "net/http_time.h"
#include "storage/s3/make_client.h"
#include "storage/s3/s3_client.h"
#include "storage/s3/xml.h"

namespace pgkeep::storage {
namespace {

constexpr uint64_t kXmlMax = uint64_t{1} << 20;
constexpr size_t kRunBytes = 8;
constexpr int kListedObjects = 8;
// Races without a winner, which show nothing but that an answer was lost, until it is given up.
constexpr int kLostRaces = 3;
constexpr std::string_view kContent = "pgkeep probes what this server does";
// Of other bytes than kContent: "x".
constexpr char kOtherMd5[] = "ndTkYSaMgDT1yFZOFVxnpg==";
constexpr char kOtherSha256[] = "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=";

// One run. Its objects have a prefix of their own.
class Probe {
 public:
  // `once` repeats nothing.
  Probe(const S3StoreOptions& options, S3Client& client, S3Client& once)
      : bucket_(options.bucket), stop_(options.stop), client_(client), once_(once) {
    Bytes run(kRunBytes);
    crypto::RandomBytes(run);
    prefix_ = (options.prefix.empty() ? "" : options.prefix + "/") + std::string(kProbePrefix) +
              HexEncode(run) + "/";
  }

  Result<ProbeReport> Run() {
    ProbeReport report;
    PGK_ASSIGN_OR_RETURN(report.time, TimeOfServer());
    PGK_TRY(Versioning());
    const BucketVersions before = versions_;
    for (const auto step : {&Probe::ConditionalCreate, &Probe::ListAfterWrite, &Probe::Range,
                            &Probe::BodyHash, &Probe::Md5, &Probe::Checksum, &Probe::Deletes,
                            &Probe::Versioning, &Probe::ObjectLock, &Probe::Lifecycle}) {
      if (stop_.stop_requested()) return Err(ErrorCode::kCancelled, "probing bucket {}", bucket_);
      PGK_ASSIGN_OR_RETURN(ProbeFinding finding, (this->*step)());
      report.findings.push_back(std::move(finding));
    }
    // With other versions the races would have come out otherwise.
    if (versions_ != before) {
      return Err(ErrorCode::kUnavailable,
                 "bucket {}: somebody switched versions on or off while it was probed", bucket_)
          .WithHint("probe again");
    }
    report.versions = versions_;
    report.takes_condition = takes_condition_;
    return report;
  }

 private:
  using Outcome = Result<ProbeFinding>;

  static ProbeFinding Found(std::string_view name, ProbeVerdict verdict, std::string detail) {
    return {std::string(name), verdict, std::move(detail)};
  }
  static ProbeFinding Found(std::string_view name, bool yes, std::string detail) {
    return Found(name, yes ? ProbeVerdict::kYes : ProbeVerdict::kNo, std::move(detail));
  }

  S3Call Call(std::string operation, std::string method, const std::string& name) const {
    return {.operation = std::move(operation),
            .what = "object " + prefix_ + name + " of bucket " + bucket_,
            .method = std::move(method),
            .key = prefix_ + name,
            .body_max = kXmlMax};
  }
  S3Call BucketCall(std::string operation, std::vector<QueryParameter> query) const {
    return {.operation = std::move(operation),
            .what = "bucket " + bucket_,
            .method = "GET",
            .key = "",
            .query = std::move(query),
            .body_max = kXmlMax};
  }

  // A creation. On a condition where the server takes one, since a bucket may demand that.
  S3Call CreationOf(const std::string& name) const {
    S3Call call = Call("s3:PutObject", "PUT", name);
    if (takes_condition_) call.headers.push_back({"If-None-Match", "*"});
    call.body = AsBytes(kContent);
    return call;
  }

  Status Send(S3Client& client, const S3Call& call) const {
    const Result<net::HttpResponse> response = client.Call(call);
    return response.ok() ? Ok() : Status(response.error());
  }

  // A repeated request meets its own object.
  Status Create(S3Client& client, const std::string& name) const {
    const Status created = Send(client, CreationOf(name));
    const bool there = !created.ok() && created.error().code() == ErrorCode::kAlreadyExists;
    return there ? Ok() : created;
  }

  // True if it is gone; false if that is not allowed.
  Result<bool> Remove(const std::string& name) {
    const Result<net::HttpResponse> response =
        client_.Call(Call("s3:DeleteObject", "DELETE", name));
    if (response.ok() || response.error().code() == ErrorCode::kNotFound) return true;
    if (response.error().code() == ErrorCode::kPermission) return false;
    return response.error();
  }

  Result<size_t> CountListed(const std::string& name) const {
    PGK_ASSIGN_OR_RETURN(const net::HttpResponse response,
                         client_.Call(BucketCall("s3:ListBucket", {{"list-type", "2"},
                                                                   {"encoding-type", "url"},
                                                                   {"prefix", prefix_ + name}})));
    PGK_ASSIGN_OR_RETURN(const S3Listing listing, ParseListing(response.body));
    return listing.objects.size();
  }

  Result<Timestamp> TimeOfServer() const {
    S3Call call = BucketCall("s3:ListBucket", {});
    call.method = "HEAD";
    PGK_ASSIGN_OR_RETURN(const net::HttpResponse response, client_.Call(call));
    const auto date = response.Header("date");
    const auto time = date ? net::ParseHttpTime(*date) : std::nullopt;
    if (time) return *time;
    return Err(ErrorCode::kProtocol, "bucket {}: the answer has no Date", bucket_);
  }

  // How many of the racers were told that they have made the object.
  Result<int> Race(const std::string& name) const {
    std::atomic<int> winners = 0;
    std::vector<Status> outcomes(kProbeRacers, Ok());
    {
      std::vector<std::jthread> racers;
      racers.reserve(outcomes.size());
      for (Status& outcome : outcomes) {
        racers.emplace_back([&] {
          outcome = Send(client_, CreationOf(name));
          if (outcome.ok()) ++winners;
        });
      }
    }
    for (const Status& outcome : outcomes) {
      if (!outcome.ok() && outcome.error().code() != ErrorCode::kAlreadyExists) {
        return outcome.error();
      }
    }
    return winners.load();
  }

  Outcome ConditionalCreate() {
    int lost = 0;
    for (int race = 1; race <= kProbeRaces + lost; ++race) {
      const std::string name = fmt::format("race-{}", race);
      const Result<int> winners = Race(name);
      if (!winners.ok() && winners.error().code() == ErrorCode::kUnsupported) {
        takes_condition_ = false;
        return Found(kProbeConditionalCreate, false, "If-None-Match is refused");
      }
      if (!winners.ok()) return winners.error();
      PGK_ASSIGN_OR_RETURN(const bool removed, Remove(name));
      may_delete_ = may_delete_ && removed;
      // The winner was not told, and its repeated request met its own object.
      if (*winners == 0 && ++lost > kLostRaces) {
        return Err(ErrorCode::kUnavailable,
                   "bucket {}: of {} writers none was told that it has made the object", bucket_,
                   kProbeRacers)
            .WithHint("answers of the store get lost: try again when the network is well");
      }
      if (*winners > 1) {
        return Found(
            kProbeConditionalCreate, false,
            fmt::format("{} of {} writers have created one object", *winners, kProbeRacers));
      }
    }
    return Found(kProbeConditionalCreate, true,
                 fmt::format("one of {} writers won, {} times", kProbeRacers, kProbeRaces));
  }

  Outcome ListAfterWrite() {
    for (int made = 1; made <= kListedObjects; ++made) {
      PGK_TRY(Create(client_, fmt::format("list-{}", made)));
      PGK_ASSIGN_OR_RETURN(const size_t listed, CountListed("list-"));
      if (listed != static_cast<size_t>(made)) {
        return Found(kProbeListAfterWrite, false,
                     fmt::format("{} objects were made, {} listed", made, listed));
      }
    }
    for (int made = 1; made <= kListedObjects && may_delete_; ++made) {
      PGK_ASSIGN_OR_RETURN(may_delete_, Remove(fmt::format("list-{}", made)));
    }
    if (!may_delete_) return Found(kProbeListAfterWrite, true, "what was made is listed at once");
    PGK_ASSIGN_OR_RETURN(const size_t left, CountListed("list-"));
    if (left > 0) return Found(kProbeListAfterWrite, false, "what was deleted is still listed");
    return Found(kProbeListAfterWrite, true, "what was made and deleted shows at once");
  }

  Outcome Range() {
    PGK_TRY(Create(client_, "range"));
    S3Call call = Call("s3:GetObject", "GET", "range");
    call.headers = {{"Range", "bytes=7-12"}};
    const Result<net::HttpResponse> response = client_.Call(call);
    PGK_ASSIGN_OR_RETURN(const bool removed, Remove("range"));
    may_delete_ = may_delete_ && removed;
    if (!response.ok() && response.error().code() == ErrorCode::kPermission) {
      return Found(kProbeRange, ProbeVerdict::kUnknown, "s3:GetObject was denied");
    }
    if (!response.ok()) return response.error();
    const bool exact = AsText(response->body) == kContent.substr(7, 6);
    return Found(kProbeRange, exact,
                 exact ? "parts of objects can be read" : "parts of objects are not what they are");
  }

  // Whether an object without anything wrong is taken at the first try.
  Result<bool> TakesRightOne(const std::string& name) {
    const Status created = Create(once_, name);
    PGK_ASSIGN_OR_RETURN(const bool removed, Remove(name));
    may_delete_ = may_delete_ && removed;
    return created.ok();
  }

  // The object that is made with something wrong.
  static std::string WrongOne(std::string_view name) { return fmt::format("{}-wrong", name); }

  // Stores something together with a wrong statement about it. Servers refuse it with any error, so
  // one counts only where nothing is there afterwards, and where the same without the wrong
  // statement is taken before and after.
  Outcome Contradict(std::string_view name, const S3Call& call, const std::string& what) {
    PGK_ASSIGN_OR_RETURN(const bool before, TakesRightOne(std::string(name) + "-before"));
    const Status sent = Send(once_, call);
    if (!sent.ok() && sent.error().code() == ErrorCode::kTimeout) return sent.error();
    PGK_ASSIGN_OR_RETURN(const size_t stored, CountListed(WrongOne(name)));
    PGK_ASSIGN_OR_RETURN(const bool removed, Remove(WrongOne(name)));
    may_delete_ = may_delete_ && removed;
    if (stored > 0) return Found(name, false, fmt::format("a wrong {} is not looked at", what));
    PGK_ASSIGN_OR_RETURN(const bool after, TakesRightOne(std::string(name) + "-after"));
    if (before && after) return Found(name, true, fmt::format("a wrong {} is refused", what));
    return Found(name, ProbeVerdict::kUnknown, "the server refused what has nothing wrong, too");
  }

  Outcome BodyHash() {
    S3Call call = CreationOf(WrongOne(kProbeBodyHash));
    call.signed_sha256 = HexEncode(crypto::Sha256(AsBytes("x")));
    return Contradict(kProbeBodyHash, call, "x-amz-content-sha256");
  }

  Outcome Md5() {
    S3Call call = CreationOf(WrongOne(kProbeMd5));
    call.headers.push_back({"Content-MD5", kOtherMd5});
    return Contradict(kProbeMd5, call, "Content-MD5");
  }

  Outcome Checksum() {
    S3Call call = CreationOf(WrongOne(kProbeChecksum));
    call.headers.push_back({"x-amz-checksum-sha256", kOtherSha256});
    return Contradict(kProbeChecksum, call, "x-amz-checksum-sha256");
  }

  Outcome Deletes() {
    return Found(kProbeDelete, may_delete_,
                 may_delete_ ? "these credentials may delete" : "s3:DeleteObject was denied");
  }

  // Asks for a setting of the bucket. `found` looks at it; none where the bucket has none of it.
  template <class Look>
  Outcome Setting(std::string_view name, const std::string& operation, const char* setting,
                  const char* absent, Look found) {
    const Result<net::HttpResponse> response = client_.Call(BucketCall(operation, {{setting, ""}}));
    if (response.ok()) return found(*response);
    switch (response.error().code()) {
      case ErrorCode::kNotFound:
        return Found(name, true, absent);
      case ErrorCode::kPermission:
        return Found(name, ProbeVerdict::kUnknown, operation + " was denied");
      case ErrorCode::kUnsupported:
        return Found(name, false, "not known here");
      default:
        return response.error();
    }
  }

  Outcome Versioning() {
    return Setting(kProbeVersioning, "s3:GetBucketVersioning", "versioning", "off",
                   [&](const net::HttpResponse& response) -> Outcome {
                     PGK_ASSIGN_OR_RETURN(versions_, ParseVersioning(response.body));
                     return Found(kProbeVersioning, true,
                                  std::string(BucketVersionsName(versions_)));
                   });
  }

  Outcome ObjectLock() {
    return Setting(
        kProbeObjectLock, "s3:GetBucketObjectLockConfiguration", "object-lock",
        "off in this bucket", [&](const net::HttpResponse& response) -> Outcome {
          const bool on =
              AsText(response.body).find("<ObjectLockEnabled>Enabled<") != std::string_view::npos;
          return Found(kProbeObjectLock, on, on ? "on in this bucket" : "not known here");
        });
  }

  Outcome Lifecycle() {
    return Setting(
        kProbeLifecycle, "s3:GetLifecycleConfiguration", "lifecycle", "no rules in this bucket",
        [&](const net::HttpResponse& response) -> Outcome {
          const bool rules =
              AsText(response.body).find("<LifecycleConfiguration") != std::string_view::npos;
          return Found(kProbeLifecycle, rules, rules ? "this bucket has rules" : "not known here");
        });
  }

  const std::string bucket_;
  const std::stop_token stop_;
  std::string prefix_;
  S3Client& client_;
  S3Client& once_;
  bool may_delete_ = true;
  bool takes_condition_ = true;
  BucketVersions versions_ = BucketVersions::kOff;
};

}  // namespace

Result<ProbeReport> ProbeBucket(const S3StoreOptions& options) {
  PGK_TRY(ValidatePrefix(options.prefix));
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<S3Client> client, MakeS3Client(options));
  S3StoreOptions impatient = options;
  impatient.retry.attempts = 1;
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<S3Client> once, MakeS3Client(impatient));
  PGK_ASSIGN_OR_RETURN(ProbeReport report, Probe(options, *client, *once).Run());
  report.place = ProbePlace(options);
  return report;
}

// Not through the store: what it knows about conditions is what is being found out.
Status KeepProbeReport(const S3StoreOptions& options, const ProbeReport& report) {
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<S3Client> client, MakeS3Client(options));
  const std::string key = NewProbeReportKey(report.time);
  const std::string text = FormatProbeReport(report);
  S3Call call{.operation = "s3:PutObject",
              .what = "object " + key + " of bucket " + options.bucket,
              .method = "PUT",
              .key = (options.prefix.empty() ? "" : options.prefix + "/") + key,
              .body = AsBytes(text),
              .body_max = kXmlMax};
  // A bucket may demand it.
  if (report.takes_condition) call.headers.push_back({"If-None-Match", "*"});
  const Result<net::HttpResponse> response = client->Call(call);
  // A repeated request meets its own object.
  const bool kept = response.ok() || response.error().code() == ErrorCode::kAlreadyExists;
  return kept ? Ok() : Status(response.error());
}

}  // namespace pgkeep::storage

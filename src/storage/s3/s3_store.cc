#include "storage/s3/s3_store.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/hex.h"
#include "crypto/hash.h"
#include "crypto/md5.h"
#include "crypto/random.h"
#include "net/http_time.h"
#include "storage/s3/list_start.h"
#include "storage/s3/make_client.h"
#include "storage/s3/probe.h"
#include "storage/s3/version_reader.h"
#include "storage/s3/xml.h"

namespace pgkeep::storage {
namespace {

constexpr size_t kPageMax = 1000;
// A page of 1,000 keys of 1,024 bytes, each three characters in its encoding.
constexpr uint64_t kXmlMax = uint64_t{8} << 20;
// One connection to Amazon gives some ten megabytes a second after some ten milliseconds: so many
// fill a gigabit (AWS, "Performance guidelines for Amazon S3").
constexpr unsigned kParallelRequests = 8;

constexpr char kNumberHeader[] = "x-amz-meta-pgkeep-creation";
constexpr char kDigestHeader[] = "x-amz-meta-pgkeep-sha256";
constexpr size_t kNumberBytes = 16;

std::string RandomHex() {
  Bytes number(kNumberBytes);
  crypto::RandomBytes(number);
  return HexEncode(number);
}

// The field Content-Length; nullopt if it is not there or no number.
std::optional<uint64_t> LengthOf(const net::HttpResponse& response) {
  const auto text = response.Header("content-length");
  if (!text) return std::nullopt;
  uint64_t length = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return length;
}

std::optional<Timestamp> TimeOf(const net::HttpResponse& response, std::string_view header) {
  const auto text = response.Header(header);
  return text ? net::ParseHttpTime(*text) : std::nullopt;
}

// Whether a body has the SHA-256 that was stored with the object, if one was.
bool IsAsStored(const net::HttpResponse& response) {
  const auto digest = response.Header(kDigestHeader);
  return !digest || *digest == HexEncode(crypto::Sha256(response.body));
}

Error EndsEarly(const std::string& what) {
  return Err(ErrorCode::kCorruption, "{} ends early", what);
}

Error NoSuchAnswer(const std::string& what, std::string_view field) {
  return Err(ErrorCode::kProtocol, "{}: the answer has no {}", what, field)
      .WithHint("check the endpoint: something that is no S3 answers there");
}

class BucketStore final : public S3Store {
 public:
  BucketStore(const S3StoreOptions& options, std::unique_ptr<S3Client> client)
      : bucket_(options.bucket),
        prefix_(options.prefix.empty() ? "" : options.prefix + "/"),
        url_("s3://" + options.bucket + (options.prefix.empty() ? "" : "/" + options.prefix)),
        place_(ProbePlace(options)),
        storage_class_(options.settings.storage_class),
        aws_(client->address().aws),
        oldest_(options.oldest),
        as_of_(options.as_of),
        client_(std::move(client)) {}

  // Learns what the bucket is. Once, before anything else.
  Status Discover(bool probe);

  StoreFeatures features() const override { return features_; }
  std::string Url() const override { return url_; }
  S3RequestCounts counts() const override { return client_->counts(); }
  std::string ExpectedEtag(ByteSpan bytes) const override;
  Result<ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override;
  Result<ObjectInfo> Put(std::string_view key, ByteSpan bytes) override;
  Result<Bytes> Get(std::string_view key, uint64_t max_bytes) override;
  Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) override;
  Result<ListPage> List(std::string_view prefix, std::string_view start_after,
                        size_t max_keys) override;
  Result<ObjectInfo> Head(std::string_view key) override;
  Status Delete(std::string_view key) override;
  Result<Timestamp> ServerTime() override;
  // A bucket has no end; a quota shows itself as kOutOfSpace when it is reached.
  Result<std::optional<uint64_t>> FreeBytes() override { return std::optional<uint64_t>(); }

 private:
  S3Call CallFor(std::string_view key, std::string operation, std::string method) const;
  S3Call BucketCall(std::string operation, std::string method,
                    std::vector<QueryParameter> query) const;
  S3Call WriteCall(std::string_view key, ByteSpan bytes) const;
  Result<S3Call> ReadCall(std::string_view key);
  Result<net::HttpResponse> CallHead(std::string_view key);
  Result<S3Listing> ListOnce(std::vector<QueryParameter> query);
  Error NoProgress() const;
  Result<ObjectInfo> Written(std::string_view key, ByteSpan bytes,
                             const net::HttpResponse& response) const;
  Result<ObjectInfo> Described(std::string_view key, const net::HttpResponse& response) const;
  Result<ObjectInfo> ResolveExisting(std::string_view key, ByteSpan bytes,
                                     const std::string& number, Error exists);
  Status CheckMayChange() const;
  Result<std::optional<S3Version>> VersionOf(std::string_view key);
  Result<bool> IsOldest(std::string_view key, const net::HttpResponse& response);
  Result<BucketVersions> Versions();
  Result<bool> ProbeConditionalCreate();
  Result<bool> HasProvenConditionalCreate(BucketVersions versions);

  // Constant after Discover().
  const std::string bucket_;
  const std::string prefix_;  // with a slash at its end, or empty
  const std::string url_;
  const std::string place_;  // as probe reports name it
  const std::string storage_class_;
  const bool aws_;
  const OldestVersionRules oldest_;
  const std::optional<Timestamp> as_of_;
  StoreFeatures features_;

  const std::unique_ptr<S3Client> client_;
  std::unique_ptr<VersionReader> versions_;  // null where nothing is read by versions
};

S3Call BucketStore::CallFor(std::string_view key, std::string operation, std::string method) const {
  return {.operation = std::move(operation),
          .what = fmt::format("object {} of {}", key, url_),
          .method = std::move(method),
          .key = prefix_ + std::string(key)};
}

S3Call BucketStore::BucketCall(std::string operation, std::string method,
                               std::vector<QueryParameter> query) const {
  return {.operation = std::move(operation),
          .what = "bucket " + bucket_,
          .method = std::move(method),
          .key = "",
          .query = std::move(query),
          .body_max = kXmlMax};
}

S3Call BucketStore::WriteCall(std::string_view key, ByteSpan bytes) const {
  S3Call call = CallFor(key, "s3:PutObject", "PUT");
  call.signed_sha256 = HexEncode(crypto::Sha256(bytes));
  call.headers.push_back({"Content-Type", "application/octet-stream"});
  call.headers.push_back({kDigestHeader, *call.signed_sha256});
  if (!storage_class_.empty()) call.headers.push_back({"x-amz-storage-class", storage_class_});
  call.body = bytes;
  call.body_max = kXmlMax;
  return call;
}

std::string BucketStore::ExpectedEtag(ByteSpan bytes) const {
  if (!features_.content_etag) return "";
  const std::optional<crypto::Digest16> md5 = crypto::Md5(bytes);
  return md5 ? HexEncode(*md5) : "";
}

// The answer to a PUT has no time of the object; the one in Date is near it.
Result<ObjectInfo> BucketStore::Written(std::string_view key, ByteSpan bytes,
                                        const net::HttpResponse& response) const {
  const auto etag = response.Header("etag");
  if (!etag) return NoSuchAnswer(url_ + "/" + std::string(key), "ETag");
  return ObjectInfo{.key = std::string(key),
                    .size = bytes.size(),
                    .etag = UnquoteEtag(*etag),
                    .modified = TimeOf(response, "date").value_or(Timestamp())};
}

Result<ObjectInfo> BucketStore::Described(std::string_view key,
                                          const net::HttpResponse& response) const {
  const std::optional<uint64_t> size = LengthOf(response);
  const std::optional<Timestamp> modified = TimeOf(response, "last-modified");
  if (!size) return NoSuchAnswer(url_ + "/" + std::string(key), "Content-Length");
  if (!modified) return NoSuchAnswer(url_ + "/" + std::string(key), "Last-Modified");
  return ObjectInfo{.key = std::string(key),
                    .size = *size,
                    .etag = UnquoteEtag(response.Header("etag").value_or("")),
                    .modified = *modified};
}

Result<net::HttpResponse> BucketStore::CallHead(std::string_view key) {
  return client_->Call(CallFor(key, "s3:GetObject", "HEAD"));
}

// Something has the key. If it carries the number of this creation, an earlier try has made it.
Result<ObjectInfo> BucketStore::ResolveExisting(std::string_view key, ByteSpan bytes,
                                                const std::string& number, Error exists) {
  Result<net::HttpResponse> head = CallHead(key);
  if (!head.ok()) {
    const ErrorCode code = head.error().code();
    // Who may write need not be allowed to read; and what is gone again was not kept by us.
    if (code == ErrorCode::kPermission || code == ErrorCode::kNotFound) return exists;
    return std::move(head).error();
  }
  if (head->Header(kNumberHeader) != number) return exists;
  PGK_ASSIGN_OR_RETURN(ObjectInfo info, Described(key, *head));
  if (info.size == bytes.size()) return info;
  return Err(ErrorCode::kCorruption, "object {} of {} has {} bytes in place of {}", key, url_,
             info.size, bytes.size());
}

Status BucketStore::CheckMayChange() const {
  if (!as_of_) return Ok();
  return Err(ErrorCode::kRefused, "{} is opened as of {}: nothing can be changed", url_,
             FormatUtc(*as_of_))
      .WithHint("leave out --as-of");
}

// The version of `key` to ask for by its name; none where it is the newest one anyway.
Result<std::optional<S3Version>> BucketStore::VersionOf(std::string_view key) {
  if (versions_ == nullptr || !versions_->Reads(key)) return std::optional<S3Version>();
  PGK_ASSIGN_OR_RETURN(std::optional<S3Version> version, versions_->Find(key));
  if (version) return version;
  return Err(ErrorCode::kNotFound, "there is no object {} of {}", key, url_);
}

// Whether what was just made counts: a condition is met too where the object is hidden only.
Result<bool> BucketStore::IsOldest(std::string_view key, const net::HttpResponse& response) {
  if (versions_ == nullptr || !versions_->Reads(key)) return true;
  PGK_ASSIGN_OR_RETURN(const std::optional<S3Version> version, versions_->Find(key));
  return version && version->id == response.Header("x-amz-version-id");
}

Result<ObjectInfo> BucketStore::CreateIfAbsent(std::string_view key, ByteSpan bytes) {
  PGK_TRY(CheckMayChange());
  PGK_TRY(ValidateKey(key));
  PGK_TRY(ValidateObjectSize(key, bytes.size()));
  if (!features_.conditional_create) {
    return Err(ErrorCode::kUnsupported, "creating object {}: {} has no conditional create", key,
               url_)
        .WithHint("such a store is safe only in exclusive mode, with one writer at a time");
  }
  const std::string number = RandomHex();
  S3Call call = WriteCall(key, bytes);
  call.headers.push_back({"If-None-Match", "*"});
  call.headers.push_back({kNumberHeader, number});
  Result<net::HttpResponse> response = client_->Call(call);
  if (response.ok()) {
    PGK_ASSIGN_OR_RETURN(const bool oldest, IsOldest(key, *response));
    if (oldest) return Written(key, bytes, *response);
    return Err(ErrorCode::kAlreadyExists, "{} exists already, behind a newer version", call.what);
  }
  if (response.error().code() != ErrorCode::kAlreadyExists) return std::move(response).error();
  return ResolveExisting(key, bytes, number, std::move(response).error());
}

Result<ObjectInfo> BucketStore::Put(std::string_view key, ByteSpan bytes) {
  PGK_TRY(CheckMayChange());
  PGK_TRY(ValidateKey(key));
  PGK_TRY(ValidateObjectSize(key, bytes.size()));
  PGK_ASSIGN_OR_RETURN(const net::HttpResponse response, client_->Call(WriteCall(key, bytes)));
  return Written(key, bytes, response);
}

Result<S3Call> BucketStore::ReadCall(std::string_view key) {
  PGK_ASSIGN_OR_RETURN(const std::optional<S3Version> version, VersionOf(key));
  if (!version) return CallFor(key, "s3:GetObject", "GET");
  S3Call call = CallFor(key, "s3:GetObjectVersion", "GET");
  call.query = {{"versionId", version->id}};
  return call;
}

Result<Bytes> BucketStore::Get(std::string_view key, uint64_t max_bytes) {
  PGK_TRY(ValidateKey(key));
  PGK_ASSIGN_OR_RETURN(S3Call call, ReadCall(key));
  call.body_max = std::min(max_bytes, kMaxObjectBytes);
  const auto get = [&]() -> Result<net::HttpResponse> {
    PGK_ASSIGN_OR_RETURN(net::HttpResponse response, client_->Call(call));
    // Without it an answer that ends early cannot be told from a whole one.
    if (!LengthOf(response)) return NoSuchAnswer(call.what, "Content-Length");
    return response;
  };
  PGK_ASSIGN_OR_RETURN(net::HttpResponse response, get());
  if (!IsAsStored(response)) {
    // If it changed on its way, another try brings the right bytes. If not, what the bytes are
    // worth is for the caller to find out.
    PGK_ASSIGN_OR_RETURN(response, get());
  }
  return std::move(response.body);
}

Status BucketStore::GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) {
  PGK_TRY(ValidateKey(key));
  PGK_ASSIGN_OR_RETURN(S3Call call, ReadCall(key));
  if (out.empty() || offset > kMaxObjectBytes) {
    PGK_ASSIGN_OR_RETURN(const ObjectInfo info, Head(key));
    return offset <= info.size && out.empty() ? Ok() : EndsEarly(call.what);
  }
  call.headers.push_back({"Range", fmt::format("bytes={}-{}", offset, offset + out.size() - 1)});
  call.into = out;
  Result<net::HttpResponse> response = client_->Call(call);
  if (!response.ok()) return std::move(response).error();
  constexpr int kPartial = 206;
  // Servers may ignore the range; then the whole object must be what was asked for.
  if (response->status != kPartial && (offset > 0 || response->body_bytes > out.size())) {
    return NoSuchAnswer(call.what, "range");
  }
  return response->body_bytes == out.size() ? Ok() : EndsEarly(call.what);
}

Result<S3Listing> BucketStore::ListOnce(std::vector<QueryParameter> query) {
  PGK_ASSIGN_OR_RETURN(const net::HttpResponse response,
                       client_->Call(BucketCall("s3:ListBucket", "GET", std::move(query))));
  PGK_ASSIGN_OR_RETURN(S3Listing listing, ParseListing(response.body));
  for (ObjectInfo& object : listing.objects) {
    if (!object.key.starts_with(prefix_)) {
      return Err(ErrorCode::kProtocol, "the listing of {} shows an object that is not in it", url_);
    }
    object.key.erase(0, prefix_.size());
  }
  return listing;
}

Result<ListPage> BucketStore::List(std::string_view prefix, std::string_view start_after,
                                   size_t max_keys) {
  PGK_TRY(ValidateListArguments(prefix, max_keys));
  if (versions_ != nullptr && versions_->Lists(prefix)) {
    return versions_->List(prefix, start_after, max_keys);
  }
  max_keys = std::min(max_keys, kPageMax);
  QueryParameter from = {"start-after", prefix_ + ListStart(start_after)};
  size_t page_keys = max_keys;
  ListPage page;
  while (true) {
    std::vector<QueryParameter> query = {{"list-type", "2"},
                                         {"encoding-type", "url"},
                                         {"max-keys", std::to_string(page_keys)},
                                         {"prefix", prefix_ + std::string(prefix)}};
    if (from.first != "start-after" || !start_after.empty()) query.push_back(from);
    PGK_ASSIGN_OR_RETURN(S3Listing listing, ListOnce(std::move(query)));
    if (listing.truncated && listing.objects.empty()) return NoProgress();
    const std::string last = listing.truncated ? listing.objects.back().key : "";
    for (ObjectInfo& object : listing.objects) {
      if (!ValidateKey(object.key).ok()) continue;
      if (page.objects.size() == max_keys) {
        page.next = page.objects.back().key;
        return page;
      }
      page.objects.push_back(std::move(object));
    }
    if (!listing.truncated) return page;
    if (ValidateKey(last).ok()) {
      if (last <= start_after) return NoProgress();
      page.next = last;
      return page;
    }
    // A page that ends with something that is not ours is followed by the next one at once: where
    // it goes on, only the server can say.
    if (listing.continuation.empty()) return NoProgress();
    // There may be many of them.
    page_keys = kPageMax;
    from = {"continuation-token", listing.continuation};
  }
}

Error BucketStore::NoProgress() const {
  return Err(ErrorCode::kProtocol, "the listing of {} does not get on", url_)
      .WithHint("see whether the endpoint supports ListObjectsV2 with start-after");
}

Result<ObjectInfo> BucketStore::Head(std::string_view key) {
  PGK_TRY(ValidateKey(key));
  PGK_ASSIGN_OR_RETURN(const std::optional<S3Version> version, VersionOf(key));
  if (version) return version->object;
  PGK_ASSIGN_OR_RETURN(const net::HttpResponse response, CallHead(key));
  return Described(key, response);
}

Status BucketStore::Delete(std::string_view key) {
  PGK_TRY(CheckMayChange());
  PGK_TRY(ValidateKey(key));
  S3Call call = CallFor(key, "s3:DeleteObject", "DELETE");
  call.body_max = kXmlMax;
  const Result<net::HttpResponse> response = client_->Call(call);
  if (response.ok()) return Ok();
  if (response.error().code() != ErrorCode::kNotFound) return response.error();
  // Amazon does not mind that an object is missing, others do; the bucket must be there.
  PGK_ASSIGN_OR_RETURN(const ListPage page, List(key, "", 1));
  const bool gone = page.objects.empty() || page.objects.front().key != key;
  return gone ? Ok() : Status(response.error());
}

Result<Timestamp> BucketStore::ServerTime() {
  PGK_ASSIGN_OR_RETURN(const net::HttpResponse response,
                       client_->Call(BucketCall("s3:ListBucket", "HEAD", {})));
  const std::optional<Timestamp> time = TimeOf(response, "date");
  if (!time) return NoSuchAnswer(url_, "Date");
  return *time;
}

Result<BucketVersions> BucketStore::Versions() {
  const Result<net::HttpResponse> response =
      client_->Call(BucketCall("s3:GetBucketVersioning", "GET", {{"versioning", ""}}));
  if (response.ok()) return ParseVersioning(response->body);
  // Stores that have no versions.
  if (response.error().code() == ErrorCode::kUnsupported) return BucketVersions::kOff;
  // With versions everything is read otherwise: nothing may be guessed.
  return response.error();
}

// The second of two creations must be refused. What is left where deleting is not allowed is in
// nobody's way.
Result<bool> BucketStore::ProbeConditionalCreate() {
  const std::string key = std::string(kProbePrefix) + RandomHex();
  S3Call call = WriteCall(key, AsBytes("pgkeep"));
  call.headers.push_back({"If-None-Match", "*"});
  Result<net::HttpResponse> first = client_->Call(call);
  if (!first.ok()) {
    const ErrorCode code = first.error().code();
    if (code == ErrorCode::kUnsupported) return false;
    // A repeated request meets its own object: that, too, is a condition that holds.
    if (code != ErrorCode::kAlreadyExists) return std::move(first).error();
  }
  Result<net::HttpResponse> second = client_->Call(call);
  const bool refused = !second.ok() && second.error().code() == ErrorCode::kAlreadyExists;
  if (!second.ok() && !refused) return std::move(second).error();
  const Status removed = Delete(key);
  if (!removed.ok() && removed.error().code() != ErrorCode::kPermission) return removed.error();
  return refused;
}

// Whether somebody has tried it out in this bucket as it is now ('pgkeep storage probe').
Result<bool> BucketStore::HasProvenConditionalCreate(BucketVersions versions) {
  const Result<std::optional<ProbeReport>> report = ReadProbeReport(*this, place_);
  if (!report.ok()) {
    // What cannot be understood proves nothing.
    if (report.error().code() == ErrorCode::kCorruption) return false;
    return report.error();
  }
  if (!*report || (*report)->versions != versions) return false;
  const ProbeFinding* const finding = (*report)->Find(kProbeConditionalCreate);
  return finding != nullptr && finding->verdict == ProbeVerdict::kYes;
}

Status BucketStore::Discover(bool probe) {
  features_ = {.conditional_create = true,
               .strong_list = true,
               .content_etag = crypto::Md5({}).has_value(),
               .past = as_of_.has_value(),
               .can_delete = true,
               .parallel_requests = kParallelRequests,
               .kind = "s3"};
  // One request, whatever it shows.
  PGK_TRY(ListOnce(
      {{"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", "1"}, {"prefix", prefix_}}));
  PGK_ASSIGN_OR_RETURN(const BucketVersions versions, Versions());
  features_.versioned = versions == BucketVersions::kOn;
  features_.has_versions = versions != BucketVersions::kOff;
  if (as_of_ && versions == BucketVersions::kOff) {
    return Err(ErrorCode::kUnsupported, "bucket {} keeps no versions, so there is no past to see",
               bucket_);
  }
  if (as_of_ && versions == BucketVersions::kSuspended) {
    return Err(ErrorCode::kUnsupported,
               "bucket {} has ceased to keep versions, so its past is not whole", bucket_)
        .WithHint(
            "let it keep versions again; what was overwritten or deleted meanwhile is gone, and "
            "the past looks as if it never was");
  }
  if (features_.has_versions && (as_of_ || !oldest_.read.empty())) {
    versions_ = std::make_unique<VersionReader>(
        *client_, VersionReader::Options{
                      .bucket = bucket_, .prefix = prefix_, .oldest = oldest_, .as_of = as_of_});
  }
  // Ceph 16 takes the condition and ignores it in versioned buckets.
  if (features_.has_versions && !aws_ && !as_of_) {
    PGK_ASSIGN_OR_RETURN(features_.conditional_create, HasProvenConditionalCreate(versions));
  }
  if (probe && features_.conditional_create) {
    PGK_ASSIGN_OR_RETURN(features_.conditional_create, ProbeConditionalCreate());
  }
  return Ok();
}

}  // namespace

Status ValidatePrefix(std::string_view prefix) {
  if (prefix.empty()) return Ok();
  const Status valid = prefix.size() > kMaxPrefixBytes
                           ? Status(Err(ErrorCode::kInvalidArgument, ""))
                           : ValidateKey(prefix);
  if (valid.ok()) return Ok();
  return Err(ErrorCode::kInvalidArgument, "a repository url has no valid prefix in its bucket")
      .WithHint(
          "a prefix has letters, digits, '.', '_', '-' and single slashes, and no part of it "
          "begins "
          "with a dot");
}

Result<std::unique_ptr<S3Store>> OpenS3Store(const S3StoreOptions& options) {
  PGK_TRY(ValidatePrefix(options.prefix));
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<S3Client> client, MakeS3Client(options));
  auto store = std::make_unique<BucketStore>(options, std::move(client));
  Status discovered = store->Discover(options.probe);
  if (!discovered.ok()) {
    return std::move(discovered).error().WithContext("opening " + store->Url());
  }
  return std::unique_ptr<S3Store>(std::move(store));
}

}  // namespace pgkeep::storage

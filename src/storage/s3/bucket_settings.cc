#include "storage/s3/bucket_settings.h"

#include <fmt/core.h>

#include <utility>

#include "base/base64.h"
#include "base/error.h"
#include "crypto/hash.h"
#include "crypto/md5.h"

namespace pgkeep::storage {
namespace {

// A thousand rules, which is what S3 allows, with names and filters at their longest.
constexpr uint64_t kSettingMax = uint64_t{4} << 20;

// In both directions. Source: GetBucketLifecycleConfiguration in the API reference of Amazon S3.
constexpr char kTransitionMinimumHeader[] = "x-amz-transition-default-minimum-object-size";

// Servers want to be sure of the bytes of a setting: by MD5, as all know it, or, where this system
// has none, by what Amazon takes in its place.
net::HttpHeader ChecksumHeader(ByteSpan body) {
  if (const auto md5 = crypto::Md5(body)) return {"Content-MD5", Base64Encode(*md5)};
  return {"x-amz-checksum-sha256", Base64Encode(crypto::Sha256(body))};
}

}  // namespace

S3Call BucketSettings::Call(std::string operation, std::string method, const char* setting) const {
  return {.operation = std::move(operation),
          .what = "bucket " + bucket_,
          .method = std::move(method),
          .query = {{setting, ""}},
          .body_max = kSettingMax};
}

Result<LifecycleConfiguration> BucketSettings::Lifecycle() {
  const Result<net::HttpResponse> response =
      client_.Call(Call("s3:GetLifecycleConfiguration", "GET", "lifecycle"));
  if (!response.ok()) {
    if (response.error().code() == ErrorCode::kNotFound) return LifecycleConfiguration();
    return response.error();
  }
  LifecycleConfiguration configuration;
  PGK_ASSIGN_OR_RETURN(configuration.rules, ParseLifecycle(response->body));
  configuration.transition_minimum = response->Header(kTransitionMinimumHeader).value_or("");
  return configuration;
}

Status BucketSettings::SetLifecycle(const LifecycleConfiguration& configuration) {
  S3Call call = Call("s3:PutLifecycleConfiguration", "PUT", "lifecycle");
  if (!configuration.transition_minimum.empty()) {
    call.headers.push_back({kTransitionMinimumHeader, configuration.transition_minimum});
  }
  return Send(std::move(call), FormatLifecycle(configuration.rules));
}

S3Call BucketSettings::CallFor(const std::string& key, const std::string& version,
                               std::string operation, std::string method) const {
  S3Call call = Call(std::move(operation), std::move(method), "retention");
  call.what = fmt::format("object {} of bucket {}", key, bucket_);
  call.key = key;
  call.query.emplace_back("versionId", version);
  return call;
}

Result<BucketLock> BucketSettings::Lock() {
  const Result<net::HttpResponse> response =
      client_.Call(Call("s3:GetBucketObjectLockConfiguration", "GET", "object-lock"));
  if (response.ok()) return ParseBucketLock(response->body);
  const ErrorCode code = response.error().code();
  // What a bucket without locks answers is a matter of taste.
  if (code == ErrorCode::kNotFound || code == ErrorCode::kUnsupported) return BucketLock();
  return response.error();
}

Result<std::optional<ObjectLock>> BucketSettings::LockOf(const std::string& key,
                                                         const std::string& version) {
  const Result<net::HttpResponse> response =
      client_.Call(CallFor(key, version, "s3:GetObjectRetention", "GET"));
  if (!response.ok()) {
    if (response.error().code() == ErrorCode::kNotFound) return std::optional<ObjectLock>();
    return response.error();
  }
  return ParseRetention(response->body);
}

Status BucketSettings::SetLock(const std::string& key, const std::string& version,
                               const ObjectLock& lock) {
  return Send(CallFor(key, version, "s3:PutObjectRetention", "PUT"), FormatRetention(lock));
}

Status BucketSettings::Send(S3Call call, const std::string& text) {
  call.body = AsBytes(text);
  call.headers.push_back({"Content-Type", "application/xml"});
  call.headers.push_back(ChecksumHeader(call.body));
  const Result<net::HttpResponse> response = client_.Call(call);
  return response.ok() ? Ok() : Status(response.error());
}

}  // namespace pgkeep::storage

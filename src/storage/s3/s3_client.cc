#include "storage/s3/s3_client.h"

#include <utility>

#include "base/error.h"
#include "base/hex.h"
#include "crypto/hash.h"
#include "net/url.h"
#include "storage/s3/s3_error.h"

namespace pgkeep::storage {

S3Client::S3Client(S3ClientOptions options, std::unique_ptr<net::HttpClient> http,
                   std::unique_ptr<CredentialCache> credentials)
    : options_(std::move(options)), http_(std::move(http)), credentials_(std::move(credentials)) {}

S3RequestCounts S3Client::counts() const { return {requests_, repeated_}; }

net::HttpRequest S3Client::Sign(const S3Call& call, const S3Credentials& credentials,
                                const std::string& body_sha256) const {
  const Timestamp now = options_.clock->Now();
  SignedRequest to_sign{.method = call.method,
                        .path = options_.address.PathOf(call.key),
                        .query = call.query,
                        .headers = call.headers,
                        .payload_sha256 = body_sha256};
  to_sign.headers.push_back({"x-amz-content-sha256", body_sha256});
  to_sign.headers.push_back({"x-amz-date", FormatAmzDate(now)});
  if (!credentials.session_token.empty()) {
    to_sign.headers.push_back(
        {"x-amz-security-token", std::string(AsText(credentials.session_token.Expose()))});
  }
  net::HttpRequest request;
  request.method = call.method;
  request.url = options_.address.scheme + "://" + options_.address.host +
                net::PercentEncodePath(to_sign.path);
  if (!call.query.empty()) request.url += "?" + CanonicalQuery(call.query);
  request.headers = to_sign.headers;
  // Host is signed too, but written by the HTTP client.
  to_sign.headers.push_back({"host", options_.address.host});
  request.headers.push_back(
      {"Authorization", Authorize(to_sign, {.access_key = credentials.access_key,
                                            .secret_key = credentials.secret_key.Expose(),
                                            .region = options_.region,
                                            .time = now})});
  request.body = call.body;
  request.body_max = call.body_max;
  request.into = call.into;
  return request;
}

S3Client::Attempt S3Client::Try(const S3Call& call, const std::string& body_sha256) {
  Result<std::shared_ptr<const S3Credentials>> credentials = credentials_->Get();
  if (!credentials.ok()) return {std::move(credentials).error()};
  ++requests_;
  Result<net::HttpResponse> response = http_->Send(Sign(call, **credentials, body_sha256));
  if (!response.ok()) return {std::move(response).error().WithContext(call.what)};
  // The body of an object is whatever somebody stored.
  const bool is_content = call.method == "GET" && !call.key.empty();
  if (response->ok() && (is_content || !IsHiddenError(*response))) return {std::move(response)};
  const S3Context context{.operation = call.operation,
                          .what = call.what,
                          .bucket = options_.bucket,
                          .region = options_.region,
                          .key_origin = (*credentials)->origin,
                          .now = options_.clock->Now()};
  return {MakeS3Error(*response, context),
          AreCredentialsExpired(*response) ? *credentials : nullptr};
}

Result<net::HttpResponse> S3Client::Call(const S3Call& call) {
  const std::string body_sha256 =
      call.signed_sha256 ? *call.signed_sha256 : HexEncode(crypto::Sha256(call.body));
  RetryState retry(options_.retry, *options_.clock, options_.stop);
  bool renewed = false;
  while (true) {
    Attempt attempt = Try(call, body_sha256);
    if (attempt.outcome.ok()) return std::move(attempt.outcome);
    if (attempt.expired != nullptr && !std::exchange(renewed, true)) {
      credentials_->Reject(attempt.expired);
    } else {
      PGK_TRY(retry.Next(std::move(attempt.outcome).error()));
    }
    ++repeated_;
  }
}

}  // namespace pgkeep::storage

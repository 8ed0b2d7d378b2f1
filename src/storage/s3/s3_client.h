// Signed requests to one bucket, repeated where that makes sense.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"
#include "net/http_client.h"
#include "storage/s3/address.h"
#include "storage/s3/credentials.h"
#include "storage/s3/sigv4.h"

namespace pgkeep::storage {

// One call of the S3 API. Borrows what the spans show until Call() has returned.
struct S3Call {
  std::string operation = {};  // "s3:PutObject", for messages and policies
  std::string what = {};       // "object dec/1 of s3://bucket", for messages
  std::string method = {};
  std::string key = {};  // whole key in the bucket; empty: the bucket itself
  std::vector<QueryParameter> query = {};
  std::vector<net::HttpHeader> headers = {};
  ByteSpan body = {};
  // What is said and signed as the body's SHA-256: known already, or wrong to see who looks at it.
  std::optional<std::string> signed_sha256 = {};
  uint64_t body_max = 0;                     // as in HttpRequest
  std::optional<MutableByteSpan> into = {};  // as in HttpRequest
};

// How often requests went out, for tests and metrics.
struct S3RequestCounts {
  uint64_t requests = 0;  // all of them
  uint64_t repeated = 0;  // those that were not the first of their call
};

// What a client works with. The pointers must outlive it.
struct S3ClientOptions {
  S3Address address = {};
  std::string bucket = {};
  std::string region = {};
  Clock* clock = nullptr;
  RetryPolicy retry = {};
  // Ends pauses and further attempts, but no request that is on its way: what comes after a stop,
  // such as giving back a lease, goes through the same client.
  std::stop_token stop = {};
};

// Signs with the hash of the body, sends, and repeats after errors that pass (kUnavailable,
// kTimeout) with growing random pauses, and at once, but once only, after the server has said that
// the credentials have expired. Thread-safe.
class S3Client {
 public:
  S3Client(S3ClientOptions options, std::unique_ptr<net::HttpClient> http,
           std::unique_ptr<CredentialCache> credentials);

  // An answer of the class 2xx without an error in it. Errors: as MakeS3Error() and HttpClient;
  // kUnauthenticated when there are no credentials.
  Result<net::HttpResponse> Call(const S3Call& call);

  S3RequestCounts counts() const;
  const S3Address& address() const { return options_.address; }

 private:
  // One attempt.
  struct Attempt {
    Result<net::HttpResponse> outcome;
    std::shared_ptr<const S3Credentials> expired = nullptr;  // the server refused these
  };
  Attempt Try(const S3Call& call, const std::string& body_sha256);
  net::HttpRequest Sign(const S3Call& call, const S3Credentials& credentials,
                        const std::string& body_sha256) const;

  const S3ClientOptions options_;
  const std::unique_ptr<net::HttpClient> http_;
  const std::unique_ptr<CredentialCache> credentials_;
  std::atomic<uint64_t> requests_ = 0;
  std::atomic<uint64_t> repeated_ = 0;
};

}  // namespace pgkeep::storage

// What the failures of S3 mean: one code and one sentence for each.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_message.h"

namespace pgkeep::storage {

// What was asked for, for messages.
struct S3Context {
  std::string operation = {};  // the action in policies: "s3:PutObject"
  std::string what = {};       // "object p/1/2 of s3://bucket/prefix"
  std::string bucket = {};
  std::string region = {};      // with which the request was signed
  std::string key_origin = {};  // where the credentials came from: "the environment"
  Timestamp now = {};           // this machine's clock when the answer came
};

// The largest difference of clocks that S3 accepts.
inline constexpr Duration kSkewMax = std::chrono::minutes(15);

// The failure behind an answer that is not of the class 2xx, or is, with an error in its body.
// kUnavailable and kTimeout are worth repeating; all others are not. Sources: "Error responses" in
// the API reference of Amazon S3, and what Ceph RGW 16.2 answers.
Error MakeS3Error(const net::HttpResponse& response, const S3Context& context);

// True if the server says that the credentials have expired, so that new ones may work.
bool AreCredentialsExpired(const net::HttpResponse& response);

// True if an answer of the class 2xx is an error nevertheless, as those are that began before the
// server knew (CopyObject, CompleteMultipartUpload, and proxies).
bool IsHiddenError(const net::HttpResponse& response);

// By how much this machine's clock is ahead of the server's, as the field Date tells it.
std::optional<Duration> ClockSkew(const net::HttpResponse& response, Timestamp now);

}  // namespace pgkeep::storage

// Signatures of requests to AWS and to everything that speaks S3: AWS Signature Version 4, with the
// hash of the body in the signature ("Authenticating Requests (AWS Signature Version 4)" in the
// reference of Amazon S3).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/hash.h"
#include "net/http_message.h"

namespace pgkeep::storage {

// Name and value of one query parameter, as they are, not encoded.
using QueryParameter = std::pair<std::string, std::string>;

// What is signed of a request. Paths are encoded once and not tidied up, as S3 wants it (other
// services of AWS do both otherwise).
struct SignedRequest {
  std::string method = {};
  std::string path = {};  // not encoded; begins with a slash
  std::vector<QueryParameter> query = {};
  // All of them are signed, Host included; names in any case.
  std::vector<net::HttpHeader> headers = {};
  std::string payload_sha256 = {};  // hexadecimal
};

// Who signs, and for what.
struct SigningScope {
  std::string_view access_key = {};
  ByteSpan secret_key = {};
  std::string_view region = {};
  std::string_view service = "s3";
  Timestamp time = {};
};

// "20130524T000000Z": the form of x-amz-date.
std::string FormatAmzDate(Timestamp time);

// The query as it is signed and must be sent: encoded, sorted by name and value, joined with '&'.
std::string CanonicalQuery(const std::vector<QueryParameter>& query);

// The value of the field Authorization. The headers must hold x-amz-date with the time of the
// scope.
std::string Authorize(const SignedRequest& request, const SigningScope& scope);

}  // namespace pgkeep::storage

// One clear sentence for each failure.
#include "storage/s3/s3_error.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace pgkeep::storage {
namespace {

S3Context Context() {
  return {.operation = "s3:PutObject",
          .what = "object dec/1 of s3://backups/db",
          .bucket = "backups",
          .region = "us-east-1",
          .key_origin = "the environment",
          .now = ParseUtc("2026-01-01T00:00:00Z").value()};
}

net::HttpResponse Answer(int status, const std::string& code,
                         std::vector<net::HttpHeader> headers = {}, const std::string& more = "") {
  net::HttpResponse response;
  response.status = status;
  response.headers = std::move(headers);
  if (!code.empty()) {
    response.body = ToBytes(AsBytes("<Error><Code>" + code + "</Code>" + more + "</Error>"));
  }
  return response;
}

struct ErrorCase {
  net::HttpResponse response;
  ErrorCode code;
  std::string message;
};

TEST(S3Error, EachFailureHasItsCodeAndSentence) {
  const std::vector<ErrorCase> cases = {
      {Answer(403, "AccessDenied"), ErrorCode::kPermission,
       "object dec/1 of s3://backups/db is not allowed: s3:PutObject was denied"},
      {Answer(403, ""), ErrorCode::kPermission,
       "object dec/1 of s3://backups/db is not allowed: s3:PutObject was denied"},
      {Answer(403, "InvalidAccessKeyId"), ErrorCode::kUnauthenticated,
       "the object store does not know the access key of the environment"},
      {Answer(403, "SignatureDoesNotMatch"), ErrorCode::kUnauthenticated,
       "the secret key of the environment does not fit its access key"},
      {Answer(400, "ExpiredToken"), ErrorCode::kUnauthenticated,
       "the S3 credentials of the environment have expired"},
      {Answer(403, "RequestTimeTooSkewed", {{"date", "Thu, 01 Jan 2026 00:20:00 GMT"}}),
       ErrorCode::kUnauthenticated,
       "the clock of this machine is 20:00 behind that of the object store, which therefore "
       "refuses its requests"},
      {Answer(403, "", {{"date", "Wed, 31 Dec 2025 23:40:00 GMT"}}), ErrorCode::kUnauthenticated,
       "the clock of this machine is 20:00 ahead of that of the object store, which therefore "
       "refuses its requests"},
      {Answer(403, "RequestTimeTooSkewed"), ErrorCode::kUnauthenticated,
       "the clocks of this machine and of the object store are too far apart"},
      {Answer(403, "UserSuspended"), ErrorCode::kPermission,
       "the account at the object store is closed or suspended (UserSuspended, status 403)"},
      {Answer(404, "NoSuchBucket"), ErrorCode::kNotFound, "there is no bucket backups"},
      {Answer(404, "NoSuchKey"), ErrorCode::kNotFound,
       "there is no object dec/1 of s3://backups/db"},
      {Answer(404, ""), ErrorCode::kNotFound, "there is no object dec/1 of s3://backups/db"},
      {Answer(301, "PermanentRedirect", {{"x-amz-bucket-region", "eu-west-1"}}), ErrorCode::kConfig,
       "bucket backups is in region eu-west-1, not in us-east-1"},
      {Answer(400, "AuthorizationHeaderMalformed", {}, "<Region>eu-west-1</Region>"),
       ErrorCode::kConfig, "bucket backups is in region eu-west-1, not in us-east-1"},
      {Answer(307, ""), ErrorCode::kConfig,
       "bucket backups is not in region us-east-1 (no reason, status 307)"},
      {Answer(412, "PreconditionFailed"), ErrorCode::kAlreadyExists,
       "object dec/1 of s3://backups/db exists already"},
      {Answer(403, "QuotaExceeded"), ErrorCode::kOutOfSpace,
       "the object store is full or the quota is used up (QuotaExceeded, status 403)"},
      {Answer(403, "InvalidObjectState"), ErrorCode::kUnsupported,
       "object dec/1 of s3://backups/db is in an archive class and cannot be read at once"},
      {Answer(501, "NotImplemented"), ErrorCode::kUnsupported,
       "object dec/1 of s3://backups/db: the object store has no s3:PutObject (NotImplemented, "
       "status 501)"},
      {Answer(400, "InvalidStorageClass"), ErrorCode::kConfig,
       "the object store has no such storage class"},
      {Answer(400, "Odd", {}, "<Message>in words</Message>"), ErrorCode::kProtocol,
       "object dec/1 of s3://backups/db: the object store refuses the request (Odd, status 400: in "
       "words)"},
  };
  for (const ErrorCase& one : cases) {
    const Error error = MakeS3Error(one.response, Context());
    EXPECT_EQ(CodeName(error.code()), CodeName(one.code)) << one.message;
    EXPECT_EQ(error.message(), one.message);
    EXPECT_FALSE(IsRetryable(error.code())) << one.message;
  }
}

TEST(S3Error, WhatPassesIsWorthRepeating) {
  for (const auto& [status, code] :
       std::vector<std::pair<int, std::string>>{{500, "InternalError"},
                                                {503, "SlowDown"},
                                                {503, ""},
                                                {502, ""},
                                                {504, ""},
                                                {429, ""},
                                                {408, ""},
                                                {400, "RequestTimeout"},
                                                {409, "ConditionalRequestConflict"},
                                                {409, "OperationAborted"},
                                                {400, "BadDigest"},
                                                {400, "XAmzContentSHA256Mismatch"},
                                                {200, "InternalError"},
                                                {200, "SlowDown"}}) {
    EXPECT_TRUE(IsRetryable(MakeS3Error(Answer(status, code), Context()).code()))
        << status << " " << code;
  }
}

TEST(S3Error, HintsSayWhatToDo) {
  EXPECT_NE(MakeS3Error(Answer(403, "AccessDenied"), Context()).hint().find("s3:PutObject"),
            std::string::npos);
  EXPECT_NE(MakeS3Error(Answer(301, "", {{"x-amz-bucket-region", "eu-west-1"}}), Context())
                .hint()
                .find("--s3-region eu-west-1"),
            std::string::npos);
}

TEST(S3Error, AnOrdinaryRefusalIsNotAboutTheClock) {
  const auto denied =
      MakeS3Error(Answer(403, "", {{"date", "Thu, 01 Jan 2026 00:10:00 GMT"}}), Context());
  EXPECT_EQ(denied.code(), ErrorCode::kPermission);
}

TEST(S3Error, TellsExpiredCredentialsAndHiddenErrors) {
  EXPECT_TRUE(AreCredentialsExpired(Answer(400, "ExpiredToken")));
  EXPECT_FALSE(AreCredentialsExpired(Answer(403, "AccessDenied")));
  EXPECT_FALSE(AreCredentialsExpired(Answer(200, "ExpiredToken")));
  EXPECT_TRUE(IsHiddenError(Answer(200, "InternalError")));
  EXPECT_FALSE(IsHiddenError(Answer(200, "")));
  EXPECT_FALSE(IsHiddenError(Answer(503, "SlowDown")));
}

}  // namespace
}  // namespace pgkeep::storage

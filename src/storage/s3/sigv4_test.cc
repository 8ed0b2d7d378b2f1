// Against the values that AWS publishes: its test suite for Signature Version 4 (aws-sig-v4-test-
// suite, whose names the cases have), and the examples in the reference of Amazon S3.
#include "storage/s3/sigv4.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace pgkeep::storage {
namespace {

constexpr char kEmptySha256[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string SignatureOf(const std::string& authorization) {
  constexpr std::string_view kMark = "Signature=";
  return authorization.substr(authorization.find(kMark) + kMark.size());
}

Timestamp At(const char* text) { return ParseUtc(text).value(); }

// A request as in the test suite: to example.amazonaws.com, without a body.
struct SuiteCase {
  const char* name;
  SignedRequest request;
  const char* signature;
};

std::string SignSuiteCase(SignedRequest request) {
  request.headers.push_back({"Host", "example.amazonaws.com"});
  request.headers.push_back({"X-Amz-Date", "20150830T123600Z"});
  if (request.payload_sha256.empty()) request.payload_sha256 = kEmptySha256;
  constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  return SignatureOf(Authorize(request, {.access_key = "AKIDEXAMPLE",
                                         .secret_key = AsBytes(kSecret),
                                         .region = "us-east-1",
                                         .service = "service",
                                         .time = At("2015-08-30T12:36:00Z")}));
}

TEST(SigV4, MatchesTheTestSuite) {
  const std::string unreserved =
      "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const std::vector<SuiteCase> cases = {
      {"get-vanilla",
       {.method = "GET", .path = "/"},
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-vanilla-empty-query-key",
       {.method = "GET", .path = "/", .query = {{"Param1", "value1"}}},
       "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
      {"get-vanilla-query-order-key-case",
       {.method = "GET", .path = "/", .query = {{"Param2", "value2"}, {"Param1", "value1"}}},
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-vanilla-query-unreserved",
       {.method = "GET", .path = "/", .query = {{unreserved, unreserved}}},
       "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
      {"get-vanilla-utf8-query",
       {.method = "GET", .path = "/", .query = {{"\xe1\x88\xb4", "bar"}}},
       "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
      {"get-unreserved",
       {.method = "GET", .path = "/" + unreserved},
       "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
      {"get-utf8",
       {.method = "GET", .path = "/\xe1\x88\xb4"},
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-header-key-duplicate",
       {.method = "GET",
        .path = "/",
        .headers = {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}}},
       "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
      {"post-vanilla",
       {.method = "POST", .path = "/"},
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"post-header-key-sort",
       {.method = "POST", .path = "/", .headers = {{"My-Header1", "value1"}}},
       "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
      {"post-x-www-form-urlencoded",
       {.method = "POST",
        .path = "/",
        .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
        .payload_sha256 = HexEncode(crypto::Sha256(AsBytes("Param1=value1")))},
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
  };
  for (const SuiteCase& one : cases) {
    EXPECT_EQ(SignSuiteCase(one.request), one.signature) << one.name;
  }
}

// To examplebucket, with its keys and at its time.
std::string AuthorizeS3(SignedRequest request) {
  request.headers.push_back({"Host", "examplebucket.s3.amazonaws.com"});
  request.headers.push_back({"x-amz-date", "20130524T000000Z"});
  if (request.payload_sha256.empty()) request.payload_sha256 = kEmptySha256;
  request.headers.push_back({"x-amz-content-sha256", request.payload_sha256});
  constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  return Authorize(request, {.access_key = "AKIAIOSFODNN7EXAMPLE",
                             .secret_key = AsBytes(kSecret),
                             .region = "us-east-1",
                             .time = At("2013-05-24T00:00:00Z")});
}

TEST(SigV4, MatchesTheExamplesOfS3) {
  EXPECT_EQ(
      AuthorizeS3({.method = "GET", .path = "/test.txt", .headers = {{"Range", "bytes=0-9"}}}),
      "AWS4-HMAC-SHA256 "
      "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
      "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
      "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(SignatureOf(AuthorizeS3(
                {.method = "PUT",
                 .path = "/test$file.text",
                 .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                             {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                 .payload_sha256 = HexEncode(crypto::Sha256(AsBytes("Welcome to Amazon S3.")))})),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  EXPECT_EQ(SignatureOf(AuthorizeS3({.method = "GET", .path = "/", .query = {{"lifecycle", ""}}})),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(SignatureOf(AuthorizeS3(
                {.method = "GET", .path = "/", .query = {{"max-keys", "2"}, {"prefix", "J"}}})),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, DatesAreCompact) {
  EXPECT_EQ(FormatAmzDate(At("2013-05-24T01:02:03.999Z")), "20130524T010203Z");
}

// Sorted by what is sent, so that '/' (which becomes "%2F") comes before letters, and a name before
// a longer one.
TEST(SigV4, QueriesAreEncodedAndThenSorted) {
  EXPECT_EQ(CanonicalQuery({}), "");
  EXPECT_EQ(CanonicalQuery({{"versioning", ""}}), "versioning=");
  EXPECT_EQ(CanonicalQuery({{"b", "1"}, {"a/", "2"}, {"aa", "3"}, {"a", "5"}, {"a", "4 +"}}),
            "a=4%20%2B&a=5&a%2F=2&aa=3&b=1");
}

// Everything that is signed changes the signature.
TEST(SigV4, EveryPartCounts) {
  const SignedRequest request{
      .method = "PUT", .path = "/a/b", .query = {{"x", "y"}}, .headers = {{"If-None-Match", "*"}}};
  std::vector<std::string> seen = {AuthorizeS3(request)};
  const auto expect_new = [&](const SignedRequest& changed) {
    seen.push_back(AuthorizeS3(changed));
    for (size_t i = 0; i + 1 < seen.size(); ++i) {
      EXPECT_NE(SignatureOf(seen[i]), SignatureOf(seen.back()));
    }
  };
  SignedRequest changed = request;
  changed.method = "GET";
  expect_new(changed);
  changed = request;
  changed.path = "/a//b";
  expect_new(changed);
  changed.path = "/a/./b";
  expect_new(changed);
  changed = request;
  changed.query = {{"x", "z"}};
  expect_new(changed);
  changed = request;
  changed.headers = {};
  expect_new(changed);
  changed = request;
  changed.payload_sha256 = HexEncode(crypto::Sha256(AsBytes("x")));
  expect_new(changed);
}

}  // namespace
}  // namespace pgkeep::storage

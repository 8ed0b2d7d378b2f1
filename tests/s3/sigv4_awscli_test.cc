// Our signatures beside those of awscli: it makes requests, and we sign the same ones again.
#include <gtest/gtest.h>

#include <fstream>

#include "net/url.h"
#include "storage/s3/sigv4.h"
#include "testing/http_server.h"
#include "testing/program.h"
#include "testing/temporary_directory.h"

namespace pgkeep::s3test {
namespace {

using storage::QueryParameter;
using storage::SignedRequest;
using testing::HttpServerRequest;

constexpr char kAccessKey[] = "AKIAIOSFODNN7EXAMPLE";
constexpr std::string_view kSecretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
constexpr char kToken[] = "a session/token+that=is signed too";

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string Decode(std::string_view text) { return net::PercentDecode(text).value(); }

// "name=" from the field Authorization.
std::string PartOf(const std::string& authorization, const std::string& name) {
  const size_t begin = authorization.find(name + "=") + name.size() + 1;
  return authorization.substr(begin, authorization.find(',', begin) - begin);
}

// What awscli has signed.
SignedRequest SignedOf(const HttpServerRequest& request) {
  SignedRequest made{.method = request.method,
                     .payload_sha256 = request.Header("x-amz-content-sha256")};
  const size_t mark = request.target.find('?');
  made.path = Decode(request.target.substr(0, mark));
  if (mark != std::string::npos) {
    for (const std::string& pair : Split(request.target.substr(mark + 1), '&')) {
      const size_t equals = pair.find('=');
      made.query.emplace_back(Decode(pair.substr(0, equals)),
                              equals == std::string::npos ? "" : Decode(pair.substr(equals + 1)));
    }
  }
  for (const std::string& name :
       Split(PartOf(request.Header("authorization"), "SignedHeaders"), ';')) {
    made.headers.push_back({name, request.Header(name)});
  }
  return made;
}

// "20261123T030405Z"
Timestamp TimeOf(const std::string& date) {
  return ParseUtc(date.substr(0, 4) + "-" + date.substr(4, 2) + "-" + date.substr(6, 5) + ":" +
                  date.substr(11, 2) + ":" + date.substr(13))
      .value();
}

std::string WithoutBlanks(std::string text) {
  std::erase(text, ' ');
  return text;
}

TEST(SigV4BesideAwscli, TheSameRequestsGetTheSameSignatures) {
  const testing::HttpServer server([](const HttpServerRequest& request) {
    if (request.target.find("list-type") != std::string::npos) {
      return testing::MakeAnswer(200, "<ListBucketResult></ListBucketResult>");
    }
    return testing::MakeAnswer(200, "", {"ETag: \"d41d8cd98f00b204e9800998ecf8427e\""});
  });
  const testing::TemporaryDirectory directory;
  std::ofstream(directory.Join("body")) << std::string(100'000, 'x');
  const std::string key = "a/key with+signs,=%41&~'()*!/\xc3\xa4/../b";
  const std::vector<std::vector<std::string>> calls = {
      {"put-object", "--key", key, "--body", directory.Join("body"), "--storage-class",
       "STANDARD_IA", "--metadata", "creation=one  two"},
      {"get-object", "--key", key, "--range", "bytes=5-9", directory.Join("read")},
      {"head-object", "--key", key},
      {"delete-object", "--key", key},
      {"list-objects-v2", "--prefix", key, "--start-after", "a/b c", "--max-keys", "7"},
      {"get-bucket-versioning"},
  };
  size_t compared = 0;
  for (const std::vector<std::string>& call : calls) {
    SCOPED_TRACE(call.front());
    std::vector<std::string> words = {"aws", "--endpoint-url", server.url(), "s3api"};
    words.insert(words.end(), call.begin(), call.end());
    words.insert(words.end(), {"--bucket", "examplebucket"});
    const testing::ProgramResult result = testing::RunProgram(
        words, {"AWS_ACCESS_KEY_ID=" + std::string(kAccessKey),
                "AWS_SECRET_ACCESS_KEY=" + std::string(kSecretKey),
                "AWS_SESSION_TOKEN=" + std::string(kToken), "AWS_DEFAULT_REGION=eu-central-1",
                "AWS_CONFIG_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true",
                "AWS_PAGER=", "AWS_REQUEST_CHECKSUM_CALCULATION=when_required",
                "no_proxy=127.0.0.1", "PYTHONPATH="});
    const std::vector<HttpServerRequest> requests = server.requests();
    ASSERT_EQ(requests.size(), ++compared) << result.err;
    const HttpServerRequest& request = requests.back();
    const std::string authorization = request.Header("authorization");
    EXPECT_NE(authorization.find("x-amz-security-token"), std::string::npos);
    EXPECT_EQ(Authorize(SignedOf(request), {.access_key = kAccessKey,
                                            .secret_key = AsBytes(kSecretKey),
                                            .region = "eu-central-1",
                                            .time = TimeOf(request.Header("x-amz-date"))}),
              "AWS4-HMAC-SHA256 " + WithoutBlanks(authorization.substr(authorization.find(' '))));
  }
}

}  // namespace
}  // namespace pgkeep::s3test

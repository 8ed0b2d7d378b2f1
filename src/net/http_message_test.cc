#include "net/http_message.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace pgkeep::net {
namespace {

TEST(HttpResponse, FindsTheFirstFieldWithAName) {
  HttpResponse response;
  response.headers = {{"etag", "one"}, {"etag", "two"}};
  EXPECT_EQ(response.Header("etag"), "one");
  EXPECT_EQ(response.Header("date"), std::nullopt);
}

TEST(HttpHeaders, NoFieldCanSmuggleAnother) {
  EXPECT_TRUE(ValidateHeaders({{"x-amz-date", "20260101T000000Z"}, {"x-empty", ""}}).ok());
  for (const HttpHeader& header : std::vector<HttpHeader>{{"", "v"},
                                                          {"a b", "v"},
                                                          {"a:b", "v"},
                                                          {"a\r\nb", "v"},
                                                          {"a", "v\r\nb: c"},
                                                          {"a", "v\n"},
                                                          {"a", std::string("v\0", 2)}}) {
    const Status status = ValidateHeaders({header});
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(HttpHeaders, ValuesAreNotShown) {
  const Status status = ValidateHeaders({{"authorization", "secret\n"}});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().Describe().find("secret"), std::string::npos);
}

}  // namespace
}  // namespace pgkeep::net

#include "net/url.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace pgkeep::net {
namespace {

TEST(Url, TakesAddressesApart) {
  const auto url = ParseUrl("https://S3.Example.COM:8443/base");
  ASSERT_TRUE(url.ok()) << url.error().Describe();
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "s3.example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/base");
  EXPECT_EQ(url->Authority(), "s3.example.com:8443");
}

TEST(Url, LeavesTheSchemesOwnPortOut) {
  EXPECT_EQ(ParseUrl("https://host").value().Authority(), "host");
  EXPECT_EQ(ParseUrl("https://host:443/").value().Authority(), "host");
  EXPECT_EQ(ParseUrl("http://host:443").value().Authority(), "host:443");
  EXPECT_EQ(ParseUrl("http://[::1]:80").value().Authority(), "[::1]");
  EXPECT_EQ(ParseUrl("http://[::1]:81").value().Authority(), "[::1]:81");
}

TEST(Url, RefusesWhatIsNoServer) {
  using std::string_literals::operator""s;
  for (const std::string& text :
       {""s, "host"s, "host:80"s, "ftp://host"s, "file:///etc/passwd"s, "http://"s,
        "http://user:secret@host"s, "http://host?query"s, "http://host/#fragment"s,
        "http://host:0"s, "http://host:70000"s, "http://ho st"s, "http://host\0.evil"s}) {
    const auto url = ParseUrl(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().code(), ErrorCode::kInvalidArgument) << text;
    EXPECT_FALSE(url.error().hint().empty());
    EXPECT_EQ(url.error().Describe().find("secret"), std::string::npos);
  }
}

TEST(PercentEncoding, KeepsUnreservedCharactersOnly) {
  EXPECT_EQ(PercentEncode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(PercentEncode("a b+c/d%\xc3\xa4"), "a%20b%2Bc%2Fd%25%C3%A4");
  EXPECT_EQ(PercentEncodePath("/a b/c=d"), "/a%20b/c%3Dd");
}

TEST(PercentEncoding, DecodesEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(PercentDecode(PercentEncode(all)).value(), all);
  EXPECT_EQ(PercentDecode("%4a%4A").value(), "JJ");
  for (const char* text : {"%", "%4", "a%", "%zz", "%4g"}) EXPECT_FALSE(PercentDecode(text).ok());
}

}  // namespace
}  // namespace pgkeep::net

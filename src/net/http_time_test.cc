#include "net/http_time.h"

#include <gtest/gtest.h>

namespace pgkeep::net {
namespace {

TEST(HttpTime, ReadsAllThreeForms) {
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"}) {
    const auto time = ParseHttpTime(text);
    ASSERT_TRUE(time.has_value()) << text;
    EXPECT_EQ(FormatUtc(*time), "1994-11-06T08:49:37Z");
  }
}

TEST(HttpTime, RefusesWhatIsNoDate) {
  for (const char* text : {"", "yesterday", "99 Foo 2020", "Sun, 99 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(ParseHttpTime(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace pgkeep::net

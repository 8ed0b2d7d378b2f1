#include "cli/json.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <limits>
#include <string>

namespace pgkeep::cli {
namespace {

TEST(Json, PrintsEveryTypeInOrderAndIndented) {
  Json root = Json::MakeObject();
  root.Set("zero", Json());
  root.Set("yes", true);
  root.Set("below", int64_t{-5});
  root.Set("half", 0.5);
  Json& list = root.Set("a list", Json::MakeArray());
  list.Add("x");
  list.Add(Json::MakeObject());
  EXPECT_EQ(root.Print(),
            "{\n"
            "  \"zero\": null,\n"
            "  \"yes\": true,\n"
            "  \"below\": -5,\n"
            "  \"half\": 0.5,\n"
            "  \"a list\": [\n"
            "    \"x\",\n"
            "    {}\n"
            "  ]\n"
            "}");
}

TEST(Json, IsReadByAnIndependentParser) {
  constexpr char kText[] = "quote \" back \\ line \n bell \a delete \x7f nul \0 end é";
  const std::string text(kText, sizeof(kText) - 1);
  Json root = Json::MakeObject();
  root.Set("text", text);
  root.Set("most", std::numeric_limits<uint64_t>::max());
  root.Set(text, "name");
  const boost::json::value parsed = boost::json::parse(root.Print());
  EXPECT_EQ(parsed.at("text").as_string(), text);
  EXPECT_EQ(parsed.at("most").as_uint64(), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(parsed.at(text).as_string(), "name");
}

TEST(Json, ReplacesWhatIsNotUtf8) {
  // A lone continuation, an overlong slash, a surrogate, a sequence cut short.
  for (const std::string bad : {"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x82"}) {
    const boost::json::value parsed = boost::json::parse(Json("a" + bad + "b").Print());
    const std::string read(parsed.as_string());
    EXPECT_TRUE(read.starts_with("a\xef\xbf\xbd")) << read;
    EXPECT_TRUE(read.ends_with("b")) << read;
  }
}

}  // namespace
}  // namespace pgkeep::cli

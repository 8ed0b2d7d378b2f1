#include <gtest/gtest.h>

#include <string>

#include "config/configuration.h"

namespace pgkeep::config {
namespace {

constexpr char kHead[] = "[repository.main]\nurl = \"/srv\"\nkey_file = \"k\"\n";

Result<Configuration> Parse(const std::string& text) {
  return ParseConfiguration(kHead + text, "/c.toml");
}

std::string ErrorOf(const std::string& text) {
  const auto parsed = Parse(text);
  return parsed.ok() ? "no error" : parsed.error().Describe();
}

TEST(PriceSection, TakesThePlaceOfTheDefaults) {
  const auto parsed = Parse(
      "[prices]\nsource = \"our contract\"\ncurrency = \"EUR\"\nbudget = 20\n"
      "[prices.STANDARD]\ngb_month = 0.01\n"
      "[prices.COLD]\ngb_month = 0.001\nputs_1000 = 1\ngets_1000 = 2.5\nleast_bytes = 4096\n");
  ASSERT_TRUE(parsed.ok()) << parsed.error().Describe();
  const PriceTable& prices = parsed->prices;
  EXPECT_EQ(prices.source, "our contract");
  EXPECT_EQ(prices.currency, "EUR");
  EXPECT_EQ(prices.budget, 20);
  EXPECT_EQ(prices.classes.at("STANDARD"), (ClassPrice{.gb_month = 0.01}));
  EXPECT_EQ(prices.classes.at("COLD"),
            (ClassPrice{.gb_month = 0.001, .puts_1000 = 1, .gets_1000 = 2.5, .least_bytes = 4096}));
  EXPECT_EQ(prices.classes.at("GLACIER_IR"), DefaultPrices().classes.at("GLACIER_IR"));
  EXPECT_EQ(Parse("")->prices, DefaultPrices());
}

TEST(PriceSection, WrongValuesAreToldWithTheirPlace) {
  EXPECT_EQ(ErrorOf("[prices]\nbudget = \"100 $\"\n"),
            "/c.toml:5:10: 'budget' must be an amount\n"
            "hint: write it as a number, without quotes and currency");
  EXPECT_EQ(ErrorOf("[prices]\nbudget = -1\n").substr(0, 13), "/c.toml:5:10:");
  EXPECT_EQ(ErrorOf("[prices]\nbudgt = 1\n"),
            "/c.toml:5:1: unknown key 'budgt' in [prices]\nhint: did you mean 'budget'?");
  EXPECT_EQ(ErrorOf("[prices.COLD]\nputs_1000 = 1\n"),
            "/c.toml:4:1: [prices.COLD] has no 'gb_month'\n"
            "hint: say what a GB costs in a month, for instance gb_month = 0.023");
}

}  // namespace
}  // namespace pgkeep::config

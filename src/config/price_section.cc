#include "config/price_section.h"

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <string_view>

namespace pgkeep::config {
namespace {

constexpr std::array<std::string_view, 3> kKeys = {"source", "currency", "budget"};
constexpr std::array<std::string_view, 4> kClassKeys = {"gb_month", "puts_1000", "gets_1000",
                                                        "least_bytes"};

// An amount of money.
double Amount(const toml::key& key, const toml::node& value, Problems& problems) {
  const auto amount = value.value<double>();
  if (value.is_number() && amount && std::isfinite(*amount) && *amount >= 0) return *amount;
  problems.Add(value.source().begin, fmt::format("'{}' must be an amount", key.str()),
               "write it as a number, without quotes and currency");
  return 0;
}

void ReadClass(const std::string& name, const toml::table& section, Problems& problems,
               PriceTable& table) {
  ClassPrice& price = table.classes[name] = {};
  for (const auto& [key, value] : section) {
    if (key.str() == "gb_month") {
      price.gb_month = Amount(key, value, problems);
    } else if (key.str() == "puts_1000") {
      price.puts_1000 = Amount(key, value, problems);
    } else if (key.str() == "gets_1000") {
      price.gets_1000 = Amount(key, value, problems);
    } else if (key.str() == "least_bytes") {
      price.least_bytes = problems.Number(key, value);
    } else {
      problems.AddUnknown(key, "prices." + name, kClassKeys);
    }
  }
  if (section.contains("gb_month")) return;
  problems.Add(section.source().begin, fmt::format("[prices.{}] has no 'gb_month'", name),
               "say what a GB costs in a month, for instance gb_month = 0.023");
}

}  // namespace

void ReadPrices(const toml::node& node, Problems& problems, PriceTable& table) {
  const toml::table* const section = node.as_table();
  if (section == nullptr) {
    problems.Add(node.source().begin, "'prices' must be a section", "write it as [prices]");
    return;
  }
  for (const auto& [key, value] : *section) {
    if (const toml::table* const of_class = value.as_table()) {
      ReadClass(std::string(key.str()), *of_class, problems, table);
    } else if (key.str() == "source") {
      table.source = problems.Text(key, value);
    } else if (key.str() == "currency") {
      table.currency = problems.Text(key, value);
    } else if (key.str() == "budget") {
      table.budget = Amount(key, value, problems);
    } else {
      problems.AddUnknown(key, "prices", kKeys);
    }
  }
}

}  // namespace pgkeep::config

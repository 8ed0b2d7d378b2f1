// What storage and requests cost.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace pgkeep::config {

// What a storage class costs. Storage is billed by the month and GB (2^30 bytes), requests by the
// thousand.
struct ClassPrice {
  double gb_month = 0;
  double puts_1000 = 0;  // PUT, COPY, POST, LIST
  double gets_1000 = 0;
  uint64_t least_bytes = 0;  // what an object is billed for at least
  bool operator==(const ClassPrice&) const = default;
};

// All prices of one provider, as of one day. A value.
struct PriceTable {
  std::string source = {};  // "Amazon S3, us-east-1, January 2025"
  std::string currency = "USD";
  double budget = 100;  // for a month; more than that is warned of
  std::map<std::string, ClassPrice> classes = {};
  bool operator==(const PriceTable&) const = default;
};

// The list prices of Amazon S3 in us-east-1. They are dated, and others pay others: [prices]
// replaces them.
PriceTable DefaultPrices();

}  // namespace pgkeep::config

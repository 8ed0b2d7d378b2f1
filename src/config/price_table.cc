#include "config/price_table.h"

namespace pgkeep::config {
namespace {

constexpr uint64_t kLeastCold = uint64_t{128} << 10;

}  // namespace

// aws.amazon.com/s3/pricing: the first 50 TB a month, requests, and the least size of objects.
PriceTable DefaultPrices() {
  return {
      .source = "list prices of Amazon S3, us-east-1, January 2025",
      .classes = {
          {"STANDARD", {.gb_month = 0.023, .puts_1000 = 0.005, .gets_1000 = 0.0004}},
          {"INTELLIGENT_TIERING", {.gb_month = 0.023, .puts_1000 = 0.005, .gets_1000 = 0.0004}},
          {"STANDARD_IA",
           {.gb_month = 0.0125, .puts_1000 = 0.01, .gets_1000 = 0.001, .least_bytes = kLeastCold}},
          {"ONEZONE_IA",
           {.gb_month = 0.01, .puts_1000 = 0.01, .gets_1000 = 0.001, .least_bytes = kLeastCold}},
          {"GLACIER_IR",
           {.gb_month = 0.004, .puts_1000 = 0.02, .gets_1000 = 0.01, .least_bytes = kLeastCold}},
      }};
}

}  // namespace pgkeep::config

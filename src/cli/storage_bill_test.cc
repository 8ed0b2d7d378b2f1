#include "cli/storage_bill.h"

#include <gtest/gtest.h>

#include <chrono>

namespace pgkeep::cli {
namespace {

using config::PriceTable;
using storage::S3ListedObject;

constexpr uint64_t kGb = uint64_t{1} << 30;
const Timestamp kNow = Timestamp(std::chrono::days(20'000));

S3ListedObject Object(uint64_t size, int64_t days_old, const std::string& storage_class = "") {
  S3ListedObject object;
  object.size = size;
  object.modified = kNow - std::chrono::days(days_old);
  object.storage_class = storage_class;
  return object;
}

PriceTable Prices() {
  return {.classes = {{"STANDARD", {.gb_month = 0.02, .puts_1000 = 5}},
                      {"COLD", {.gb_month = 0.01, .least_bytes = kGb}}}};
}

TEST(StorageBill, CountsClassesKindsAndWhatIsNew) {
  const PriceTable prices = Prices();
  StorageUse use(prices, kNow);
  use.Add(Object(3 * kGb, 100), "p/a/00000001");
  use.Add(Object(10, 31, "COLD"), "m/a/00000001");
  use.Add(Object(kGb, 30), "p/b/00000001");
  use.Add(Object(100, 1), "dec/b");
  EXPECT_EQ(use.objects(), 4U);
  EXPECT_EQ(use.bytes(), 4 * kGb + 110);
  EXPECT_EQ(use.kinds().at("p").bytes, 4 * kGb);
  EXPECT_EQ(use.kinds().at("dec").objects, 1U);
  EXPECT_EQ(use.classes().at("STANDARD").objects, 3U);
  EXPECT_EQ(use.classes().at("COLD").billed_bytes, kGb);
  EXPECT_EQ(use.new_objects(), 2U);
  EXPECT_EQ(use.new_backups(), 1U);
  EXPECT_DOUBLE_EQ(use.DaysCounted(), 30);
  EXPECT_DOUBLE_EQ(use.BytesPerDay(), static_cast<double>(kGb + 100) / 30);
}

TEST(StorageBill, AddsUpStorageAndRequests) {
  const PriceTable prices = Prices();
  StorageUse use(prices, kNow);
  use.Add(Object(100 * kGb, 100), "p/a/1");
  use.Add(Object(1, 100, "COLD"), "p/a/2");
  use.Add(Object(0, 2), "dec/a");
  use.Add(Object(kGb, 100, "ODD"), "p/a/3");
  const StorageBill bill = MakeBill(use, prices);
  EXPECT_DOUBLE_EQ(bill.storage, 100 * 0.02 + 0.01);
  EXPECT_EQ(bill.unpriced, (std::vector<std::string>{"ODD"}));
  EXPECT_DOUBLE_EQ(bill.puts, 1);
  EXPECT_DOUBLE_EQ(bill.lists, 2 * 1.004);
  EXPECT_DOUBLE_EQ(bill.requests, (1 + 2 * 1.004) / 1000 * 5);
  EXPECT_DOUBLE_EQ(bill.total(), bill.storage + bill.requests);
}

// A repository that is three days old is not taken for one that has been still for a month.
TEST(StorageBill, AYoungRepositoryGrowsByItsOwnAge) {
  const PriceTable prices = Prices();
  StorageUse use(prices, kNow);
  use.Add(Object(2 * kGb, 4), "p/a/1");
  use.Add(Object(2 * kGb, 1), "p/b/1");
  EXPECT_DOUBLE_EQ(use.BytesPerDay(), static_cast<double>(kGb));
  EXPECT_EQ(ForecastBytes(use, 10), 14 * kGb);
  const StorageBill bill = MakeBill(use, prices);
  EXPECT_DOUBLE_EQ(ForecastCost(use, bill, 4), 2 * bill.storage + bill.requests);
}

// They are billed like all others, and no growth is seen in them.
TEST(StorageBill, OlderVersionsAndUnfinishedUploadsAreInTheSum) {
  const PriceTable prices = Prices();
  StorageUse use(prices, kNow);
  use.Add(Object(100 * kGb, 100), "p/a/1");
  use.AddOlder(Object(10 * kGb, 1), true);
  use.AddOlder(Object(1, 1, "COLD"), false);
  use.AddUpload({.bytes = 5 * kGb, .requests = 1}, true);
  use.AddUpload({.upload = {.storage_class = "ODD"}, .bytes = 5 * kGb, .requests = 2}, false);
  use.AddDeletionMark();
  EXPECT_EQ(use.objects(), 1U);
  EXPECT_EQ(use.older().items, 2U);
  EXPECT_EQ(use.older().leaving_bytes, 10 * kGb);
  EXPECT_EQ(use.uploads().items, 2U);
  EXPECT_EQ(use.uploads().bytes, 10 * kGb);
  EXPECT_EQ(use.uploads().leaving_bytes, 5 * kGb);
  EXPECT_EQ(use.uploads().requests, 3U);
  EXPECT_EQ(use.deletion_marks(), 1U);
  EXPECT_DOUBLE_EQ(use.BytesPerDay(), 0);
  const StorageBill bill = MakeBill(use, prices);
  EXPECT_DOUBLE_EQ(bill.storage, 100 * 0.02);
  EXPECT_DOUBLE_EQ(bill.older, 10 * 0.02 + 0.01);
  EXPECT_DOUBLE_EQ(bill.uploads, 5 * 0.02);
  EXPECT_EQ(bill.unpriced, (std::vector<std::string>{"ODD"}));
  EXPECT_DOUBLE_EQ(bill.total(), bill.storage + bill.older + bill.uploads + bill.requests);
  EXPECT_DOUBLE_EQ(ForecastCost(use, bill, 30), bill.total());
}

TEST(StorageBill, NothingCostsNothing) {
  const PriceTable prices = Prices();
  const StorageUse use(prices, kNow);
  EXPECT_EQ(MakeBill(use, prices).total(), 0);
  EXPECT_EQ(ForecastBytes(use, 365), 0U);
  EXPECT_EQ(ForecastCost(use, MakeBill(use, prices), 365), 0);
}

}  // namespace
}  // namespace pgkeep::cli

#include "cli/storage_bill.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "repository/object_names.h"

namespace pgkeep::cli {
namespace {

constexpr double kBytesPerGb = 1024.0 * 1024 * 1024;
constexpr double kThousand = 1000;
constexpr double kDaysPerMonth = 30;
constexpr double kObjectsPerPage = 1000;
// What servers do not say, and what new objects go into.
constexpr char kUsualClass[] = "STANDARD";

double Days(Duration duration) {
  return std::chrono::duration<double, std::chrono::days::period>(duration).count();
}

std::string ClassName(const std::string& told) { return told.empty() ? kUsualClass : told; }

// What the objects of these classes cost in a month. Classes without a price go into `unpriced`.
double PriceOf(const std::map<std::string, ClassUse>& classes, const config::PriceTable& prices,
               std::set<std::string>& unpriced) {
  double sum = 0;
  for (const auto& [name, use] : classes) {
    const auto price = prices.classes.find(name);
    if (price == prices.classes.end()) {
      unpriced.insert(name);
      continue;
    }
    sum += static_cast<double>(use.billed_bytes) / kBytesPerGb * price->second.gb_month;
  }
  return sum;
}

void AddTo(ClassUse& use, uint64_t bytes, uint64_t billed) {
  ++use.objects;
  use.bytes += bytes;
  use.billed_bytes += billed;
}

void AddTo(Leftovers& leftovers, const std::string& name, uint64_t bytes, uint64_t billed,
           bool leaves) {
  AddTo(leftovers.classes[name], bytes, billed);
  ++leftovers.items;
  leftovers.bytes += bytes;
  if (leaves) leftovers.leaving_bytes += bytes;
}

}  // namespace

uint64_t StorageUse::Billed(const std::string& name, uint64_t bytes) const {
  const auto price = prices_.classes.find(name);
  return price == prices_.classes.end() ? bytes : std::max(bytes, price->second.least_bytes);
}

void StorageUse::AddOlder(const storage::S3ListedObject& object, bool leaves) {
  const std::string name = ClassName(object.storage_class);
  AddTo(older_, name, object.size, Billed(name, object.size), leaves);
}

void StorageUse::AddUpload(const storage::UploadInventory& found, bool leaves) {
  AddTo(uploads_, ClassName(found.upload.storage_class), found.bytes, found.bytes, leaves);
  uploads_.requests += found.requests;
}

void StorageUse::Add(const storage::S3ListedObject& object, const std::string& key) {
  const std::string name = ClassName(object.storage_class);
  const uint64_t billed = Billed(name, object.size);
  AddTo(classes_[name], object.size, billed);
  AddTo(kinds_[key.substr(0, key.find_first_of("/."))], object.size, billed);
  ++objects_;
  bytes_ += object.size;
  oldest_ = std::min(oldest_, object.modified);
  if (now_ - object.modified > std::chrono::days(kGrowthDays)) return;
  ++new_objects_;
  new_bytes_ += object.size;
  if (key.starts_with(repository::kDecisionPrefix)) ++new_backups_;
}

double StorageUse::DaysCounted() const {
  if (objects_ == 0) return 1;
  return std::clamp(Days(now_ - oldest_), 1.0, static_cast<double>(kGrowthDays));
}

double StorageUse::BytesPerDay() const { return static_cast<double>(new_bytes_) / DaysCounted(); }

StorageBill MakeBill(const StorageUse& use, const config::PriceTable& prices) {
  StorageBill bill;
  std::set<std::string> unpriced;
  bill.storage = PriceOf(use.classes(), prices, unpriced);
  bill.older = PriceOf(use.older().classes, prices, unpriced);
  bill.uploads = PriceOf(use.uploads().classes, prices, unpriced);
  bill.unpriced.assign(unpriced.begin(), unpriced.end());
  const double months = use.DaysCounted() / kDaysPerMonth;
  const double pages = static_cast<double>(use.objects()) / kObjectsPerPage + 1;
  bill.puts = static_cast<double>(use.new_objects()) / months;
  bill.lists = static_cast<double>(use.new_backups()) * 2 * pages / months;
  if (const auto usual = prices.classes.find(kUsualClass); usual != prices.classes.end()) {
    bill.requests = (bill.puts + bill.lists) / kThousand * usual->second.puts_1000;
  }
  return bill;
}

uint64_t ForecastBytes(const StorageUse& use, double days) {
  return use.bytes() + static_cast<uint64_t>(use.BytesPerDay() * days);
}

double ForecastCost(const StorageUse& use, const StorageBill& bill, double days) {
  if (use.bytes() == 0) return bill.total();
  const double growth =
      static_cast<double>(ForecastBytes(use, days)) / static_cast<double>(use.bytes());
  return bill.total() + bill.storage * (growth - 1);
}

}  // namespace pgkeep::cli

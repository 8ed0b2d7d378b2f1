#include "cli/storage_bill.h"

#include <algorithm>
#include <chrono>

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

void AddTo(ClassUse& use, uint64_t bytes, uint64_t billed) {
  ++use.objects;
  use.bytes += bytes;
  use.billed_bytes += billed;
}

}  // namespace

void StorageUse::Add(const storage::S3ListedObject& object, const std::string& key) {
  const std::string name = object.storage_class.empty() ? kUsualClass : object.storage_class;
  const auto price = prices_.classes.find(name);
  const uint64_t least = price == prices_.classes.end() ? 0 : price->second.least_bytes;
  const uint64_t billed = std::max(object.size, least);
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
  for (const auto& [name, of_class] : use.classes()) {
    const auto price = prices.classes.find(name);
    if (price == prices.classes.end()) {
      bill.unpriced.push_back(name);
      continue;
    }
    bill.storage +=
        static_cast<double>(of_class.billed_bytes) / kBytesPerGb * price->second.gb_month;
  }
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
  return bill.storage * growth + bill.requests;
}

}  // namespace pgkeep::cli

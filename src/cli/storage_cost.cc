#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "base/display.h"
#include "cli/bucket_access.h"
#include "cli/commands.h"
#include "cli/repository_access.h"
#include "cli/storage_bill.h"
#include "cli/text_format.h"
#include "storage/s3/bucket_inventory.h"

namespace pgkeep::cli {
namespace {

constexpr std::array<uint32_t, 3> kForecastDays = {30, 90, 365};

Json UsesJson(const std::map<std::string, ClassUse>& uses, const char* name) {
  Json list = Json::MakeArray();
  for (const auto& [key, use] : uses) {
    Json json = Json::MakeObject();
    json.Set(name, key);
    json.Set("objects", use.objects);
    json.Set("bytes", use.bytes);
    list.Add(std::move(json));
  }
  return list;
}

void PrintUses(const std::map<std::string, ClassUse>& uses, const char* name, Console& console) {
  Table table({{name}, {"OBJECTS", Table::Align::kRight}, {"SIZE", Table::Align::kRight}});
  for (const auto& [key, use] : uses) {
    table.AddRow({Printable(key), std::to_string(use.objects), FormatBytes(use.bytes)});
  }
  for (const std::string& line : table.Lines()) console.Print("  " + line);
}

void ShowUse(const storage::StoreUrl& url, const StorageUse& use, Console& console) {
  Json& document = console.document();
  document.Set("repository", url.ToString());
  document.Set("objects", use.objects());
  document.Set("bytes", use.bytes());
  document.Set("kinds", UsesJson(use.kinds(), "kind"));
  document.Set("classes", UsesJson(use.classes(), "class"));
  document.Set("bytes_per_day", use.BytesPerDay());
  document.Set("days_counted", use.DaysCounted());
  console.Print(fmt::format("{} has {} in {}", url.ToString(), FormatBytes(use.bytes()),
                            Count(use.objects(), "object")));
  PrintUses(use.kinds(), "KIND", console);
  PrintUses(use.classes(), "CLASS", console);
  console.Print(fmt::format("growth: {} a day, in the last {}",
                            FormatBytes(static_cast<uint64_t>(use.BytesPerDay())),
                            Count(static_cast<uint64_t>(use.DaysCounted()), "day")));
}

// "older versions: 3 with 1.2 GiB, 0.03 USD a month; rules remove 98 % of it".
void ShowLeftovers(const char* name, const Leftovers& left, double month, const std::string& beside,
                   const config::PriceTable& prices, Console& console) {
  const double share = left.bytes == 0 ? 0
                                       : 100.0 * static_cast<double>(left.leaving_bytes) /
                                             static_cast<double>(left.bytes);
  console.Print(fmt::format("{}: {} with {}{}, {:.2f} {} a month; rules remove {:.0f} % of it",
                            name, left.items, FormatBytes(left.bytes), beside, month,
                            prices.currency, share));
}

Json LeftoversJson(const Leftovers& left, double month) {
  Json json = Json::MakeObject();
  json.Set("number", left.items);
  json.Set("bytes", left.bytes);
  json.Set("leaving_bytes", left.leaving_bytes);
  json.Set("cost_month", month);
  json.Set("classes", UsesJson(left.classes, "class"));
  return json;
}

// What is billed although no listing of objects shows it.
void ShowHidden(const StorageUse& use, const StorageBill& bill, const config::PriceTable& prices,
                Console& console) {
  Json& older = console.document().Set("older_versions", LeftoversJson(use.older(), bill.older));
  older.Set("deletion_marks", use.deletion_marks());
  Json& uploads =
      console.document().Set("unfinished_uploads", LeftoversJson(use.uploads(), bill.uploads));
  uploads.Set("requests", use.uploads().requests);
  if (use.older().items + use.deletion_marks() > 0) {
    ShowLeftovers("older versions", use.older(), bill.older,
                  " and " + Count(use.deletion_marks(), "deletion mark"), prices, console);
  }
  if (use.uploads().items > 0) {
    ShowLeftovers("unfinished uploads", use.uploads(), bill.uploads,
                  " (seen with " + Count(use.uploads().requests, "request") + ")", prices, console);
  }
}

void ShowBill(const StorageUse& use, const StorageBill& bill, const config::PriceTable& prices,
              Console& console) {
  Json& cost = console.document().Set("cost", Json::MakeObject());
  cost.Set("currency", prices.currency);
  cost.Set("prices", prices.source);
  cost.Set("storage_month", bill.storage);
  cost.Set("older_versions_month", bill.older);
  cost.Set("unfinished_uploads_month", bill.uploads);
  cost.Set("requests_month", bill.requests);
  cost.Set("puts_month", bill.puts);
  cost.Set("lists_month", bill.lists);
  cost.Set("total_month", bill.total());
  cost.Set("budget", prices.budget);
  Json& forecasts = cost.Set("forecast", Json::MakeArray());
  const double hidden = bill.older + bill.uploads;
  console.Print(fmt::format("cost of a month: {:.2f} {} (storage {:.2f}, requests {:.2f})",
                            bill.total(), prices.currency, bill.storage + hidden, bill.requests));
  for (const uint32_t days : kForecastDays) {
    const uint64_t bytes = ForecastBytes(use, days);
    const double month = ForecastCost(use, bill, days);
    Json forecast = Json::MakeObject();
    forecast.Set("days", days);
    forecast.Set("bytes", bytes);
    forecast.Set("total_month", month);
    forecasts.Add(std::move(forecast));
    console.Print(fmt::format("  in {} days: {}, {:.2f} {} a month", days, FormatBytes(bytes),
                              month, prices.currency));
  }
  console.Note(fmt::format("by {}; with this growth and if nothing expires; without reading back",
                           prices.source));
}

void WarnOfCost(const StorageUse& use, const StorageBill& bill, const config::PriceTable& prices,
                Console& console) {
  for (const std::string& name : bill.unpriced) {
    console.Warn(
        fmt::format("there is no price for the class {0}: write [prices.{0}] into the "
                    "configuration",
                    Printable(name)));
  }
  if (bill.total() > prices.budget) {
    console.Warn(fmt::format("a month costs {:.2f} {}, more than the budget of {:.2f}",
                             bill.total(), prices.currency, prices.budget));
    return;
  }
  for (const uint32_t days : kForecastDays) {
    const double month = ForecastCost(use, bill, days);
    if (month <= prices.budget) continue;
    console.Warn(
        fmt::format("in {} days a month will cost {:.2f} {}, more than the budget of {:.2f}", days,
                    month, prices.currency, prices.budget));
    return;
  }
}

// The rules of the bucket; none where they may not be read, which is said.
Result<std::vector<storage::LifecycleRule>> ReadRules(BucketAccess& bucket, Console& console) {
  Result<storage::LifecycleConfiguration> found = bucket.settings().Lifecycle();
  if (found.ok()) return std::move(found->rules);
  const ErrorCode code = found.error().code();
  if (code == ErrorCode::kPermission) {
    console.Warn("what rules remove is not known: " + found.error().ToString());
  } else if (code != ErrorCode::kUnsupported) {
    return std::move(found).error();
  }
  return std::vector<storage::LifecycleRule>();
}

// Counts what a repository has in its bucket.
class Inventory {
 public:
  Inventory(BucketAccess& bucket, std::vector<storage::LifecycleRule> rules, StorageUse& use)
      : bucket_(bucket),
        base_(bucket.url().prefix.empty() ? "" : bucket.url().prefix + "/"),
        rules_(std::move(rules)),
        use_(use) {}

  Status Count(Console& console) {
    PGK_TRY(bucket_.store().features().has_versions ? CountVersions() : CountObjects());
    const Status counted = CountUploads();
    if (counted.ok() || counted.error().code() == ErrorCode::kUnsupported) return Ok();
    if (counted.error().code() != ErrorCode::kPermission) return counted;
    console.Warn("unfinished uploads are not counted: " + counted.error().ToString());
    return Ok();
  }

 private:
  using Days = std::optional<uint32_t> storage::LifecycleRule::*;

  // Whether a rule about everything below its prefix does this.
  bool Leaves(const std::string& key, Days days) const {
    return std::ranges::any_of(rules_, [&](const storage::LifecycleRule& rule) {
      return rule.enabled && !rule.tagged && !rule.sized && rule.*days &&
             key.starts_with(rule.prefix);
    });
  }

  void Add(const storage::S3ListedObject& object) {
    use_.Add(object, object.key.substr(base_.size()));
  }

  Status CountObjects() {
    return storage::ReadInventory(bucket_.client(), bucket_.url().bucket, base_,
                                  [&](const storage::S3ListedObject& object) -> Status {
                                    Add(object);
                                    return Ok();
                                  });
  }

  Status CountVersions() {
    return storage::ReadVersionInventory(
        bucket_.client(), bucket_.url().bucket, base_,
        [&](const storage::S3Version& version) -> Status {
          if (version.deletion) {
            use_.AddDeletionMark();
          } else if (version.latest) {
            Add(version.object);
          } else {
            use_.AddOlder(version.object,
                          Leaves(version.object.key, &storage::LifecycleRule::purge_days));
          }
          return Ok();
        });
  }

  Status CountUploads() {
    return storage::ReadUploads(
        bucket_.client(), bucket_.url().bucket, base_,
        [&](const storage::UploadInventory& found) -> Status {
          use_.AddUpload(found,
                         Leaves(found.upload.key, &storage::LifecycleRule::abort_upload_days));
          return Ok();
        });
  }

  BucketAccess& bucket_;
  const std::string base_;
  const std::vector<storage::LifecycleRule> rules_;
  StorageUse& use_;
};

}  // namespace

Status RunStorageCost(const StorageCostCommand& /*command*/, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const Setup setup, FindSetup(context.options, context.environment));
  const storage::StoreUrl& url = setup.repository.url;
  PGK_ASSIGN_OR_RETURN(BucketAccess bucket, BucketAccess::Open(url, context.environment));
  const config::PriceTable prices =
      setup.configuration ? setup.configuration->prices : config::DefaultPrices();
  PGK_ASSIGN_OR_RETURN(const Timestamp now, bucket.store().ServerTime());
  StorageUse use(prices, now);
  PGK_ASSIGN_OR_RETURN(std::vector<storage::LifecycleRule> rules,
                       ReadRules(bucket, context.console));
  PGK_TRY(Inventory(bucket, std::move(rules), use).Count(context.console));
  const StorageBill bill = MakeBill(use, prices);
  ShowUse(url, use, context.console);
  ShowHidden(use, bill, prices, context.console);
  ShowBill(use, bill, prices, context.console);
  WarnOfCost(use, bill, prices, context.console);
  return Ok();
}

}  // namespace pgkeep::cli

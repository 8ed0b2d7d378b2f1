#include <fmt/format.h>

#include <array>
#include <string>

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

void ShowBill(const StorageUse& use, const StorageBill& bill, const config::PriceTable& prices,
              Console& console) {
  Json& cost = console.document().Set("cost", Json::MakeObject());
  cost.Set("currency", prices.currency);
  cost.Set("prices", prices.source);
  cost.Set("storage_month", bill.storage);
  cost.Set("requests_month", bill.requests);
  cost.Set("puts_month", bill.puts);
  cost.Set("lists_month", bill.lists);
  cost.Set("total_month", bill.total());
  cost.Set("budget", prices.budget);
  Json& forecasts = cost.Set("forecast", Json::MakeArray());
  console.Print(fmt::format("cost of a month: {:.2f} {} (storage {:.2f}, requests {:.2f})",
                            bill.total(), prices.currency, bill.storage, bill.requests));
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

}  // namespace

Status RunStorageCost(const StorageCostCommand& /*command*/, const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const Setup setup, FindSetup(context.options, context.environment));
  const storage::StoreUrl& url = setup.repository.url;
  PGK_ASSIGN_OR_RETURN(BucketAccess bucket, BucketAccess::Open(url, context.environment));
  const config::PriceTable prices =
      setup.configuration ? setup.configuration->prices : config::DefaultPrices();
  PGK_ASSIGN_OR_RETURN(const Timestamp now, bucket.store().ServerTime());
  StorageUse use(prices, now);
  const std::string base = url.prefix.empty() ? "" : url.prefix + "/";
  PGK_TRY(storage::ReadInventory(bucket.client(), url.bucket, base,
                                 [&](const storage::S3ListedObject& object) -> Status {
                                   use.Add(object, object.key.substr(base.size()));
                                   return Ok();
                                 }));
  const StorageBill bill = MakeBill(use, prices);
  ShowUse(url, use, context.console);
  ShowBill(use, bill, prices, context.console);
  WarnOfCost(use, bill, prices, context.console);
  if (bucket.store().features().versioned) {
    context.console.Warn(
        "the bucket keeps versions: the older ones are billed too, and not counted");
  }
  return Ok();
}

}  // namespace pgkeep::cli

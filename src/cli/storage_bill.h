// What a repository in a bucket costs: figures first, then money.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/price_table.h"
#include "storage/s3/bucket_inventory.h"
#include "storage/s3/xml.h"

namespace pgkeep::cli {

// How far back new objects are counted.
inline constexpr int64_t kGrowthDays = 30;

// What is stored in one class.
struct ClassUse {
  uint64_t objects = 0;
  uint64_t bytes = 0;
  uint64_t billed_bytes = 0;  // with what small objects are billed for
};

// What is billed beside the objects that are there: older versions, or uploads that were not
// finished.
struct Leftovers {
  std::map<std::string, ClassUse> classes = {};
  uint64_t items = 0;  // versions, or uploads
  uint64_t bytes = 0;
  uint64_t leaving_bytes = 0;  // of these, what the rules of the bucket remove in time
  uint64_t requests = 0;       // that it took to learn the sizes, beside listings
};

// What is stored, counted object by object. One thread at a time.
class StorageUse {
 public:
  // `now` is the store's clock. Borrows `prices`.
  StorageUse(const config::PriceTable& prices, Timestamp now) : prices_(prices), now_(now) {}

  // `key` without the prefix of the repository.
  void Add(const storage::S3ListedObject& object, const std::string& key);

  // A version that is not the newest. `leaves`: a rule removes it in time.
  void AddOlder(const storage::S3ListedObject& object, bool leaves);
  void AddDeletionMark() { ++deletion_marks_; }
  // An upload that was not finished.
  void AddUpload(const storage::UploadInventory& found, bool leaves);

  const Leftovers& older() const { return older_; }
  const Leftovers& uploads() const { return uploads_; }
  uint64_t deletion_marks() const { return deletion_marks_; }

  uint64_t objects() const { return objects_; }
  uint64_t bytes() const { return bytes_; }
  const std::map<std::string, ClassUse>& classes() const { return classes_; }
  // The first part of keys ("p", "m", "dec", ...) and what is below it.
  const std::map<std::string, ClassUse>& kinds() const { return kinds_; }
  // What came in the last days and is still there: in kGrowthDays, or since the first object.
  uint64_t new_objects() const { return new_objects_; }
  uint64_t new_backups() const { return new_backups_; }
  double DaysCounted() const;
  double BytesPerDay() const;

 private:
  // What so many bytes in one object of the class are billed for.
  uint64_t Billed(const std::string& name, uint64_t bytes) const;

  const config::PriceTable& prices_;
  const Timestamp now_;
  uint64_t objects_ = 0;
  uint64_t bytes_ = 0;
  uint64_t new_objects_ = 0;
  uint64_t new_bytes_ = 0;
  uint64_t new_backups_ = 0;
  Timestamp oldest_ = Timestamp::max();
  std::map<std::string, ClassUse> classes_;
  std::map<std::string, ClassUse> kinds_;
  Leftovers older_;
  Leftovers uploads_;
  uint64_t deletion_marks_ = 0;
};

// Money for a month. Amounts in the currency of the price table.
struct StorageBill {
  double storage = 0;  // of the objects that are there
  double older = 0;    // of older versions
  double uploads = 0;  // of unfinished uploads
  double requests = 0;
  double puts = 0;   // in a month, as far as they can be known from what is stored
  double lists = 0;  // the same: each backup and each cleaning lists everything once
  std::vector<std::string> unpriced = {};  // classes without a price; not in the sums

  double total() const { return storage + older + uploads + requests; }
};

// What a month costs as it is now.
StorageBill MakeBill(const StorageUse& use, const config::PriceTable& prices);

// What a month will cost in `days` days if it goes on growing and nothing expires; older versions
// and unfinished uploads stay what they are.
double ForecastCost(const StorageUse& use, const StorageBill& bill, double days);
// The same for the bytes.
uint64_t ForecastBytes(const StorageUse& use, double days);

}  // namespace pgkeep::cli

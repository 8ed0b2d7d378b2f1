#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"
#include "base/worker_pool.h"
#include "cli/bucket_access.h"
#include "cli/commands.h"
#include "cli/repository_access.h"
#include "cli/text_format.h"
#include "repository/needed_objects.h"
#include "storage/s3/object_lock.h"
#include "storage/s3/version_reader.h"

namespace pgkeep::cli {
namespace {

using storage::BucketSettings;
using storage::ObjectLock;

constexpr unsigned kThreads = 8;
constexpr size_t kWaiting = 64;
// Locks that are shorter by less than this are left: a second round on one day costs no writes.
constexpr Duration kSlack = std::chrono::days(1);

// What a round did.
struct LockReport {
  uint64_t locked = 0;
  uint64_t kept = 0;  // locked for long enough before
  uint64_t failed = 0;
  std::optional<Error> first_error = {};
};

// Locks objects one by one, in several threads.
class Locker {
 public:
  // Borrows the bucket.
  Locker(BucketAccess& bucket, ObjectLock lock, bool dry_run)
      : settings_(bucket.settings()),
        base_(bucket.url().prefix.empty() ? "" : bucket.url().prefix + "/"),
        // Whatever the key begins with, the oldest version is meant.
        versions_(bucket.client(),
                  {.bucket = bucket.url().bucket, .prefix = base_, .oldest = {.read = {""}}}),
        lock_(lock),
        dry_run_(dry_run) {}

  // Thread-safe.
  void Lock(const std::string& key) PGK_EXCLUDES(mutex_) {
    Result<bool> locked = LockOne(key);
    const MutexLock hold(mutex_);
    if (locked.ok()) {
      ++(*locked ? report_.locked : report_.kept);
      return;
    }
    ++report_.failed;
    if (!report_.first_error) report_.first_error = std::move(locked).error();
  }

  LockReport report() PGK_EXCLUDES(mutex_) {
    const MutexLock hold(mutex_);
    return report_;
  }

 private:
  // False if it was locked for long enough.
  Result<bool> LockOne(const std::string& key) {
    PGK_ASSIGN_OR_RETURN(const std::optional<storage::S3Version> oldest, versions_.Find(key));
    if (!oldest) {
      return Err(ErrorCode::kNotFound, "object {} is missing, and backups need it", key)
          .WithHint("'pgkeep verify' tells what is damaged");
    }
    PGK_ASSIGN_OR_RETURN(const std::optional<ObjectLock> found,
                         settings_.LockOf(base_ + key, oldest->id));
    if (found && found->until + kSlack >= lock_.until) return false;
    if (dry_run_) return true;
    // A mode is never weakened.
    const ObjectLock lock{found ? found->mode : lock_.mode, lock_.until};
    PGK_TRY(settings_.SetLock(base_ + key, oldest->id, lock));
    return true;
  }

  BucketSettings settings_;
  const std::string base_;
  storage::VersionReader versions_;
  const ObjectLock lock_;
  const bool dry_run_;
  Mutex mutex_;
  LockReport report_ PGK_GUARDED_BY(mutex_);
};

// The mode for what has none yet.
Result<storage::LockMode> ModeOf(BucketAccess& bucket) {
  PGK_ASSIGN_OR_RETURN(const storage::BucketLock lock, bucket.settings().Lock());
  if (lock.enabled) return lock.mode.value_or(storage::LockMode::kGovernance);
  return Err(ErrorCode::kRefused, "bucket {} has no Object Lock", bucket.url().bucket)
      .WithHint("it is switched on when a bucket is made, at some providers also later");
}

void Show(const LockReport& report, const ObjectLock& lock, bool dry_run, Console& console) {
  Json& json = console.document();
  json.Set("dry_run", dry_run);
  json.Set("mode", storage::LockModeName(lock.mode));
  json.Set("until", FormatUtc(lock.until));
  json.Set("locked", report.locked);
  json.Set("kept", report.kept);
  json.Set("failed", report.failed);
  console.Print(fmt::format("{} {} until {}, {} were locked for as long already",
                            dry_run ? "would lock" : "locked", Count(report.locked, "object"),
                            FormatUtc(lock.until), report.kept));
}

Error NotAllKnown(const std::vector<Error>& damage) {
  return Error(damage.front())
      .WithContext(fmt::format(
          "what {} cannot be found out, so not all is locked",
          damage.size() == 1 ? "one backup needs" : fmt::format("{} backups need", damage.size())))
      .WithHint("run 'pgkeep verify'; all else is locked");
}

}  // namespace

Status RunStorageLock(const StorageLockCommand& command, const CommandContext& context) {
  const Environment& environment = context.environment;
  PGK_ASSIGN_OR_RETURN(const RepositoryLocation location,
                       FindRepository(context.options, environment));
  PGK_ASSIGN_OR_RETURN(BucketAccess bucket, BucketAccess::Open(location.url, environment));
  const uint32_t days = location.url.s3.lifecycle.lock_days;
  if (days == 0) {
    return Err(ErrorCode::kConfig, "the configuration does not say for how long to lock")
        .WithHint("write lock_days = 30 into [repository.NAME]");
  }
  ObjectLock lock;
  PGK_ASSIGN_OR_RETURN(lock.mode, ModeOf(bucket));
  PGK_ASSIGN_OR_RETURN(const auto opened,
                       OpenedRepository::Open(location, environment, KeyNeed::kOptional));
  PGK_ASSIGN_OR_RETURN(const repository::NeededObjects needed,
                       repository::ListNeededObjects(opened->context()));
  PGK_ASSIGN_OR_RETURN(const Timestamp now, bucket.store().ServerTime());
  lock.until = now + std::chrono::days(days);
  Locker locker(bucket, lock, command.dry_run);
  {
    WorkerPool pool("lock", kThreads, kWaiting);
    for (const std::string& key : needed.keys) {
      if (environment.stop.stop_requested()) break;
      pool.Submit([&locker, &key] { locker.Lock(key); });
    }
  }
  const LockReport report = locker.report();
  Show(report, lock, command.dry_run, context.console);
  for (const Error& damage : needed.damage) context.console.Warn(damage.ToString());
  if (environment.stop.stop_requested()) {
    return Err(ErrorCode::kCancelled, "stopped before everything was locked");
  }
  if (!report.first_error) return needed.damage.empty() ? Ok() : NotAllKnown(needed.damage);
  return Error(*report.first_error)
      .WithContext(fmt::format("{} could not be locked", Count(report.failed, "object")));
}

}  // namespace pgkeep::cli

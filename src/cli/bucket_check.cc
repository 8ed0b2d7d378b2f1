#include "cli/bucket_check.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/display.h"
#include "cli/bucket_access.h"
#include "cli/text_format.h"
#include "repository/lifecycle_plan.h"
#include "storage/overwrite_trial.h"
#include "storage/s3/address.h"

namespace pgkeep::cli {
namespace {

using repository::LifecycleState;

constexpr char kSubject[] = "lifecycle";
constexpr char kWriting[] = "writing";

void CheckWriting(BucketAccess& bucket, CheckList& list) {
  const Result<bool> refuses = storage::RefusesToOverwrite(bucket.store());
  if (!refuses.ok()) return list.Bad(kWriting, refuses.error());
  if (*refuses) return list.Good(kWriting, "objects can be created and not overwritten");
  const auto lock = bucket.settings().Lock();
  // What may not be asked, or is not known, protects nobody for sure.
  ReportOverwriting({.amazon = storage::IsAmazon(bucket.url().s3),
                     .versioned = bucket.store().features().versioned,
                     .lock = lock.ok() ? *lock : storage::BucketLock()},
                    list);
}

void CheckUnreadable(const Error& error, CheckList& list) {
  if (error.code() == ErrorCode::kUnsupported) {
    return list.Good(kSubject, "this object store has no rules for the life of objects");
  }
  if (error.code() != ErrorCode::kPermission) return list.Bad(kSubject, error);
  list.Warn(kSubject, "these credentials may not read the rules for the life of objects",
            "allow s3:GetLifecycleConfiguration to them: 'pgkeep storage policy host' has it");
}

Result<repository::LifecyclePlan> PlanOf(BucketAccess& bucket) {
  PGK_ASSIGN_OR_RETURN(const auto found, bucket.settings().Lifecycle());
  return repository::PlanLifecycle(bucket.url().prefix, bucket.url().s3.lifecycle,
                                   bucket.store().features().has_versions, found);
}

void CheckLifecycle(BucketAccess& bucket, CheckList& list) {
  const Result<repository::LifecyclePlan> read = PlanOf(bucket);
  if (!read.ok()) return CheckUnreadable(read.error(), list);
  const repository::LifecyclePlan& plan = *read;
  bool harmless = true;
  for (const repository::PlannedRule& planned : plan.rules) {
    for (const std::string& danger : planned.dangers) {
      harmless = false;
      list.Warn(kSubject, fmt::format("rule '{}' {}", Printable(planned.rule.id), danger),
                "remove or narrow that rule of the bucket, or move the repository");
    }
  }
  if (plan.HasChanges()) {
    list.Warn(kSubject, "the bucket does not have the rules that pgkeep wants",
              "see 'pgkeep storage lifecycle show', then run 'pgkeep storage lifecycle apply'");
  } else if (harmless) {
    list.Good(kSubject, fmt::format("{} of the bucket are as they should be",
                                    Count(plan.rules.size(), "rule")));
  }
}

}  // namespace

void ReportOverwriting(const BucketProtection& protection, CheckList& list) {
  std::string text = "these credentials may overwrite objects, and nothing keeps what was there";
  std::string mend = "take a bucket with Object Lock and a default retention";
  if (protection.lock.mode) {
    text = fmt::format("these credentials may overwrite objects; older versions are locked for {}",
                       Count(protection.lock.days, "day"));
    // More is not to be had.
    if (!protection.amazon) return list.Good(kWriting, text);
  } else if (protection.versioned) {
    text =
        "these credentials may overwrite objects; older versions stay until somebody deletes them";
    mend = "have new objects locked for some days (Object Lock with a default retention)";
  }
  if (protection.amazon) {
    mend = "have an administrator set the policy that 'pgkeep storage policy bucket' prints";
  }
  list.Warn(kWriting, text, mend);
}

void CheckBucket(const storage::StoreUrl& url, const Environment& environment, CheckList& list) {
  auto bucket = BucketAccess::Open(url, environment);
  if (!bucket.ok()) return list.Bad("access", bucket.error());
  CheckWriting(*bucket, list);
  CheckLifecycle(*bucket, list);
}

std::optional<std::string> WarningOfExports(const storage::StoreUrl& url,
                                            const Environment& environment) {
  const std::string stays = "it stays until somebody deletes it";
  if (url.kind != storage::StoreUrl::Kind::kS3) return "nothing deletes it: " + stays;
  auto bucket = BucketAccess::Open(url, environment);
  const Result<repository::LifecyclePlan> plan =
      bucket.ok() ? PlanOf(*bucket) : Result<repository::LifecyclePlan>(bucket.error());
  if (!plan.ok()) {
    return "nobody knows whether anything deletes it: the rules of the bucket cannot be read: " +
           plan.error().ToString();
  }
  if (plan->ends_exports) return std::nullopt;
  return "no rule of the bucket surely deletes it within 30 days: " + stays +
         ", or until 'pgkeep storage lifecycle apply' has given the bucket its rules";
}

}  // namespace pgkeep::cli

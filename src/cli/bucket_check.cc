#include "cli/bucket_check.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/display.h"
#include "cli/bucket_access.h"
#include "cli/text_format.h"
#include "repository/lifecycle_plan.h"

namespace pgkeep::cli {
namespace {

using repository::LifecycleState;

constexpr char kSubject[] = "lifecycle";

void CheckUnreadable(const Error& error, CheckList& list) {
  if (error.code() == ErrorCode::kUnsupported) {
    return list.Good(kSubject, "this object store has no rules for the life of objects");
  }
  if (error.code() != ErrorCode::kPermission) return list.Bad(kSubject, error);
  list.Warn(kSubject, "these credentials may not read the rules for the life of objects",
            "allow s3:GetLifecycleConfiguration to them: 'pgkeep storage policy host' has it");
}

}  // namespace

void CheckBucket(const storage::StoreUrl& url, const Environment& environment, CheckList& list) {
  auto bucket = BucketAccess::Open(url, environment);
  if (!bucket.ok()) return list.Bad(kSubject, bucket.error());
  const auto rules = bucket->settings().Lifecycle();
  if (!rules.ok()) return CheckUnreadable(rules.error(), list);
  const repository::LifecyclePlan plan = repository::PlanLifecycle(
      url.prefix, url.s3.lifecycle, bucket->store().features().versioned, *rules);
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

}  // namespace pgkeep::cli

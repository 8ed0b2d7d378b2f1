#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "base/display.h"
#include "base/retry.h"
#include "cli/bucket_access.h"
#include "cli/commands.h"
#include "cli/repository_access.h"
#include "cli/text_format.h"
#include "repository/lifecycle_plan.h"

namespace pgkeep::cli {
namespace {

using repository::LifecyclePlan;
using repository::LifecycleState;
using repository::PlannedRule;

// Settings of a bucket may be a little late to show.
constexpr RetryPolicy kReadBack = {.attempts = 10,
                                   .base = std::chrono::milliseconds(200),
                                   .cap = std::chrono::seconds(5),
                                   .budget = std::chrono::seconds(30)};

const char* StateName(LifecycleState state) {
  switch (state) {
    case LifecycleState::kInPlace:
      return "in place";
    case LifecycleState::kMissing:
      return "to add";
    case LifecycleState::kOutdated:
      return "to remove";
    case LifecycleState::kForeign:
      return "not ours";
  }
  return "";
}

std::string Objects(const std::string& prefix) {
  return prefix.empty() ? "the whole bucket" : Printable(prefix);
}

Json RuleJson(const PlannedRule& planned) {
  Json json = Json::MakeObject();
  json.Set("state", StateName(planned.state));
  json.Set("id", planned.rule.id);
  json.Set("prefix", planned.rule.prefix);
  json.Set("enabled", planned.rule.enabled);
  json.Set("does", repository::DescribeRule(planned.rule));
  Json& dangers = json.Set("dangers", Json::MakeArray());
  for (const std::string& danger : planned.dangers) dangers.Add(danger);
  return json;
}

void ShowPlan(const storage::StoreUrl& url, const LifecyclePlan& plan, Console& console) {
  Json& document = console.document();
  document.Set("bucket", url.bucket);
  document.Set("repository", url.ToString());
  Json& rules = document.Set("rules", Json::MakeArray());
  Table table({{"STATE"}, {"RULE"}, {"OBJECTS"}, {"WHAT IT DOES"}});
  for (const PlannedRule& planned : plan.rules) {
    rules.Add(RuleJson(planned));
    table.AddRow({StateName(planned.state), Printable(planned.rule.id),
                  Objects(planned.rule.prefix), Printable(repository::DescribeRule(planned.rule))});
  }
  console.Print(fmt::format("rules of bucket {} for the life of objects:", url.bucket));
  for (const std::string& line : table.Lines()) console.Print("  " + line);
  if (plan.transition_minimum.empty()) return;
  document.Set("transition_minimum", plan.transition_minimum);
  console.Print("least size of objects that move to another class: " +
                Printable(plan.transition_minimum));
}

void WarnOfDangers(const LifecyclePlan& plan, Console& console) {
  for (const PlannedRule& planned : plan.rules) {
    for (const std::string& danger : planned.dangers) {
      console.Warn(fmt::format("rule '{}' {}", Printable(planned.rule.id), danger));
    }
  }
}

// What both commands begin with.
struct Inspection {
  BucketAccess bucket;
  LifecyclePlan plan;
};

Result<Inspection> Inspect(const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const RepositoryLocation location,
                       FindRepository(context.options, context.environment));
  PGK_ASSIGN_OR_RETURN(BucketAccess bucket, BucketAccess::Open(location.url, context.environment));
  PGK_ASSIGN_OR_RETURN(const auto found, bucket.settings().Lifecycle());
  LifecyclePlan plan = repository::PlanLifecycle(location.url.prefix, location.url.s3.lifecycle,
                                                 bucket.store().features().has_versions, found);
  return Inspection{std::move(bucket), std::move(plan)};
}

Error Refusal(const storage::StoreUrl& url, const PlannedRule& planned) {
  return Err(ErrorCode::kRefused, "rule '{}' of bucket {} {}", Printable(planned.rule.id),
             url.bucket, planned.dangers.front())
      .WithHint(
          "remove or narrow that rule, which is not pgkeep's, or move the repository to "
          "another prefix; nothing was changed");
}

// Somebody else may have written at the same time, and the last one wins.
Status ReadBack(BucketAccess& bucket, const LifecyclePlan& plan, const Environment& environment) {
  return Retry(kReadBack, *environment.clock, environment.stop, [&]() -> Status {
    PGK_ASSIGN_OR_RETURN(const auto found, bucket.settings().Lifecycle());
    if (plan.IsApplied(found)) return Ok();
    return Err(ErrorCode::kUnavailable, "bucket {} does not show the rules that it was given",
               bucket.url().bucket)
        .WithHint("see 'pgkeep storage lifecycle show'; does somebody else change the rules now?");
  });
}

}  // namespace

Status RunStorageLifecycleShow(const StorageLifecycleShowCommand& /*command*/,
                               const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(const Inspection found, Inspect(context));
  ShowPlan(found.bucket.url(), found.plan, context.console);
  context.console.document().Set("changes", found.plan.HasChanges());
  WarnOfDangers(found.plan, context.console);
  if (found.plan.HasChanges()) {
    context.console.Note("'pgkeep storage lifecycle apply' adds and removes these");
  }
  return Ok();
}

Status RunStorageLifecycleApply(const StorageLifecycleApplyCommand& /*command*/,
                                const CommandContext& context) {
  PGK_ASSIGN_OR_RETURN(Inspection found, Inspect(context));
  const LifecyclePlan& plan = found.plan;
  Console& console = context.console;
  ShowPlan(found.bucket.url(), plan, console);
  if (const PlannedRule* harmful = plan.FirstDangerThatStays()) {
    return Refusal(found.bucket.url(), *harmful);
  }
  console.document().Set("changed", plan.HasChanges());
  if (!plan.HasChanges()) {
    console.Print("all is as it should be: nothing was changed");
    return Ok();
  }
  PGK_TRY(found.bucket.settings().SetLifecycle(plan.Applied()));
  PGK_TRY(ReadBack(found.bucket, plan, context.environment));
  console.Print(fmt::format("added {}, removed {}; {} of others kept; read back and compared",
                            Count(plan.Number(LifecycleState::kMissing), "rule"),
                            plan.Number(LifecycleState::kOutdated),
                            plan.Number(LifecycleState::kForeign)));
  return Ok();
}

}  // namespace pgkeep::cli

#include "repository/gc_plan_step.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "repository/gc_plan_object.h"
#include "repository/key_ring.h"
#include "repository/limits.h"

namespace pgkeep::repository {
namespace {

Status CheckShare(const GcOptions& options, const GcCandidates& candidates, GcReport& report) {
  const auto all = static_cast<double>(candidates.all_pack_bytes);
  const auto going = static_cast<double>(candidates.pack_bytes);
  if (options.force || going <= options.max_delete_fraction * all) return Ok();
  const std::string what = fmt::format(
      "{} of {} bytes in packs would be deleted, more than {:.0f} %", candidates.pack_bytes,
      candidates.all_pack_bytes, 100 * options.max_delete_fraction);
  if (options.dry_run) {
    report.warnings.push_back(what);
    return Ok();
  }
  return Err(ErrorCode::kRefused, "{}", what)
      .WithHint("look at the plan with 'pgkeep gc --dry-run'; if it is right, use --force");
}

// Drops what one cycle may not plan. Packs go before the rest of their writer, so what is kept of
// the last writer is the beginning of its order of deletion.
void LimitToOnePlan(const GcOptions& options, GcCandidates& candidates, GcReport& report) {
  const size_t limit = std::min(options.max_objects, kMaxGcPlanEntries);
  if (candidates.objects <= limit) return;
  size_t room = limit;
  for (auto& [writer, rubbish] : candidates.writers) {
    rubbish.packs.resize(std::min(rubbish.packs.size(), room));
    room -= rubbish.packs.size();
    rubbish.rest.resize(std::min(rubbish.rest.size(), room));
    room -= rubbish.rest.size();
  }
  report.deferred += candidates.objects - limit;
  report.warnings.push_back(
      fmt::format("{} objects could go, but one cycle plans {}: the rest is left to later ones",
                  candidates.objects, limit));
}

GcPlanObject MakePlan(const ControlAccess& control, const GcCandidates& candidates) {
  GcPlanObject plan;
  plan.time = control.context().clock->Now();
  for (const auto& [writer, rubbish] : candidates.writers) {
    const std::string reason(rubbish.reason);
    for (const CandidatePack& pack : rubbish.packs)
      plan.entries.push_back({pack.name.Key(), reason});
    for (const std::string& key : rubbish.rest) plan.entries.push_back({key, reason});
  }
  return plan;
}

// The number of the newest plan; nullopt when there is none.
Result<std::optional<uint32_t>> FindNewestPlan(const ControlAccess& control) {
  PGK_ASSIGN_OR_RETURN(const std::vector<storage::ObjectInfo> objects, control.List(kGcPlanPrefix));
  std::optional<uint32_t> newest;
  for (const storage::ObjectInfo& info : objects) {
    const Result<ObjectName> name = ObjectName::Parse(info.key);
    if (!name.ok()) return StrangerError(info.key);
    newest = static_cast<uint32_t>(name->number);
  }
  return newest;
}

// The keys of an earlier plan, ascending. A damaged plan delays deletions, and no more.
std::vector<std::string> ReadPlanKeys(const ControlAccess& control, uint32_t number,
                                      GcReport& report) {
  const RepositoryContext& context = control.context();
  const Result<Bytes> object = control.Get(GcPlanKey(number), kMaxGcPlanObjectBytes);
  Result<GcPlanObject> plan =
      object.ok() ? DecodeGcPlan(*object, context.id, number, control.signers()) : object.error();
  if (!plan.ok()) {
    report.warnings.push_back("the plan of the last cycle cannot be used: " +
                              plan.error().ToString());
    return {};
  }
  std::vector<std::string> keys;
  for (GcPlanEntry& entry : plan->entries) keys.push_back(std::move(entry.key));
  std::ranges::sort(keys);
  return keys;
}

// Creates the plan under the first free number after `newest`.
Result<std::string> WritePlan(const ControlAccess& control, const GcPlanObject& plan,
                              std::optional<uint32_t> newest) {
  const RepositoryContext& context = control.context();
  PGK_ASSIGN_OR_RETURN(const Bytes object,
                       EncodeGcPlan(plan, context.id, *context.random,
                                    context.keys ? &context.keys->host_signing_key() : nullptr));
  for (uint32_t number = newest.value_or(0) + 1; number <= kMaxGcPlanNumber; ++number) {
    const std::string key = GcPlanKey(number);
    Status created = control.Create(key, object);
    if (created.ok()) return key;
    if (created.error().code() != ErrorCode::kConflict) return std::move(created).error();
    // Only a plan of another cycle is a reason to take the next number.
    PGK_ASSIGN_OR_RETURN(const bool taken, control.Exists(key));
    if (!taken) return std::move(created).error();
    if (context.stop.stop_requested()) {
      return Err(ErrorCode::kCancelled, "stopped before a plan was written");
    }
  }
  return Err(ErrorCode::kLimitExceeded, "all {} numbers of plans are used", kMaxGcPlanNumber);
}

}  // namespace

bool GcPermission::Allows(const std::string& key) const {
  return all || std::ranges::binary_search(keys, key);
}

Result<GcPermission> PlanDeletions(const ControlAccess& control, const GcOptions& options,
                                   GcCandidates& candidates, GcReport& report) {
  PGK_TRY(CheckShare(options, candidates, report));
  GcPermission permission;
  if (options.dry_run || candidates.objects == 0) return permission;
  LimitToOnePlan(options, candidates, report);
  PGK_ASSIGN_OR_RETURN(const std::optional<uint32_t> newest, FindNewestPlan(control));
  permission.all = control.context().store->features().versioned;
  if (!permission.all && newest) permission.keys = ReadPlanKeys(control, *newest, report);
  PGK_ASSIGN_OR_RETURN(report.plan_key, WritePlan(control, MakePlan(control, candidates), newest));
  return permission;
}

}  // namespace pgkeep::repository

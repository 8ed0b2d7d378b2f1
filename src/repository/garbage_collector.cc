#include "repository/garbage_collector.h"

#include <fmt/core.h>

#include <utility>

#include "repository/config_object.h"
#include "repository/config_store.h"
#include "repository/control_access.h"
#include "repository/gc_abort.h"
#include "repository/gc_candidates.h"
#include "repository/gc_delete.h"
#include "repository/gc_keep.h"
#include "repository/gc_plan_step.h"
#include "repository/gc_view.h"

namespace pgkeep::repository {
namespace {

Status CheckMayCollect(const RepositoryContext& context, const GcOptions& options) {
  PGK_TRY(RequireFeatures(*context.config, FeatureUse::kCollect));
  if (options.max_delete_fraction < 0 || options.max_delete_fraction > 1) {
    return Err(ErrorCode::kInvalidArgument, "the largest share to delete is {}, not 0 to 1",
               options.max_delete_fraction)
        .WithHint("give a share of the bytes in packs, such as 0.9");
  }
  const storage::StoreFeatures features = context.store->features();
  if (!features.strong_list) {
    return Err(ErrorCode::kUnsupported, "{} does not promise that listings are complete",
               context.store->Url())
        .WithHint("nothing can be deleted safely there");
  }
  if (options.dry_run) return Ok();
  PGK_TRY(CheckConfigIsCurrent(context));
  PGK_TRY(CheckCanCreate(context));
  if (!features.can_delete) {
    return Err(ErrorCode::kPermission, "these credentials may not delete in {}",
               context.store->Url())
        .WithHint("run the collector with the credentials of the maintenance role");
  }
  return Ok();
}

// Steps G1 to G10, up to and including the deletions. An early return of success is a yield.
Status RunCycle(const ControlAccess& control, const GcOptions& options, Progress& progress,
                GcReport& report) {
  PGK_ASSIGN_OR_RETURN(std::optional<GcView> view, ReadGcView(control, options, report));
  if (!view) return Ok();
  KeepSet keep;
  progress.BeginPhase("reading_lists");
  PGK_ASSIGN_OR_RETURN(const bool kept, CollectKept(control, options, *view, keep, report));
  if (!kept) return Ok();
  progress.BeginPhase("planning");
  PGK_ASSIGN_OR_RETURN(GcCandidates candidates, FindCandidates(control, options, *view, keep));
  report.packs = candidates.all_packs;
  report.pack_bytes = candidates.all_pack_bytes;
  report.candidates = candidates.objects;
  report.candidate_pack_bytes = candidates.pack_bytes;
  PGK_ASSIGN_OR_RETURN(const bool complete, CheckKeptWereListed(control, *view, keep, report));
  if (!complete) return Ok();
  PGK_ASSIGN_OR_RETURN(const GcPermission permission,
                       PlanDeletions(control, options, candidates, report));
  if (options.dry_run) return Ok();
  progress.BeginPhase("deleting");
  DeleteCandidates(control, candidates, permission, progress, report);
  return Ok();
}

}  // namespace

Status GcReport::Outcome() const {
  if (failures.empty()) return Ok();
  const GcFailure& first = failures.front();
  Error error(first.error);
  if (!first.key.empty()) error = std::move(error).WithContext("deleting " + first.key);
  if (failures.size() > 1) {
    error = std::move(error).WithContext(fmt::format("{} deletions failed", failures.size()));
  }
  return error;
}

Result<GcReport> CollectGarbage(const RepositoryContext& context, const GcOptions& options) {
  PGK_TRY(CheckMayCollect(context, options));
  const ControlAccess control(context);
  GcReport report;
  Progress unwatched;
  Progress& progress = options.progress != nullptr ? *options.progress : unwatched;
  progress.BeginPhase("reading_decisions");
  PGK_TRY(AbortDeadWriters(control, options, report));
  PGK_TRY_CONTEXT("nothing was deleted", RunCycle(control, options, progress, report));
  return report;
}

}  // namespace pgkeep::repository

#include "repository/gc_delete.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "base/retry.h"
#include "repository/request_each.h"

namespace pgkeep::repository {
namespace {

// How many of the candidates may go in this cycle.
uint64_t CountAllowed(const GcCandidates& candidates, const GcPermission& permission) {
  if (permission.all) return candidates.objects;
  uint64_t allowed = 0;
  for (const auto& [writer, rubbish] : candidates.writers) {
    for (const CandidatePack& pack : rubbish.packs) allowed += permission.Allows(pack.name.Key());
    for (const std::string& key : rubbish.rest) allowed += permission.Allows(key);
  }
  return allowed;
}

Error Stopped() { return Err(ErrorCode::kCancelled, "stopped before everything was deleted"); }

Status DeleteObject(const RepositoryContext& context, const std::string& key) {
  if (context.stop.stop_requested()) return Stopped();
  return Retry(context.retry, *context.clock, context.stop,
               [&] { return context.store->Delete(key); });
}

// Enters what has become of an object. True when it is gone now.
bool Report(const std::string& key, uint64_t size, const Status& deleted, Progress& progress,
            GcReport& report) {
  if (!deleted.ok()) {
    report.failures.push_back({key, deleted.error()});
    return false;
  }
  ++report.deleted;
  report.deleted_bytes += size;
  progress.AddObjects();
  return true;
}

// Whether all of them are gone now.
Result<bool> DeletePacks(const RepositoryContext& context, const std::vector<CandidatePack>& packs,
                         const GcPermission& permission, Progress& progress, GcReport& report) {
  std::vector<CandidatePack> allowed;
  std::ranges::copy_if(packs, std::back_inserter(allowed), [&](const CandidatePack& pack) {
    return permission.Allows(pack.name.Key());
  });
  report.deferred += packs.size() - allowed.size();
  bool gone = allowed.size() == packs.size();
  bool stopped = false;
  PGK_TRY(RequestEach(
      context, allowed,
      [&](const CandidatePack& pack) { return DeleteObject(context, pack.name.Key()); },
      [&](const CandidatePack& pack, const Status& deleted) -> Status {
        // Goes on: what other threads have deleted by then counts.
        if (!deleted.ok() && context.stop.stop_requested()) {
          stopped = true;
        } else {
          gone &= Report(pack.name.Key(), pack.size, deleted, progress, report);
        }
        return Ok();
      }));
  if (stopped) return Stopped();
  return gone;
}

Status DeleteWriter(const RepositoryContext& context, const WriterRubbish& rubbish,
                    const GcPermission& permission, Progress& progress, GcReport& report) {
  PGK_ASSIGN_OR_RETURN(const bool packs_gone,
                       DeletePacks(context, rubbish.packs, permission, progress, report));
  // The list of a writer's packs outlives the packs, so that what is left can be explained.
  if (!packs_gone) {
    report.deferred += rubbish.rest.size();
    return Ok();
  }
  // One after the other: the order is that in which they may be missing.
  for (const std::string& key : rubbish.rest) {
    if (!permission.Allows(key)) {
      ++report.deferred;
      continue;
    }
    const Status deleted = DeleteObject(context, key);
    if (!deleted.ok() && context.stop.stop_requested()) return Stopped();
    Report(key, 0, deleted, progress, report);
  }
  return Ok();
}

}  // namespace

void DeleteCandidates(const ControlAccess& control, const GcCandidates& candidates,
                      const GcPermission& permission, Progress& progress, GcReport& report) {
  progress.SetTotalObjects(CountAllowed(candidates, permission));
  for (const auto& [writer, rubbish] : candidates.writers) {
    const Status deleted = DeleteWriter(control.context(), rubbish, permission, progress, report);
    if (deleted.ok()) continue;
    report.failures.push_back({"", deleted.error()});
    return;
  }
}

}  // namespace pgkeep::repository

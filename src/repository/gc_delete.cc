#include "repository/gc_delete.h"

#include <string>
#include <utility>

#include "base/retry.h"

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

// True when the object is gone now.
bool DeleteOne(const ControlAccess& control, const std::string& key, uint64_t size,
               const GcPermission& permission, Progress& progress, GcReport& report) {
  if (!permission.Allows(key)) {
    ++report.deferred;
    return false;
  }
  const RepositoryContext& context = control.context();
  Status deleted = Retry(context.retry, *context.clock, context.stop,
                         [&] { return context.store->Delete(key); });
  if (!deleted.ok()) {
    report.failures.push_back({key, std::move(deleted).error()});
    return false;
  }
  ++report.deleted;
  report.deleted_bytes += size;
  progress.AddObjects();
  return true;
}

// False when it was stopped.
bool DeleteWriter(const ControlAccess& control, const WriterRubbish& rubbish,
                  const GcPermission& permission, Progress& progress, GcReport& report) {
  const std::stop_token& stop = control.context().stop;
  bool packs_gone = true;
  for (const CandidatePack& pack : rubbish.packs) {
    if (stop.stop_requested()) return false;
    packs_gone &= DeleteOne(control, pack.name.Key(), pack.size, permission, progress, report);
  }
  // The list of a writer's packs outlives the packs, so that what is left can be explained.
  if (!packs_gone) {
    report.deferred += rubbish.rest.size();
    return true;
  }
  for (const std::string& key : rubbish.rest) {
    if (stop.stop_requested()) return false;
    DeleteOne(control, key, 0, permission, progress, report);
  }
  return true;
}

}  // namespace

void DeleteCandidates(const ControlAccess& control, const GcCandidates& candidates,
                      const GcPermission& permission, Progress& progress, GcReport& report) {
  progress.SetTotalObjects(CountAllowed(candidates, permission));
  for (const auto& [writer, rubbish] : candidates.writers) {
    if (DeleteWriter(control, rubbish, permission, progress, report)) continue;
    report.failures.push_back(
        {"", Err(ErrorCode::kCancelled, "stopped before everything was deleted")});
    return;
  }
}

}  // namespace pgkeep::repository

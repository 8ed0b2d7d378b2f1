#include "tests/model/gc_plan.h"

namespace pgkeep::model {

Mask PinnedBases(const State& state, const Gc& gc) {
  Mask bases = 0;
  const Mask undecided = static_cast<Mask>(gc.pins & ~gc.decided2);
  for (int id = 1; id < kMaxIds; ++id) {
    if (HasBit(undecided, id)) Set(bases, state.writer[static_cast<std::size_t>(id)].bases);
  }
  return bases;
}

void MakePlan(const Config& config, const State& state, Gc& gc) {
  const Mask live = static_cast<Mask>(gc.committed & ~gc.expired);
  const Mask undecided = static_cast<Mask>(gc.pins & ~gc.decided2);
  const Mask pinned = PinnedBases(state, gc);
  const Mask kept_refs =
      config.Has(Mutant::kKeepIgnoresUndecidedBase) ? live : static_cast<Mask>(live | pinned);
  Mask keep = 0;
  Mask candidate_ids = gc.decided1;
  if (config.Has(Mutant::kCandidatesFromLaterList)) candidate_ids = gc.decided2;
  if (config.Has(Mutant::kUndecidedIsGarbage)) candidate_ids = config.AllIds();
  Mask candidates = 0;
  for (int id = 0; id < config.Ids(); ++id) {
    if (HasBit(kept_refs, id)) Set(keep, state.writer[static_cast<std::size_t>(id)].content);
    if (HasBit(undecided, id)) Set(keep, config.OwnPacks(id));
    if (HasBit(candidate_ids, id)) Set(candidates, config.OwnPacks(id));
  }
  const Mask decided = candidate_ids;
  const Mask aborted = static_cast<Mask>(decided & gc.decided2 & ~gc.committed);
  Mask expired = static_cast<Mask>(decided & gc.committed & gc.expired);
  const Mask unpinned = static_cast<Mask>(expired & ~pinned);
  const Mask over = static_cast<Mask>(aborted | unpinned);
  const Mask owners_kept = Owners(config, keep);

  gc.plan_packs = static_cast<Mask>(candidates & ~keep);
  gc.plan_manifests = over;
  if (config.Has(Mutant::kManifestGoesUnderUndecided)) Set(gc.plan_manifests, expired);
  if (config.Has(Mutant::kManifestsForgotten)) gc.plan_manifests = 0;
  gc.plan_ses = static_cast<Mask>(over & ~owners_kept);
  if (config.Has(Mutant::kSesIgnoresLivePacks)) gc.plan_ses = over;
  if (config.Has(Mutant::kSesOfLiveBackupWithoutPacks)) {
    gc.plan_ses = static_cast<Mask>(decided & ~owners_kept);
  }
  gc.plan_pins = decided;
  gc.plan_tombstones = config.Has(Mutant::kTombstoneDeleted) ? aborted : Mask{0};
}

void RunWholeCycle(const Config& config, State& state, PlanRecord* plans) {
  Gc gc;
  gc.expired = state.expired;
  gc.decided1 = gc.decided2 = state.Decided();
  gc.committed = state.committed;
  gc.pins = static_cast<Mask>(state.pin & ~gc.decided2);
  MakePlan(config, state, gc);
  const PlanRecord plan{gc.plan_packs, gc.plan_manifests, gc.plan_ses, gc.plan_pins};
  const PlanRecord everything{0xff, 0xff, 0xff, 0xff};
  const PlanRecord allowed = plans != nullptr ? *plans : everything;
  Clear(state.packs, static_cast<unsigned>(plan.packs & allowed.packs));
  Clear(state.man, static_cast<unsigned>(plan.manifests & allowed.manifests));
  Clear(state.ref, static_cast<unsigned>(plan.manifests & allowed.manifests));
  Clear(state.ses, static_cast<unsigned>(plan.ses & allowed.ses));
  Clear(state.pin, static_cast<unsigned>(plan.pins & allowed.pins));
  if (plans != nullptr) *plans = plan;
}

}  // namespace pgkeep::model

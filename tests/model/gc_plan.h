// The judgement of a collector: from what it saw to what it deletes (G7 and G8 of the protocol).
#pragma once

#include "tests/model/state.h"

namespace pgkeep::model {

// Fills the plan_... masks of `gc` from its views. Every ref that the views call for has been read.
void MakePlan(const Config& config, const State& state, Gc& gc);

// The ids whose ref the cycle must read next to those of live backups: bases of undecided writers.
Mask PinnedBases(const State& state, const Gc& gc);

// One undisturbed cycle from listing to the last deletion. With `plans` (unversioned store) only
// packs and objects that an earlier plan named are deleted, and the plan of this cycle is left
// there.
struct PlanRecord {
  Mask packs = 0, manifests = 0, ses = 0, pins = 0;
};
void RunWholeCycle(const Config& config, State& state, PlanRecord* plans);

}  // namespace pgkeep::model

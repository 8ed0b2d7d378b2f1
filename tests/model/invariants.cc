#include "tests/model/invariants.h"

#include "tests/model/gc_plan.h"

namespace pgkeep::model {
namespace {

bool Covers(unsigned have, unsigned need) { return (need & ~have) == 0; }

const Writer& WriterOf(const State& state, int id) {
  return state.writer[static_cast<std::size_t>(id)];
}

// I1.
std::string_view LiveBackupsAreWhole(const Config& config, const State& state) {
  for (int id = 0; id < config.Ids(); ++id) {
    if (!HasBit(state.Live(), id)) continue;
    const Mask content = WriterOf(state, id).content;
    if (!Covers(state.packs, content)) return "I1: a live backup lost a pack";
    if (!HasBit(state.man, id)) return "I1: a live backup lost its man";
    if (!HasBit(state.ref, id)) return "I1: a live backup lost its ref";
    if (!Covers(state.ses, static_cast<unsigned>(Owners(config, content) | Bit(id)))) {
      return "I1: a live backup lost a ses that it needs";
    }
  }
  return {};
}

// I3.
std::string_view ReportedBackupsAreCommitted(const Config& config, const State& state) {
  for (int id = 1; id < config.Ids(); ++id) {
    if (WriterOf(state, id).pc == WriterPc::kReported && !HasBit(state.committed, id)) {
      return "I3: a reported backup is not committed";
    }
  }
  return {};
}

// What is there when nothing but the live backups is left.
bool OnlyLiveBackupsLeft(const Config& config, const State& state) {
  Mask packs = 0;
  for (int id = 0; id < config.Ids(); ++id) {
    if (HasBit(state.Live(), id)) Set(packs, WriterOf(state, id).content);
  }
  const Mask ses = static_cast<Mask>(state.Live() | Owners(config, packs));
  return state.packs == packs && state.man == state.Live() && state.ref == state.Live() &&
         state.ses == ses && state.pin == 0;
}

// I4: if everybody stopped here for ever and the stale writers were aborted, two cycles would leave
// the live backups and nothing else (even in an unversioned store, where the second deletes what
// the first planned); and once these expire, two more leave decisions only.
std::string_view NothingLeaks(const Config& config, const State& state) {
  State quiet = state;
  Set(quiet.aborted, static_cast<unsigned>(quiet.pin & ~quiet.Decided()));
  PlanRecord plans;
  RunWholeCycle(config, quiet, &plans);
  RunWholeCycle(config, quiet, &plans);
  if (!OnlyLiveBackupsLeft(config, quiet)) return "I4: garbage stays after two cycles";
  Set(quiet.expired, quiet.committed);
  RunWholeCycle(config, quiet, nullptr);
  if (!OnlyLiveBackupsLeft(config, quiet)) return "I4: garbage stays after all backups expired";
  return {};
}

// I5: the pin's promise. An undecided writer finds all it needs of the bases whose expiry it looked
// for in vain.
std::string_view PinsAreHonoured(const Config& config, const State& state) {
  for (int id = 1; id < config.Ids(); ++id) {
    const Writer& writer = WriterOf(state, id);
    const bool admitted = writer.pc >= WriterPc::kLookExpired && writer.pc <= WriterPc::kCommitPut;
    if (!admitted || writer.pc == WriterPc::kAbortSelf || HasBit(state.Decided(), id)) continue;
    if (!HasBit(state.ses & state.pin, id)) return "I5: an undecided writer lost its ses or pin";
    Mask packs = 0;
    const Mask looked = static_cast<Mask>(writer.bases & ~writer.unlooked);
    if (!Covers(static_cast<unsigned>(state.man & state.ref), looked)) {
      return "I5: an undecided writer lost man or ref of a base";
    }
    for (int base = 0; base < config.Ids(); ++base) {
      if (HasBit(looked, base)) Set(packs, WriterOf(state, base).content);
    }
    if (writer.pc >= WriterPc::kMan) Set(packs, writer.content);
    if (!Covers(state.packs, packs)) return "I5: an undecided writer lost a pack";
    if (!Covers(state.ses, Owners(config, packs))) return "I5: an undecided writer lost a ses";
    if (writer.pc >= WriterPc::kRef && !HasBit(state.man, id)) return "I5: man of a writer is gone";
    if (writer.pc >= WriterPc::kCheckPacks && !HasBit(state.ref, id)) {
      return "I5: ref of a writer is gone";
    }
  }
  for (const Gc& gc : state.gc) {
    if (gc.pc == GcPc::kStopped) return "I5: gc took a sound repository for a damaged one";
  }
  return {};
}

// I6.
std::string_view OneHolder(const Config& config, const State& state) {
  int holders = 0;
  const auto count = [&holders](const Lease& lease) {
    if (lease.pc == LeasePc::kHeld && (lease.object || !lease.crashed)) ++holders;
  };
  for (int id = 1; id < config.Ids(); ++id) count(WriterOf(state, id).lease);
  for (const Gc& gc : state.gc) count(gc.lease);
  return holders > 1 ? "I6: two actors hold the repository" : "";
}

}  // namespace

std::string_view BrokenRule(const Config& config, const State& state) {
  struct Rule {
    Check bit;
    std::string_view (*check)(const Config&, const State&);
  };
  constexpr std::array kRules = {Rule{kCheckLive, LiveBackupsAreWhole},
                                 Rule{kCheckReported, ReportedBackupsAreCommitted},
                                 Rule{kCheckPromise, PinsAreHonoured},
                                 Rule{kCheckExclusion, OneHolder}, Rule{kCheckLeak, NothingLeaks}};
  for (const Rule& rule : kRules) {
    if ((config.checks & rule.bit) == 0) continue;
    const std::string_view broken = rule.check(config, state);
    if (!broken.empty()) return broken;
  }
  return {};
}

std::string_view BrokenRule(const Config& config, const State& before, const State& after) {
  if ((config.checks & kCheckDecision) == 0) return {};
  const bool kept = Covers(after.committed, before.committed) &&
                    Covers(after.aborted, before.aborted) && (after.committed & after.aborted) == 0;
  return kept ? "" : "I2: a decision changed";
}

}  // namespace pgkeep::model

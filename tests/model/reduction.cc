#include "tests/model/reduction.h"

#include <algorithm>

#include "tests/model/gc_plan.h"

namespace pgkeep::model {
namespace {

const Writer& WriterOf(const State& state, int id) {
  return state.writer[static_cast<std::size_t>(id)];
}

bool Finished(const Writer& writer) {
  return writer.pc == WriterPc::kReported || writer.pc == WriterPc::kFailed;
}

// Can writer `id` still create this object? `last` is the last program counter from which it can.
bool MayCreate(const Config& config, const State& state, int id, WriterPc last) {
  const Writer& writer = WriterOf(state, id);
  if (last == WriterPc::kPinUnknown && config.Has(Mutant::kSesBeforePin)) {
    last = WriterPc::kSesUnknown;
  }
  return !Finished(writer) && writer.pc <= last;
}

// Forgets planned deletions of what is gone and cannot come back.
void TrimPlan(const Config& config, const State& state, Gc& gc) {
  for (int id = 0; id < config.Ids(); ++id) {
    const auto trim = [&](Mask& plan, Mask store, WriterPc last) {
      if (!HasBit(store, id) && !MayCreate(config, state, id, last)) Clear(plan, Bit(id));
    };
    if (!MayCreate(config, state, id, WriterPc::kPacksUnknown)) {
      Clear(gc.plan_packs, static_cast<unsigned>(config.OwnPacks(id) & ~state.packs));
    }
    trim(gc.plan_manifests, static_cast<Mask>(state.man | state.ref), WriterPc::kRefUnknown);
    trim(gc.plan_ses, state.ses, WriterPc::kSesUnknown);
    trim(gc.plan_pins, state.pin, WriterPc::kPinUnknown);
  }
  const unsigned rest = static_cast<unsigned>(gc.plan_packs | gc.plan_manifests | gc.plan_ses |
                                              gc.plan_pins | gc.plan_tombstones);
  if (rest == 0 && !config.exclusive) gc.pc = GcPc::kEnded;
}

// Does a collector still need bases(id) although `id` is decided?
bool BaseMatters(const State& state, int id) {
  return std::any_of(state.gc.begin(), state.gc.end(), [id](const Gc& gc) {
    const bool reading = gc.pc == GcPc::kReadPins || gc.pc == GcPc::kReadRefs;
    const bool listing = gc.pc == GcPc::kList4 && gc.todo != 0;
    return (reading || listing) && HasBit(gc.pins & ~gc.decided2, id);
  });
}

// Has the collector listed exp/ and not yet judged?
bool Underway(const Gc& gc) {
  return gc.pc == GcPc::kReadPins || gc.pc == GcPc::kReadRefs || gc.pc == GcPc::kList2 ||
         gc.pc == GcPc::kList3 || gc.pc == GcPc::kList4 || gc.todo != 0;
}

// The ids whose man, ref or content somebody may still read.
Mask UsefulRefs(const Config& config, const State& state) {
  Mask useful = state.Live();
  for (int id = 1; id < config.Ids(); ++id) {
    const Writer& writer = WriterOf(state, id);
    const bool undecided = HasBit(state.pin & ~state.Decided(), id);
    if (!Finished(writer)) Set(useful, Bit(id));
    if (!Finished(writer) || undecided || BaseMatters(state, id)) Set(useful, writer.bases);
    if (writer.commit_in_flight) Set(useful, Bit(id));
  }
  for (const Gc& gc : state.gc) {
    if (Underway(gc)) Set(useful, static_cast<unsigned>(state.committed & ~gc.expired));
  }
  return useful;
}

// Takes the steps of an undecided writer that nobody else can see or hinder: creating objects that
// only it reads before its decision, and reading back what it did.
void TakeInvisibleSteps(const Config& config, State& state, int id) {
  Writer& writer = state.writer[static_cast<std::size_t>(id)];
  const Mask bit = Bit(id);
  if (writer.pc == WriterPc::kPinUnknown) {
    // To give up is no different from taking no further step, unless a lease is released.
    if (HasBit(state.pin, id)) {
      writer.pc = WriterPc::kSes;
    } else if (!config.exclusive) {
      writer.pc = WriterPc::kPin;
    }
  }
  if (writer.pc == WriterPc::kSes || writer.pc == WriterPc::kSesUnknown) {
    const bool looks = writer.bases != 0 && !config.Has(Mutant::kNoExpiryCheck);
    writer.pc = looks ? WriterPc::kLookExpired : WriterPc::kReadBases;
    writer.unlooked = looks ? writer.bases : Mask{0};
    Set(state.ses, bit);
  }
  if (writer.pc >= WriterPc::kPacks && writer.pc <= WriterPc::kRefUnknown) {
    if (writer.pc <= WriterPc::kPacksUnknown) {
      Set(state.packs, static_cast<unsigned>(writer.content & config.OwnPacks(id)));
    }
    Set(state.man, bit);
    Set(state.ref, bit);
    writer.pc = WriterPc::kCheckPacks;
  }
  if (writer.pc == WriterPc::kCommitUnknown) {
    writer.pc = HasBit(state.committed, id) ? WriterPc::kReported : WriterPc::kCommit;
  }
}

// Before D2 a pin of a decided id is as good as none: D2 will show the decision.
void ForgetPinsOfDecided(const Config& config, const State& state, Gc& gc) {
  if (gc.pc != GcPc::kList3 && gc.pc != GcPc::kList4) return;
  const bool begun = config.paged_lists && gc.pc == GcPc::kList4;
  const Mask unlisted = begun ? gc.todo : config.AllIds();
  Clear(gc.pins, static_cast<unsigned>((state.Decided() & unlisted) | gc.decided2));
}

// A collector whose plan can name nothing useful, whichever pins and refs it still finds, is
// harmless: all it can still do is to abort a writer, which the world can do as well.
bool EndIfHarmless(const Config& config, const State& state, Gc& gc) {
  if ((gc.pc != GcPc::kReadPins && gc.pc != GcPc::kReadRefs) || config.exclusive) return false;
  Gc widest = gc;
  widest.pins = 0;
  MakePlan(config, state, widest);
  widest.pc = GcPc::kDelete;
  TrimPlan(config, state, widest);
  if (widest.pc == GcPc::kEnded) gc.pc = GcPc::kEnded;
  return gc.pc == GcPc::kEnded;
}

// Crashed actors take no step; one whose lease is gone and whose requests are settled is out of the
// game.
void BuryTheDead(State& state) {
  const auto bury = [](Lease& lease, bool in_flight) {
    if (!lease.object && !in_flight) lease = {LeasePc::kReleased, false, false};
  };
  for (Writer& writer : state.writer) {
    if (!writer.lease.crashed) continue;
    writer.pc = WriterPc::kFailed;
    bury(writer.lease, writer.commit_in_flight);
  }
  for (Gc& gc : state.gc) {
    if (!gc.lease.crashed) continue;
    gc.pc = GcPc::kEnded;
    bury(gc.lease, gc.abort_in_flight != 0);
  }
}

void SkipAhead(const Config& config, State& state) {
  BuryTheDead(state);
  const bool decisions_last =
      !config.Has(Mutant::kTombstoneDeleted) && !config.Has(Mutant::kCommitOverwrites);
  for (int id = 1; id < config.Ids(); ++id) {
    Writer& writer = state.writer[static_cast<std::size_t>(id)];
    if (HasBit(state.aborted, id) && decisions_last && !config.exclusive) {
      writer.pc = WriterPc::kFailed;
    }
    if (!Finished(writer)) TakeInvisibleSteps(config, state, id);
    if (Finished(writer) && HasBit(state.committed, id)) writer.pc = WriterPc::kReported;
  }
}

// An id of which nothing useful is left is the same as one that was aborted and swept.
void Dismiss(State& state, int id) {
  Clear(state.committed, Bit(id));
  Clear(state.expired, Bit(id));
  Set(state.aborted, Bit(id));
  if (id != 0) state.writer[static_cast<std::size_t>(id)].pc = WriterPc::kFailed;
  for (Gc& gc : state.gc) {
    if (gc.pc == GcPc::kDelete) continue;
    const bool judging = gc.pc == GcPc::kReadPins || gc.pc == GcPc::kReadRefs;
    for (Mask* view : {&gc.expired, &gc.decided1, &gc.committed}) Clear(*view, Bit(id));
    if (judging) Clear(gc.decided2, Bit(id));
    if (!judging) Clear(gc.pins, Bit(id));
  }
}

// With endless cycles two collectors stand for any number of cycles of which at most two run at the
// same time.
void RestartEnded(const Config& config, Gc& gc) {
  const bool over = gc.pc == GcPc::kEnded && !config.exclusive;
  const bool released = gc.lease.pc == LeasePc::kReleased;
  if (config.endless_cycles && (over || released)) {
    gc = Gc{};
    gc.todo = config.paged_lists ? config.AllIds() : Mask{0};
  } else if (gc.pc == GcPc::kEnded || gc.pc == GcPc::kStopped) {
    const Gc ended{gc.pc, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, gc.lease, gc.abort_in_flight};
    gc = ended;
  }
}

}  // namespace

void ClearDeadFields(const Config& config, State& state) {
  for (Gc& gc : state.gc) {
    if (gc.pc == GcPc::kDelete) TrimPlan(config, state, gc);
    if (gc.pc == GcPc::kReadPins || gc.pc == GcPc::kReadRefs) {
      gc.expired = static_cast<Mask>(gc.expired & gc.committed);
    }
    RestartEnded(config, gc);
  }
  const bool decisions_may_vanish = config.Has(Mutant::kTombstoneDeleted);
  const bool decisions_seen_early = config.Has(Mutant::kDecisionsBeforePinsOnly);
  for (int id = 1; id < config.Ids(); ++id) {
    Writer& writer = state.writer[static_cast<std::size_t>(id)];
    if (!Finished(writer) || writer.commit_in_flight) continue;
    if (!HasBit(state.committed, id)) writer.content = 0;
    if (decisions_may_vanish || decisions_seen_early || !HasBit(state.Decided(), id)) continue;
    if (!BaseMatters(state, id)) writer.bases = 0;
  }
}

namespace {

// True if a collector ended, which may make more useless.
bool ForgetOnce(const Config& config, State& state) {
  for (Gc& gc : state.gc) ForgetPinsOfDecided(config, state, gc);
  ClearDeadFields(config, state);
  const Mask refs = UsefulRefs(config, state);
  Mask packs = 0;
  Mask pins = static_cast<Mask>(~state.Decided());
  for (int id = 0; id < config.Ids(); ++id) {
    if (HasBit(refs, id)) Set(packs, WriterOf(state, id).content);
    if (!Finished(WriterOf(state, id))) Set(packs, config.OwnPacks(id));
    if (!Finished(WriterOf(state, id)) || BaseMatters(state, id)) Set(pins, Bit(id));
  }
  const Mask ses = static_cast<Mask>(refs | Owners(config, packs));
  const Mask dead = static_cast<Mask>(state.Decided() & ~refs & ~ses & ~pins);
  state.packs = static_cast<Mask>(state.packs & packs);
  state.man = static_cast<Mask>(state.man & refs);
  state.ref = static_cast<Mask>(state.ref & refs);
  state.ses = static_cast<Mask>(state.ses & ses);
  state.pin = static_cast<Mask>(state.pin & pins);
  for (int id = 1; id < config.Ids(); ++id) {
    if (!HasBit(refs, id)) state.writer[static_cast<std::size_t>(id)].content = 0;
  }
  for (int id = 0; id < config.Ids(); ++id) {
    if (HasBit(dead, id)) Dismiss(state, id);
  }
  bool ended = false;
  for (Gc& gc : state.gc) {
    ended = EndIfHarmless(config, state, gc) || ended;
  }
  ClearDeadFields(config, state);
  return ended;
}

}  // namespace

void ForgetGarbage(const Config& config, State& state) {
  SkipAhead(config, state);
  while (ForgetOnce(config, state)) {
  }
}

}  // namespace pgkeep::model

// The collector, steps G1 to G10 of docs/format/protocol.md. G0 (abort) is a step of the world,
// since any collector may take it at any time.
#include "tests/model/action.h"
#include "tests/model/gc_plan.h"

namespace pgkeep::model {
namespace {

enum class Listing : std::uint8_t { kExpired, kDecisions1, kPins, kDecisions2 };

std::array<Listing, 4> ListingOrder(const Config& config) {
  using enum Listing;
  if (config.Has(Mutant::kPinsListedFirst)) return {kPins, kExpired, kDecisions1, kDecisions2};
  return {kExpired, kDecisions1, kPins, kDecisions2};
}

class GcSteps {
 public:
  GcSteps(const Config& config, const State& state, int index, std::vector<Step>& out)
      : config_(config), state_(state), index_(index), out_(out) {}

  void Add() {
    if (config_.exclusive) {
      const bool done = Self().pc == GcPc::kEnded || Self().pc == GcPc::kStopped;
      if (!AddLeaseSteps(config_, state_, Actor(), done, out_)) return;
    }
    switch (Self().pc) {
      case GcPc::kList1:
        if (config_.exclusive) ChooseAbort();
        return List(0);
      case GcPc::kList2:
        return List(1);
      case GcPc::kList3:
        return List(2);
      case GcPc::kList4:
        return List(3);
      case GcPc::kReadPins:
        return ReadPins();
      case GcPc::kReadRefs:
        return ReadRefs();
      case GcPc::kDelete:
        return Delete();
      case GcPc::kAbortPut:
        return AbortPut();
      default:
        return;
    }
  }

 private:
  const Gc& Self() const { return state_.gc[static_cast<std::size_t>(index_)]; }
  std::uint8_t Actor() const { return static_cast<std::uint8_t>(kFirstGc + index_); }
  static Mask BasesOf(const State& state, int id) {
    return state.writer[static_cast<std::size_t>(id)].bases;
  }

  Step& Emit(ActionKind kind, Object object, int subject) {
    out_.push_back({{kind, Actor(), object, static_cast<std::uint8_t>(subject), 0}, state_});
    return out_.back();
  }
  Gc& SelfIn(Step& step) const { return step.next.gc[static_cast<std::size_t>(index_)]; }
  void End(ActionKind kind, Object object, int subject, GcPc pc = GcPc::kEnded) {
    Gc& gc = SelfIn(Emit(kind, object, subject));
    gc.pc = pc;
    gc.todo = 0;
  }

  // Copies the bits `which` of the listed prefix into the view.
  void See(Gc& gc, Listing listing, Mask which) const {
    switch (listing) {
      case Listing::kExpired:
        return Set(gc.expired, static_cast<unsigned>(state_.expired & which));
      case Listing::kDecisions1:
        Set(gc.decided1, static_cast<unsigned>(state_.Decided() & which));
        if (!config_.Has(Mutant::kDecisionsBeforePinsOnly)) return;
        Set(gc.decided2, static_cast<unsigned>(state_.Decided() & which));
        return Set(gc.committed, static_cast<unsigned>(state_.committed & which));
      case Listing::kPins:
        return Set(gc.pins, static_cast<unsigned>(state_.pin & which));
      case Listing::kDecisions2:
        if (config_.Has(Mutant::kDecisionsBeforePinsOnly)) return;
        Set(gc.decided2, static_cast<unsigned>(state_.Decided() & which));
        return Set(gc.committed, static_cast<unsigned>(state_.committed & which));
    }
  }

  void List(std::size_t number) {
    const Listing listing = ListingOrder(config_)[number];
    constexpr std::array kObjects = {Object::kExp, Object::kDec, Object::kPin, Object::kDec};
    const Object object = kObjects[static_cast<std::size_t>(listing)];
    if (!config_.paged_lists) {
      Step& step = Emit(ActionKind::kList, object, 0);
      See(SelfIn(step), listing, config_.AllIds());
      return EndListing(step, number);
    }
    for (int id = 0; id < config_.Ids(); ++id) {
      if (!HasBit(Self().todo, id)) continue;
      Step& step = Emit(ActionKind::kListPage, object, id);
      Gc& gc = SelfIn(step);
      See(gc, listing, Bit(id));
      Clear(gc.todo, Bit(id));
      if (gc.todo == 0) EndListing(step, number);
    }
  }

  void EndListing(Step& step, std::size_t number) const {
    Gc& gc = SelfIn(step);
    gc.pc = static_cast<GcPc>(number + 1);
    gc.todo = config_.paged_lists ? config_.AllIds() : Mask{0};
    if (gc.pc != GcPc::kReadPins) return;
    Clear(gc.pins, gc.decided2);
    gc.todo = gc.pins;
    Continue(step);
  }

  // Moves on when all pins or all refs that the views call for are read.
  void Continue(Step& step) const {
    Gc& gc = SelfIn(step);
    if (gc.pc == GcPc::kReadPins) {
      gc.todo = static_cast<Mask>(gc.todo & gc.pins);
      if (gc.todo != 0) return;
      gc.pc = GcPc::kReadRefs;
      gc.todo = Needed(step.next, gc);
    }
    gc.todo = static_cast<Mask>(gc.todo & Needed(step.next, gc));
    if (gc.todo != 0) return;
    MakePlan(config_, step.next, gc);
    gc.pc = GcPc::kDelete;
  }
  Mask Needed(const State& state, const Gc& gc) const {
    const Mask live = static_cast<Mask>(gc.committed & ~gc.expired);
    if (config_.Has(Mutant::kKeepIgnoresUndecidedBase)) return live;
    return static_cast<Mask>(live | PinnedBases(state, gc));
  }

  void ReadPins() {
    for (int id = 0; id < config_.Ids(); ++id) {
      if (HasBit(Self().todo, id)) ReadPin(id);
    }
  }
  void ReadPin(int id) {
    if (!HasBit(state_.pin, id)) {
      if (!config_.Has(Mutant::kMissingPinIgnored)) {
        return End(ActionKind::kYieldPinGone, Object::kNone, id);
      }
      Step& step = Emit(ActionKind::kReadPin, Object::kNone, id);
      Clear(SelfIn(step).pins, Bit(id));
      return Continue(step);
    }
    if ((BasesOf(state_, id) & ~Self().committed) != 0) {
      return End(ActionKind::kStop, Object::kPin, id, GcPc::kStopped);
    }
    Step& step = Emit(ActionKind::kReadPin, Object::kNone, id);
    Clear(SelfIn(step).todo, Bit(id));
    Continue(step);
  }

  void ReadRefs() {
    for (int id = 0; id < config_.Ids(); ++id) {
      if (HasBit(Self().todo, id)) ReadRef(id);
    }
  }
  void ReadRef(int id) {
    if (HasBit(state_.ref, id)) {
      Step& step = Emit(ActionKind::kReadRef, Object::kNone, id);
      Clear(SelfIn(step).todo, Bit(id));
      return Continue(step);
    }
    if (HasBit(Self().committed & ~Self().expired, id)) return LiveRefGone(id);
    return BaseRefGone(id);
  }

  void LiveRefGone(int id) {
    if (config_.Has(Mutant::kMissingLiveRefIgnored)) {
      Step& step = Emit(ActionKind::kReadRef, Object::kNone, id);
      Set(SelfIn(step).expired, Bit(id));
      return Continue(step);
    }
    if (HasBit(state_.expired, id)) return End(ActionKind::kYieldLiveRefGone, Object::kNone, id);
    End(ActionKind::kStop, Object::kRef, id, GcPc::kStopped);
  }

  // The base of an undecided writer is expired and its ref is gone: win that writer's decision or
  // yield.
  void BaseRefGone(int base) {
    for (int id = 1; id < config_.Ids(); ++id) {
      if (!HasBit(Self().pins, id) || !HasBit(BasesOf(state_, id), base)) continue;
      const bool ignores = config_.Has(Mutant::kMissingBaseRefIgnored);
      if (HasBit(state_.Decided(), id) && !ignores) {
        return End(ActionKind::kYieldDoomedDecided, Object::kNone, id);
      }
      Step& step = ignores ? Emit(ActionKind::kReadRef, Object::kNone, base)
                           : Emit(ActionKind::kAbortDoomed, Object::kDec, id);
      if (!ignores) Set(step.next.aborted, Bit(id));
      Clear(SelfIn(step).pins, Bit(id));
      return Continue(step);
    }
  }

  // Any planned object, in any order; a collector that stops half-way just takes no further step.
  void Delete() {
    const Gc& gc = Self();
    for (int pack = 0; pack < kMaxIds * config_.packs_per_id; ++pack) {
      if (!HasBit(gc.plan_packs & state_.packs, pack)) continue;
      Step& step = Emit(ActionKind::kDelete, Object::kPacks, pack);
      Clear(step.next.packs, 1U << pack);
    }
    struct Class {
      Object object;
      Mask plan;
      Mask State::*store;
    };
    const std::array classes = {Class{Object::kMan, gc.plan_manifests, &State::man},
                                Class{Object::kRef, gc.plan_manifests, &State::ref},
                                Class{Object::kSes, gc.plan_ses, &State::ses},
                                Class{Object::kPin, gc.plan_pins, &State::pin},
                                Class{Object::kDec, gc.plan_tombstones, &State::aborted}};
    for (const Class& one : classes) {
      for (int id = 0; id < config_.Ids(); ++id) {
        if (!HasBit(one.plan & state_.*one.store, id)) continue;
        Step& step = Emit(ActionKind::kDelete, one.object, id);
        Clear(step.next.*one.store, Bit(id));
      }
    }
    // To finish is no different from taking no further step, unless somebody waits for it.
    if (config_.exclusive || config_.endless_cycles) End(ActionKind::kGcFinish, Object::kNone, 0);
  }

  // Exclusive mode: checks that its lease is there and that the writer is undecided, then puts.
  void ChooseAbort() {
    if (!Self().lease.object) {
      return End(ActionKind::kLeaseLost, Object::kLease, 0);
    }
    for (int id = 1; id < config_.Ids(); ++id) {
      if (!HasBit(state_.pin & ~state_.Decided(), id)) continue;
      Gc& gc = SelfIn(Emit(ActionKind::kAbortChoose, Object::kNone, id));
      gc.pc = GcPc::kAbortPut;
      gc.todo = Bit(id);
    }
  }

  // A lost answer leaves the request in flight; the only way on is the same put again.
  void AbortPut() {
    int id = 1;
    while (!HasBit(Self().todo, id)) ++id;
    Step& done = Emit(ActionKind::kAbort, Object::kDec, id);
    Set(done.next.aborted, Bit(id));
    Clear(done.next.committed, Bit(id));
    SelfIn(done).pc = GcPc::kList1;
    SelfIn(done).todo = 0;
    Step& lost = Emit(ActionKind::kCreateLostDropped, Object::kDec, id);
    SelfIn(lost).abort_in_flight = static_cast<std::uint8_t>(id);
  }

  const Config& config_;
  const State& state_;
  int index_;
  std::vector<Step>& out_;
};

}  // namespace

void AddGcSteps(const Config& config, const State& state, int gc, std::vector<Step>& out) {
  GcSteps(config, state, gc, out).Add();
}

}  // namespace pgkeep::model

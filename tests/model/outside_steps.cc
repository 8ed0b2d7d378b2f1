// What the world does: backups expire, operators abort writers, break leases; machines crash.
#include "tests/model/action.h"

namespace pgkeep::model {
namespace {

Lease& LeaseOf(State& state, std::uint8_t actor) {
  return actor >= kFirstGc ? state.gc[static_cast<std::size_t>(actor - kFirstGc)].lease
                           : state.writer[actor].lease;
}

// The puts of `actor` that may still arrive.
bool InFlight(const State& state, std::uint8_t actor) {
  return actor >= kFirstGc
             ? state.gc[static_cast<std::size_t>(actor - kFirstGc)].abort_in_flight != 0
             : state.writer[actor].commit_in_flight;
}

std::vector<std::uint8_t> Actors(const Config& config) {
  std::vector<std::uint8_t> actors;
  for (int id = 1; id < config.Ids(); ++id) actors.push_back(static_cast<std::uint8_t>(id));
  for (int i = 0; i < config.gcs; ++i) actors.push_back(static_cast<std::uint8_t>(kFirstGc + i));
  return actors;
}

State& Emit(std::vector<Step>& out, const State& state, const Action& action) {
  out.push_back({action, state});
  return out.back().next;
}

// A late put lands on whatever is there by then: plain puts overwrite.
void Deliver(State& state, std::uint8_t actor) {
  if (actor >= kFirstGc) {
    std::uint8_t& id = state.gc[static_cast<std::size_t>(actor - kFirstGc)].abort_in_flight;
    Set(state.aborted, Bit(id));
    Clear(state.committed, Bit(id));
    id = 0;
    return;
  }
  Set(state.committed, Bit(actor));
  Clear(state.aborted, Bit(actor));
  state.writer[actor].commit_in_flight = false;
}

void Drop(State& state, std::uint8_t actor) {
  if (actor >= kFirstGc) {
    state.gc[static_cast<std::size_t>(actor - kFirstGc)].abort_in_flight = 0;
  } else {
    state.writer[actor].commit_in_flight = false;
  }
}

void AddLeaseAccidents(const Config& config, const State& state, std::uint8_t actor,
                       std::vector<Step>& out) {
  State copy = state;
  const Lease lease = LeaseOf(copy, actor);
  if (InFlight(state, actor)) {
    Deliver(Emit(out, state, {ActionKind::kDeliver, kOutside, Object::kNone, actor, 0}), actor);
    Drop(Emit(out, state, {ActionKind::kDrop, kOutside, Object::kNone, actor, 0}), actor);
  }
  if (lease.object && !lease.crashed) {
    LeaseOf(Emit(out, state, {ActionKind::kCrash, kOutside, Object::kNone, actor, 0}), actor)
        .crashed = true;
  }
  const bool dead = lease.crashed || config.Has(Mutant::kStalledLeaseBroken);
  const bool quiet = !InFlight(state, actor) || config.Has(Mutant::kLeaseBrokenInFlight);
  if (lease.object && dead && quiet) {
    LeaseOf(Emit(out, state, {ActionKind::kLeaseBreak, kOutside, Object::kNone, actor, 0}), actor)
        .object = false;
  }
}

void AddCrashes(const Config& config, const State& state, std::vector<Step>& out) {
  if (!config.explicit_crashes) return;
  for (const std::uint8_t actor : Actors(config)) {
    const Action crash = {ActionKind::kCrash, kOutside, Object::kNone, actor, 0};
    if (actor >= kFirstGc) {
      const std::size_t index = static_cast<std::size_t>(actor - kFirstGc);
      if (state.gc[index].pc != GcPc::kList1) Emit(out, state, crash).gc[index].pc = GcPc::kEnded;
    } else if (state.writer[actor].pc < WriterPc::kReported) {
      Emit(out, state, crash).writer[actor].pc = WriterPc::kFailed;
    }
  }
}

}  // namespace

void AddOutsideSteps(const Config& config, const State& state, std::vector<Step>& out) {
  for (int id = 0; id < config.Ids(); ++id) {
    const std::uint8_t subject = static_cast<std::uint8_t>(id);
    if (HasBit(state.Live(), id)) {
      Set(Emit(out, state, {ActionKind::kExpire, kOutside, Object::kExp, subject, 0}).expired,
          Bit(id));
    }
    if (!config.exclusive && HasBit(state.pin & ~state.Decided(), id)) {
      Set(Emit(out, state, {ActionKind::kAbort, kOutside, Object::kDec, subject, 0}).aborted,
          Bit(id));
    }
  }
  if (!config.exclusive) return AddCrashes(config, state, out);
  for (const std::uint8_t actor : Actors(config)) AddLeaseAccidents(config, state, actor, out);
}

bool AddLeaseSteps(const Config& config, const State& state, std::uint8_t actor, bool done,
                   std::vector<Step>& out) {
  State copy = state;
  const Lease lease = LeaseOf(copy, actor);
  if (lease.crashed) return false;
  bool others = false;
  for (const std::uint8_t other : Actors(config)) {
    others = others || (other != actor && LeaseOf(copy, other).object);
  }
  const auto emit = [&](ActionKind kind, LeasePc pc, bool object) {
    State& next = Emit(out, state, {kind, actor, Object::kLease, actor, 0});
    LeaseOf(next, actor).pc = pc;
    LeaseOf(next, actor).object = object;
  };
  const bool looks_first = config.Has(Mutant::kLeaseListedBeforePut);
  switch (lease.pc) {
    case LeasePc::kNone:
      if (!looks_first) {
        emit(ActionKind::kLeasePut, LeasePc::kAnnounced, true);
      } else if (!others) {
        emit(ActionKind::kLeaseList, LeasePc::kLooked, false);
      }
      return false;
    case LeasePc::kLooked:
      emit(ActionKind::kLeasePut, LeasePc::kHeld, true);
      return false;
    case LeasePc::kAnnounced:
      if (others && !config.Has(Mutant::kLeaseNotListed)) {
        emit(ActionKind::kLeaseBusy, LeasePc::kBackingOff, lease.object);
      } else {
        emit(ActionKind::kLeaseList, LeasePc::kHeld, lease.object);
      }
      return false;
    case LeasePc::kBackingOff:
      emit(ActionKind::kLeaseBackOff, LeasePc::kNone, false);
      return false;
    case LeasePc::kHeld:
      if (done) emit(ActionKind::kLeaseRelease, LeasePc::kReleased, false);
      return !done;
    case LeasePc::kReleased:
      return false;
  }
  return false;
}

}  // namespace pgkeep::model

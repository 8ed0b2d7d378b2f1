// The writer, steps W1 to W8 of docs/format/protocol.md.
#include <bit>

#include "tests/model/action.h"

namespace pgkeep::model {
namespace {

// One create whose answer may be lost: where it stands in the program and what it makes.
struct CreateStep {
  WriterPc at;
  WriterPc unknown;
  WriterPc next;
  Object object;
};

constexpr std::array kCreates = {
    CreateStep{WriterPc::kPin, WriterPc::kPinUnknown, WriterPc::kSes, Object::kPin},
    CreateStep{WriterPc::kSes, WriterPc::kSesUnknown, WriterPc::kLookExpired, Object::kSes},
    CreateStep{WriterPc::kPacks, WriterPc::kPacksUnknown, WriterPc::kMan, Object::kPacks},
    CreateStep{WriterPc::kMan, WriterPc::kManUnknown, WriterPc::kRef, Object::kMan},
    CreateStep{WriterPc::kRef, WriterPc::kRefUnknown, WriterPc::kCheckPacks, Object::kRef},
};

class WriterSteps {
 public:
  WriterSteps(const Config& config, const State& state, int id, std::vector<Step>& out)
      : config_(config), state_(state), id_(id), out_(out) {}

  void Add() {
    if (config_.exclusive) {
      const WriterPc pc = Self().pc;
      const bool done = pc == WriterPc::kReported || pc == WriterPc::kFailed;
      if (!AddLeaseSteps(config_, state_, Actor(), done, out_)) return;
    }
    for (const CreateStep& step : kCreates) {
      if (Self().pc == step.at) return Create(step);
      if (Self().pc == step.unknown) return ReadBack(step);
    }
    switch (Self().pc) {
      case WriterPc::kIdle:
        return ChooseBases();
      case WriterPc::kLookExpired:
        return LookExpired();
      case WriterPc::kAbortSelf:
        return AbortSelf();
      case WriterPc::kReadBases:
        return ReadBases();
      case WriterPc::kCheckPacks:
        return CheckPacks();
      case WriterPc::kCommit:
        return config_.exclusive ? CommitCheck() : Commit();
      case WriterPc::kCommitUnknown:
        return ReadBackDecision();
      case WriterPc::kCommitPut:
        return CommitPut();
      default:
        return;
    }
  }

 private:
  const Writer& Self() const { return state_.writer[static_cast<std::size_t>(id_)]; }
  std::uint8_t Actor() const { return static_cast<std::uint8_t>(id_); }
  Mask OwnContent() const { return Self().content & config_.OwnPacks(id_); }

  State& Emit(ActionKind kind, Object object, int subject, WriterPc next, Mask detail = 0) {
    out_.push_back({{kind, Actor(), object, static_cast<std::uint8_t>(subject), detail}, state_});
    State& state = out_.back().next;
    state.writer[static_cast<std::size_t>(id_)].pc = next;
    return state;
  }

  // The order of pin and ses is part of the protocol, so a mutant swaps it.
  WriterPc FirstCreate() const {
    return config_.Has(Mutant::kSesBeforePin) || config_.Has(Mutant::kNoPin) ? WriterPc::kSes
                                                                             : WriterPc::kPin;
  }
  WriterPc After(const CreateStep& step) const {
    WriterPc next = step.next;
    if (config_.Has(Mutant::kSesBeforePin)) {
      if (step.object == Object::kSes) return WriterPc::kPin;
      if (step.object == Object::kPin) next = WriterPc::kLookExpired;
    }
    if (next != WriterPc::kLookExpired) return next;
    const bool looks = Self().bases != 0 && !config_.Has(Mutant::kNoExpiryCheck);
    return looks ? WriterPc::kLookExpired : WriterPc::kReadBases;
  }

  // Any few live backups, or none. It has seen them in listings that grow old until the pin is
  // there.
  void ChooseBases() {
    const unsigned live = static_cast<unsigned>(state_.Live() & ~Bit(id_));
    for (unsigned bases = live;; bases = (bases - 1) & live) {
      if (std::popcount(bases) <= config_.max_bases) {
        State& next = Emit(ActionKind::kChooseBases, Object::kNone, id_, FirstCreate(),
                           static_cast<Mask>(bases));
        next.writer[static_cast<std::size_t>(id_)].bases = static_cast<Mask>(bases);
      }
      if (bases == 0) return;
    }
  }

  void Apply(State& state, Object object) const {
    switch (object) {
      case Object::kPin:
        Set(state.pin, Bit(id_));
        break;
      case Object::kSes:
        Set(state.ses, Bit(id_));
        break;
      case Object::kPacks:
        Set(state.packs, OwnContent());
        break;
      case Object::kMan:
        Set(state.man, Bit(id_));
        break;
      default:
        Set(state.ref, Bit(id_));
        break;
    }
  }
  bool Present(Object object) const {
    switch (object) {
      case Object::kPin:
        return HasBit(state_.pin, id_);
      case Object::kSes:
        return HasBit(state_.ses, id_);
      case Object::kPacks:
        return (OwnContent() & ~state_.packs) == 0;
      case Object::kMan:
        return HasBit(state_.man, id_);
      default:
        return HasBit(state_.ref, id_);
    }
  }

  // Moves on after a create that is known to have happened.
  State& EmitDone(ActionKind kind, const CreateStep& step) {
    const WriterPc next = After(step);
    State& state = Emit(kind, step.object, id_, next);
    Writer& writer = state.writer[static_cast<std::size_t>(id_)];
    if (next == WriterPc::kLookExpired) writer.unlooked = writer.bases;
    return state;
  }

  void Create(const CreateStep& step) {
    Apply(EmitDone(ActionKind::kCreate, step), step.object);
    if (step.object != Object::kPin && !config_.lost_answers_everywhere) return;
    Apply(Emit(ActionKind::kCreateLostApplied, step.object, id_, step.unknown), step.object);
    Emit(ActionKind::kCreateLostDropped, step.object, id_, step.unknown);
  }

  void ReadBack(const CreateStep& step) {
    if (Present(step.object)) {
      EmitDone(ActionKind::kReadBackOwn, step);
      return;
    }
    Emit(ActionKind::kReadBackAbsentRetry, step.object, id_, step.at);
    Emit(ActionKind::kReadBackAbsentGiveUp, step.object, id_, WriterPc::kFailed);
  }

  // One look per base, in any order.
  void LookExpired() {
    for (int base = 0; base < config_.Ids(); ++base) {
      if (!HasBit(Self().unlooked, base)) continue;
      if (HasBit(state_.expired, base)) {
        // In exclusive mode a failing writer leaves its abort to the collector.
        const WriterPc next = config_.exclusive ? WriterPc::kFailed : WriterPc::kAbortSelf;
        Unlook(Emit(ActionKind::kLookExpiredFound, Object::kNone, base, next), Self().unlooked);
        continue;
      }
      const bool last = Self().unlooked == Bit(base);
      const WriterPc next = last ? WriterPc::kReadBases : WriterPc::kLookExpired;
      Unlook(Emit(ActionKind::kLookExpiredAbsent, Object::kNone, base, next), Bit(base));
    }
  }
  void Unlook(State& state, Mask bases) const {
    Clear(state.writer[static_cast<std::size_t>(id_)].unlooked, bases);
  }

  void AbortSelf() {
    State& next = Emit(ActionKind::kAbort, Object::kDec, id_, WriterPc::kFailed);
    if (!HasBit(next.Decided(), id_)) Set(next.aborted, Bit(id_));
  }

  // Reads man and ref of the bases and settles, for every possible outcome of the comparison of
  // data, which of their packs are named again and which own packs are new. A backup names at least
  // one pack.
  void ReadBases() {
    if ((Self().bases & ~(state_.man & state_.ref)) != 0) {
      Emit(ActionKind::kReadBasesMissing, Object::kNone, id_,
           config_.exclusive ? WriterPc::kFailed : WriterPc::kAbortSelf);
      return;
    }
    unsigned choices = config_.OwnPacks(id_);
    for (int base = 0; base < config_.Ids(); ++base) {
      if (!HasBit(Self().bases, base)) continue;
      choices |= state_.writer[static_cast<std::size_t>(base)].content;
    }
    for (unsigned chosen = choices; chosen != 0; chosen = (chosen - 1) & choices) {
      const Mask content = static_cast<Mask>(chosen);
      const bool writes = (content & config_.OwnPacks(id_)) != 0;
      State& next = Emit(ActionKind::kReadBases, Object::kNone, id_,
                         writes ? WriterPc::kPacks : WriterPc::kMan, content);
      next.writer[static_cast<std::size_t>(id_)].content = content;
    }
  }

  void CheckPacks() {
    const bool complete = (Self().content & ~state_.packs) == 0;
    Emit(complete ? ActionKind::kCheckPacks : ActionKind::kCheckPacksMissing, Object::kNone, id_,
         complete ? WriterPc::kCommit : WriterPc::kFailed);
  }

  void Commit() {
    const bool overwrites = config_.Has(Mutant::kCommitOverwrites);
    if (HasBit(state_.Decided(), id_) && !overwrites) {
      Emit(ActionKind::kCreateExists, Object::kDec, id_, WriterPc::kCommitUnknown);
      return;
    }
    for (ActionKind kind : {ActionKind::kCreate, ActionKind::kCreateLostApplied}) {
      const bool told = kind == ActionKind::kCreate;
      State& next =
          Emit(kind, Object::kDec, id_, told ? WriterPc::kReported : WriterPc::kCommitUnknown);
      Set(next.committed, Bit(id_));
      Clear(next.aborted, Bit(id_));
    }
    Emit(ActionKind::kCreateLostDropped, Object::kDec, id_, WriterPc::kCommitUnknown);
  }

  void ReadBackDecision() {
    if (HasBit(state_.committed, id_)) {
      Emit(ActionKind::kReadBackOwn, Object::kDec, id_, WriterPc::kReported);
    } else if (HasBit(state_.aborted, id_)) {
      Emit(ActionKind::kReadBackOther, Object::kDec, id_, WriterPc::kFailed);
    } else {
      Emit(ActionKind::kReadBackAbsentRetry, Object::kDec, id_, WriterPc::kCommit);
      Emit(ActionKind::kReadBackAbsentGiveUp, Object::kDec, id_, WriterPc::kFailed);
    }
  }

  // Exclusive mode: look, then put; the two are not one step.
  void CommitCheck() {
    if (!Self().lease.object) {
      Emit(ActionKind::kLeaseLost, Object::kLease, id_, WriterPc::kFailed);
    } else if (HasBit(state_.Decided(), id_)) {
      Emit(ActionKind::kReadBackOther, Object::kDec, id_, WriterPc::kFailed);
    } else {
      Emit(ActionKind::kCheckUndecided, Object::kDec, id_, WriterPc::kCommitPut);
    }
  }

  // A lost answer leaves the request in flight; the only way on is the same put again.
  void CommitPut() {
    State& done = Emit(ActionKind::kCreate, Object::kDec, id_, WriterPc::kReported);
    Set(done.committed, Bit(id_));
    Clear(done.aborted, Bit(id_));
    const bool gives_up = config_.Has(Mutant::kReleasesAfterLostCommit);
    State& lost = Emit(ActionKind::kCreateLostDropped, Object::kDec, id_,
                       gives_up ? WriterPc::kFailed : WriterPc::kCommitPut);
    lost.writer[static_cast<std::size_t>(id_)].commit_in_flight = true;
  }

  const Config& config_;
  const State& state_;
  int id_;
  std::vector<Step>& out_;
};

}  // namespace

void AddWriterSteps(const Config& config, const State& state, int id, std::vector<Step>& out) {
  WriterSteps(config, state, id, out).Add();
}

}  // namespace pgkeep::model

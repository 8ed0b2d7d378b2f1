// The atomic steps of the model, their names, and the list of successors of a state.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/model/state.h"

namespace pgkeep::model {

enum class ActionKind : std::uint8_t {
  // Writer.
  kChooseBases,
  kCreate,             // the answer arrived
  kCreateLostApplied,  // the object exists, the answer was lost
  kCreateLostDropped,  // nothing happened, the answer was lost
  kCreateExists,       // answer: somebody else created it
  kReadBackOwn,
  kReadBackOther,
  kReadBackAbsentRetry,
  kReadBackAbsentGiveUp,
  kLookExpiredAbsent,
  kLookExpiredFound,
  kReadBases,
  kReadBasesMissing,  // damage: never in a clean model
  kCheckPacks,
  kCheckPacksMissing,  // damage: never in a clean model
  kCheckUndecided,     // exclusive mode: own lease is there and nothing is decided
  // Anybody with the right to.
  kExpire,
  kAbort,
  // Collector.
  kList,
  kListPage,
  kReadPin,
  kYieldPinGone,
  kReadRef,
  kYieldLiveRefGone,
  kAbortDoomed,  // base's ref is gone: abort the writer that pinned it
  kYieldDoomedDecided,
  kStop,  // damage: never in a clean model
  kDelete,
  // Exclusive mode.
  kLeasePut,
  kLeaseList,
  kLeaseBusy,
  kLeaseBackOff,
  kLeaseRelease,
  kLeaseLost,  // own lease is gone: stop before deciding anything
  kLeaseBreak,
  kCrash,
  kDeliver,  // a put whose answer was lost arrives late
  kDrop,     // it never will
  kGcFinish,
  kAbortChoose,
  kCount,
};

enum class Object : std::uint8_t {
  kNone,
  kPin,
  kSes,
  kPacks,
  kMan,
  kRef,
  kDec,
  kExp,
  kLease,
  kCount
};

// Who: writers by id, collectors as kFirstGc + index, kOutside = the world.
inline constexpr std::uint8_t kFirstGc = 8;
inline constexpr std::uint8_t kOutside = 15;

struct Action {
  ActionKind kind = ActionKind::kCount;
  std::uint8_t actor = kOutside;
  Object object = Object::kNone;
  std::uint8_t subject = 0;  // id, pack, actor or listing that it is about
  Mask detail = 0;           // chosen packs
};

// One line of a trace.
std::string Describe(const Action& action);

// Index of (kind, object) in coverage counters.
inline constexpr std::size_t kCoverageSlots =
    static_cast<std::size_t>(ActionKind::kCount) * static_cast<std::size_t>(Object::kCount);
inline std::size_t CoverageSlot(ActionKind kind, Object object) {
  return static_cast<std::size_t>(kind) * static_cast<std::size_t>(Object::kCount) +
         static_cast<std::size_t>(object);
}
using Coverage = std::array<std::uint64_t, kCoverageSlots>;

struct Step {
  Action action;
  State next;
};

// Each adds the steps that one party can take from `state`.
void AddWriterSteps(const Config& config, const State& state, int id, std::vector<Step>& out);
void AddGcSteps(const Config& config, const State& state, int gc, std::vector<Step>& out);
void AddOutsideSteps(const Config& config, const State& state, std::vector<Step>& out);

// Exclusive mode: the steps by which an actor obtains and gives back its lease. True if the actor
// may do its own work now. `done` = it has nothing more to do.
bool AddLeaseSteps(const Config& config, const State& state, std::uint8_t actor, bool done,
                   std::vector<Step>& out);

}  // namespace pgkeep::model

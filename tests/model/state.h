// The state of the protocol model: one small object store, some writers, some collectors.
//
// Everything is a bit mask so that a state packs into 128 bits. An *id* stands for one writer id of
// the format: id 0 is a backup that was committed before the model starts, ids 1.. are the modelled
// writers.
#pragma once

#include <array>
#include <cstdint>

namespace pgkeep::model {

// One bit per id, or one bit per pack; eight packs are the most that any configuration uses.
using Mask = std::uint8_t;

inline constexpr int kMaxIds = 4;
inline constexpr int kMaxWriters = kMaxIds - 1;
inline constexpr int kMaxGcs = 2;

// Deliberate defects. Each must be caught (or, where the test says so, be proven harmless).
enum class Mutant : std::uint8_t {
  kNoExpiryCheck,                // writer does not look for exp/<base> after its pin
  kPinsListedFirst,              // gc lists P, E, D1, D2
  kTombstoneDeleted,             // gc deletes dec/<T> = ABORT with the rest of T
  kNoPin,                        // writer creates no pin
  kCommitOverwrites,             // COMMIT is a plain put
  kKeepIgnoresUndecidedBase,     // gc does not keep ref(base(u))
  kManifestGoesUnderUndecided,   // gc deletes man/ref of a base that an undecided writer pinned
  kMissingBaseRefIgnored,        // absent ref(base(u)) is taken for "nothing to keep"
  kMissingLiveRefIgnored,        // absent ref of a committed backup is taken for "nothing to keep"
  kMissingPinIgnored,            // absent pin of an undecided writer is taken for "no base"
  kSesIgnoresLivePacks,          // gc deletes ses/<T> although packs of T are kept
  kSesOfLiveBackupWithoutPacks,  // gc deletes ses/<T> of a live backup that owns no live pack
  kCandidatesFromLaterList,      // candidates by D2 instead of D1
  kUndecidedIsGarbage,           // candidates may belong to ids without a decision
  kDecisionsBeforePinsOnly,      // gc does not list dec/ again after pin/
  kSesBeforePin,                 // writer creates ses/<S> before pin/<S>
  kManifestsForgotten,           // gc never deletes man/ and ref/
  kLeaseNotListed,               // exclusive mode: holder does not look for other leases
  kLeaseListedBeforePut,         // exclusive mode: look first, announce afterwards
  kStalledLeaseBroken,           // exclusive mode: a lease of a live holder is broken
  kLeaseBrokenInFlight,  // exclusive mode: broken while a put of the dead holder may still arrive
  kReleasesAfterLostCommit,  // exclusive mode: holder gives up after a lost answer and releases
};

// What is checked; bits of Config::checks.
enum Check : std::uint8_t {
  kCheckLive = 1,      // I1: live backups are whole
  kCheckDecision = 2,  // I2: dec/<S> never changes
  kCheckReported = 4,  // I3: reported backups are committed
  kCheckLeak = 8,      // I4: two cycles from quiescence leave no garbage
  kCheckPromise =
      16,  // I5: what an undecided, admitted writer needs is there; gc never stops in error
  kCheckExclusion = 32,  // I6: at most one holder in exclusive mode
};
inline constexpr std::uint8_t kCheckAll = 63;

struct Config {
  int writers = 2;
  int gcs = 2;
  int packs_per_id = 1;
  int max_bases = 2;
  bool lost_answers_everywhere = false;  // else only for pin and dec
  bool paged_lists = false;              // a listing is one step per key instead of one step
  bool endless_cycles = false;           // a collector whose cycle is over starts the next one
  bool explicit_crashes = false;         // else a crash is just taking no further step
  bool exclusive = false;                // implies explicit crashes
  bool reduced = false;                  // see reduction.h
  std::uint32_t mutants = 0;
  std::uint8_t checks = kCheckAll;

  int Ids() const { return writers + 1; }
  Mask AllIds() const { return static_cast<Mask>((1U << Ids()) - 1U); }
  // The packs that `id` itself may write.
  Mask OwnPacks(int id) const {
    return static_cast<Mask>(((1U << packs_per_id) - 1U) << (id * packs_per_id));
  }
  bool Has(Mutant mutant) const { return ((mutants >> static_cast<unsigned>(mutant)) & 1U) != 0; }
  Config& With(Mutant mutant) {
    mutants |= 1U << static_cast<unsigned>(mutant);
    return *this;
  }
};

enum class LeasePc : std::uint8_t { kNone, kAnnounced, kHeld, kBackingOff, kReleased, kLooked };

// Exclusive mode only.
struct Lease {
  LeasePc pc = LeasePc::kNone;
  bool object = false;   // lease/<id> exists
  bool crashed = false;  // takes no further step
};

// Program counters name the next thing to do; "...Unknown" = the answer was lost, read back next.
enum class WriterPc : std::uint8_t {
  kIdle,
  kPin,
  kPinUnknown,
  kSes,
  kSesUnknown,
  kLookExpired,
  kAbortSelf,
  kReadBases,
  kPacks,
  kPacksUnknown,
  kMan,
  kManUnknown,
  kRef,
  kRefUnknown,
  kCheckPacks,
  kCommit,
  kCommitUnknown,
  kCommitPut,  // exclusive mode: checks passed, plain put next
  kReported,
  kFailed,
};

struct Writer {
  WriterPc pc = WriterPc::kIdle;
  Mask bases = 0;     // ids that pin/<S> names
  Mask unlooked = 0;  // bases whose expiry it has still to look for; meaningful before kReadBases
  Mask content = 0;   // packs that ref/<S> names; meaningful from kReadBases on
  Lease lease;
  bool commit_in_flight = false;  // exclusive mode: a put of COMMIT may still arrive
};

// kList1..kList4 = before the first..fourth listing.
enum class GcPc : std::uint8_t {
  kList1,
  kList2,
  kList3,
  kList4,
  kReadPins,
  kReadRefs,
  kDelete,
  kEnded,
  kStopped,   // ended with an error: damage
  kAbortPut,  // exclusive mode: plain put of ABORT for the one id in `todo` next
};

struct Gc {
  GcPc pc = GcPc::kList1;
  Mask todo = 0;  // ids still to list (paged listings), to read the pin of, or to read the ref of
  // What it saw; meaningful before kDelete.
  Mask expired = 0, decided1 = 0, pins = 0, decided2 = 0, committed = 0;
  // What it will delete; meaningful in kDelete.
  Mask plan_packs = 0, plan_manifests = 0, plan_ses = 0, plan_pins = 0, plan_tombstones = 0;
  Lease lease;
  std::uint8_t abort_in_flight = 0;  // exclusive mode: id whose ABORT may still arrive, 0 = none
};

struct State {
  Mask ses = 0, pin = 0, packs = 0, man = 0, ref = 0, committed = 0, aborted = 0, expired = 0;
  std::array<Writer, kMaxIds> writer{};  // [0] is the old backup and never moves
  std::array<Gc, kMaxGcs> gc{};

  Mask Decided() const { return static_cast<Mask>(committed | aborted); }
  bool SameStore(const State& other) const {
    return ses == other.ses && pin == other.pin && packs == other.packs && man == other.man &&
           ref == other.ref && committed == other.committed && aborted == other.aborted &&
           expired == other.expired;
  }
  Mask Live() const { return static_cast<Mask>(committed & ~expired); }
};

// Two words that identify a state.
struct Key {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const Key&, const Key&) = default;
  friend auto operator<=>(const Key&, const Key&) = default;
};

inline bool HasBit(unsigned mask, int bit) { return ((mask >> bit) & 1U) != 0; }
inline Mask Bit(int bit) { return static_cast<Mask>(1U << bit); }
inline void Set(Mask& mask, unsigned bits) { mask = static_cast<Mask>(mask | bits); }
inline void Clear(Mask& mask, unsigned bits) { mask = static_cast<Mask>(mask & ~bits); }

// The ids that own at least one pack of `packs`.
Mask Owners(const Config& config, Mask packs);

// One committed backup with packs, manifest and its old pin; nothing else has happened.
State InitialState(const Config& config);

// Packs a state; equal keys = equal states. The order of the collectors does not matter.
Key Pack(const Config& config, const State& state);

// The state behind a key (collectors possibly in another order than when it was packed).
State Unpack(const Config& config, const Key& key);

}  // namespace pgkeep::model

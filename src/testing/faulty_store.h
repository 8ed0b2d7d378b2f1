// An object store that misbehaves on command: the seam for every fault sweep above storage.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/thread_annotations.h"
#include "storage/forwarding_store.h"
#include "storage/store_operation.h"

namespace pgkeep::testing {

// What a rule does to a call.
enum class FaultAction {
  // The call does not reach the store; `code` is returned.
  kFailBefore,
  // The call is done, its answer is lost: `code` is returned. When the store itself failed, its own
  // error is returned and the rule does not count as fired.
  kFailAfter,
  // Waits `delay` on the clock, then the call is done.
  kDelay,
  // Reads: Get returns only the first `offset` bytes; GetRange fails as for an object that ends
  // there. Needs content beyond `offset`, else the rule does not fire.
  kTruncateRead,
  // Reads: bit (`offset` % 8) of byte `offset` of the object is inverted; when that byte is outside
  // what the call reads the rule does not fire.
  kFlipRead,
  // Writes: fails with kOutOfSpace and writes nothing.
  kOutOfSpace,
};

// How many values FaultAction has; they are consecutive from zero.
inline constexpr size_t kFaultActionCount = 6;

// Which calls are hit and how. A call matches when operation and key fit (List matches by its
// prefix); matches of one rule are counted from 1.
struct FaultRule {
  FaultAction action = FaultAction::kFailBefore;
  // nullopt: every operation to which the action can apply.
  std::optional<storage::StoreOperation> operation = std::nullopt;
  // Part of the key; empty fits all.
  std::string key_contains = {};
  // The first matching call that is hit.
  uint64_t nth = 1;
  // How many matching calls in a row are hit from there on.
  uint64_t times = 1;
  // For kFailBefore and kFailAfter.
  ErrorCode code = ErrorCode::kUnavailable;
  // For kDelay.
  Duration delay{0};
  // For kTruncateRead and kFlipRead, from the beginning of the object.
  uint64_t offset = 0;
};

// Random mode: the probability of each action per call to which it can apply, all from one seed.
// Calls are numbered in the order in which they arrive, so a single-threaded run repeats exactly.
struct FaultProbabilities {
  uint64_t seed = 0;
  double fail_before = 0;
  double fail_after = 0;
  double delay = 0;
  double truncate_read = 0;
  double flip_read = 0;
  double out_of_space = 0;
  // The longest delay; actual ones are uniform below it.
  Duration delay_max = std::chrono::seconds(1);
};

// Forwards to `inner` and applies rules in the order in which they were added; the first that
// fails the call ends it, delays and damage add up. Thread-safe. `inner` and `clock` must outlive
// it. Without rules and probabilities it changes nothing.
class FaultyStore final : public storage::ForwardingStore {
 public:
  explicit FaultyStore(storage::ObjectStore& inner, Clock& clock = SystemClock());

  // Adds a rule and returns its number for fired() and matched().
  size_t AddRule(FaultRule rule);
  // Starts (or with all zeros ends) random mode.
  void SetProbabilities(const FaultProbabilities& probabilities);
  // Removes all rules and probabilities. Counters of actions stay, rule numbers start again.
  void ClearFaults();

  // How often a rule changed a call: tests assert it, so that no fault is silently not injected.
  uint64_t fired(size_t rule) const;
  // How many calls fitted the rule, hit or not: the length of a sweep over nth.
  uint64_t matched(size_t rule) const;
  // How often an action was applied, by rules and at random.
  uint64_t fired(FaultAction action) const;
  // One line for each applied fault, oldest first, at most 1,000: print it when a test fails.
  std::vector<std::string> History() const;

  Result<storage::ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override;
  Result<storage::ObjectInfo> Put(std::string_view key, ByteSpan bytes) override;
  Result<Bytes> Get(std::string_view key, uint64_t max_bytes) override;
  Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) override;
  Result<storage::ListPage> List(std::string_view prefix, std::string_view start_after,
                                 size_t max_keys) override;
  Result<storage::ObjectInfo> Head(std::string_view key) override;
  Status Delete(std::string_view key) override;
  Result<Timestamp> ServerTime() override;
  Result<std::optional<uint64_t>> FreeBytes() override;

 private:
  struct ActiveRule {
    FaultRule rule;
    uint64_t matched = 0;
    uint64_t fired = 0;
  };
  // One fault chosen for one call; `rule` is empty when it came from random mode.
  struct Fault {
    std::optional<size_t> rule;
    FaultAction action;
    ErrorCode code;
    Duration delay;
    uint64_t offset;
  };

  std::vector<Fault> Choose(storage::StoreOperation operation, std::string_view key);
  void ChooseRandomly(storage::StoreOperation operation, std::vector<Fault>& faults)
      PGK_REQUIRES(mutex_);
  void Record(const Fault& fault, storage::StoreOperation operation, std::string_view key);
  Status Before(const std::vector<Fault>& faults, storage::StoreOperation operation,
                std::string_view key);
  Status After(const std::vector<Fault>& faults, storage::StoreOperation operation,
               std::string_view key);
  Status Damage(const std::vector<Fault>& faults, storage::StoreOperation operation,
                std::string_view key, uint64_t begin, Bytes& content);
  template <class Call>
  auto Around(const std::vector<Fault>& faults, storage::StoreOperation operation,
              std::string_view key, Call call) -> decltype(call());

  Clock& clock_;
  mutable Mutex mutex_;
  std::vector<ActiveRule> rules_ PGK_GUARDED_BY(mutex_);
  FaultProbabilities probabilities_ PGK_GUARDED_BY(mutex_);
  std::mt19937_64 random_ PGK_GUARDED_BY(mutex_);
  std::array<uint64_t, kFaultActionCount> fired_ PGK_GUARDED_BY(mutex_){};
  std::vector<std::string> history_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::testing

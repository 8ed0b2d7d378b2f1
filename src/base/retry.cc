#include "base/retry.h"

#include <algorithm>
#include <atomic>

namespace pgkeep {

namespace {

// The next number of a SplitMix64 sequence: good enough to spread retries, and needs no seed of
// quality.
uint64_t NextRandom(uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

// Different for two loops that start in the same microsecond.
uint64_t NewSeed(Clock& clock) {
  static std::atomic<uint64_t> loops{0};
  return static_cast<uint64_t>(clock.Monotonic().count()) + (loops.fetch_add(1) << 48);
}

}  // namespace

RetryState::RetryState(const RetryPolicy& policy, Clock& clock, std::stop_token stop)
    : policy_(policy),
      clock_(clock),
      stop_(std::move(stop)),
      deadline_(clock.Monotonic() + policy.budget),
      random_(NewSeed(clock)) {}

Duration RetryState::Pause() {
  Duration longest = std::min(policy_.base, policy_.cap);
  for (int i = 1; i < failures_ && longest < policy_.cap; ++i) {
    longest = longest > policy_.cap / 2 ? policy_.cap : longest * 2;
  }
  if (longest <= Duration::zero()) return Duration::zero();
  const uint64_t range = static_cast<uint64_t>(longest.count()) + 1;
  return Duration(static_cast<Duration::rep>(NextRandom(random_) % range));
}

Status RetryState::Next(Error error) {
  ++failures_;
  if (!IsRetryable(error.code())) return error;
  const Duration pause = Pause();
  if (failures_ >= policy_.attempts || clock_.Monotonic() + pause > deadline_) {
    if (failures_ == 1) return error;
    return std::move(error).WithContext(fmt::format("giving up after {} attempts", failures_));
  }
  Status slept = clock_.SleepFor(pause, stop_);
  if (!slept.ok()) return std::move(slept).error().Attach(std::move(error));
  return Ok();
}

}  // namespace pgkeep

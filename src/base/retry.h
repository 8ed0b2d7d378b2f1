// Repeating what failed for a passing reason.
#pragma once

#include <cstdint>
#include <stop_token>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

namespace pgkeep {

// How often and how long. The pause before attempt k+1 is drawn evenly from 0 to
// min(cap, base * 2^(k-1)) ("full jitter"), so that many clients do not come back together.
struct RetryPolicy {
  int attempts = 5;                                // in all; at least one is made
  Duration base = std::chrono::milliseconds(100);  // longest first pause
  Duration cap = std::chrono::seconds(10);         // longest pause
  Duration budget = std::chrono::seconds(60);      // no attempt begins after this
};

// The decisions of Retry(), for loops that cannot be written as one function. One thread at a time.
class RetryState {
 public:
  // Borrows the clock. The budget runs from here.
  RetryState(const RetryPolicy& policy, Clock& clock, std::stop_token stop);

  // Call with the error of each attempt. Success: the pause is over, try again. Otherwise the error
  // with which to give up: the same one, with "giving up after N attempts" around it if N > 1; when
  // stopped, kCancelled with that error attached.
  Status Next(Error error);

  // Attempts that failed so far.
  int failures() const { return failures_; }

 private:
  Duration Pause();

  const RetryPolicy policy_;
  Clock& clock_;
  const std::stop_token stop_;
  const Duration deadline_;
  uint64_t random_;
  int failures_ = 0;
};

// Calls `attempt`, which returns a Status or a Result, until it succeeds, fails with a code that is
// not IsRetryable(), or the policy is exhausted. Only for operations that may be repeated.
template <class Attempt>
auto Retry(const RetryPolicy& policy, Clock& clock, std::stop_token stop, Attempt&& attempt)
    -> decltype(attempt()) {
  RetryState state(policy, clock, std::move(stop));
  while (true) {
    auto result = attempt();
    if (result.ok()) return result;
    PGK_TRY(state.Next(std::move(result).error()));
  }
}

}  // namespace pgkeep

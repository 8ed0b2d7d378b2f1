// Speed as a moving average, and how long the rest will take.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/clock.h"

namespace pgkeep::jobs {

// Averages over the last half minute, so that a pause shows and a burst does not jump. One thread
// at a time.
class RateMeter {
 public:
  static constexpr Duration kWindow = std::chrono::seconds(30);

  // Takes a reading: `count` units were done at the monotonic time `now`. A count below the one
  // before (a new phase) starts afresh.
  void Add(Duration now, uint64_t count);

  // Units per second over the window; nullopt until the readings span a second.
  std::optional<double> PerSecond() const;

  // Time for `remaining` units at this rate; nullopt where that cannot be told: no rate yet,
  // nothing moves, or more than a hundred days.
  std::optional<Duration> TimeFor(uint64_t remaining) const;

 private:
  struct Reading {
    Duration time;
    uint64_t count;
  };
  std::deque<Reading> readings_;
};

}  // namespace pgkeep::jobs

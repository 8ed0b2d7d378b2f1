// A clock that tests own.
#pragma once

#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace pgkeep::testing {

// Stands still until it is told otherwise. SleepFor() never blocks: it moves both times by what was
// asked and remembers it. Thread-safe.
class FakeClock : public Clock {
 public:
  // Starts at 2026-01-01T00:00:00Z.
  FakeClock();
  explicit FakeClock(Timestamp start);

  Timestamp Now() override;
  Duration Monotonic() override;

  // kCancelled, without moving, if `stop` was requested before.
  Status SleepFor(Duration duration, std::stop_token stop) override;

  // Time passes.
  void Advance(Duration duration);

  // Somebody sets the wall clock; monotonic time does not notice.
  void SetNow(Timestamp now);

  // What was slept so far, in order.
  std::vector<Duration> sleeps() const;

 private:
  mutable Mutex mutex_;
  Timestamp now_ PGK_GUARDED_BY(mutex_);
  Duration monotonic_ PGK_GUARDED_BY(mutex_);
  std::vector<Duration> sleeps_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::testing

// A clock on which a thread that paces itself goes one step at a time.
#pragma once

#include "base/mutex.h"
#include "testing/fake_clock.h"

namespace pgkeep::testing {

// Whoever sleeps, sleeps until a test lets it go on; then time has passed by what it asked for.
// Thread-safe; for one sleeping thread at a time.
class SteppedClock final : public FakeClock {
 public:
  // kCancelled, without moving, when `stop` is requested.
  Status SleepFor(Duration duration, std::stop_token stop) override;

  // Lets one sleep end, and waits until the thread sleeps again.
  void Step();

  // Waits until the thread sleeps for the first time.
  void WaitUntilAsleep();

 private:
  Mutex mutex_;
  CondVar asleep_;
  CondVar wake_;
  int sleepers_ PGK_GUARDED_BY(mutex_) = 0;  // sleeps that have begun
  int steps_ PGK_GUARDED_BY(mutex_) = 0;     // sleeps that may end
};

}  // namespace pgkeep::testing

#include "testing/stepped_clock.h"

#include <utility>

namespace pgkeep::testing {

Status SteppedClock::SleepFor(Duration duration, std::stop_token stop) {
  {
    const MutexLock lock(mutex_);
    ++sleepers_;
    asleep_.NotifyAll();
    wake_.Wait(mutex_, stop, [this]() PGK_REQUIRES(mutex_) { return steps_ > 0; });
    if (stop.stop_requested()) return Err(ErrorCode::kCancelled, "stopped");
    --steps_;
  }
  Advance(duration);
  return Ok();
}

void SteppedClock::Step() {
  const MutexLock lock(mutex_);
  const int before = sleepers_;
  ++steps_;
  wake_.NotifyAll();
  asleep_.Wait(mutex_, {}, [&]() PGK_REQUIRES(mutex_) { return sleepers_ > before; });
}

void SteppedClock::WaitUntilAsleep() {
  const MutexLock lock(mutex_);
  asleep_.Wait(mutex_, {}, [this]() PGK_REQUIRES(mutex_) { return sleepers_ > 0; });
}

}  // namespace pgkeep::testing

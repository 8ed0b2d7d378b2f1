#include "testing/fake_clock.h"

namespace pgkeep::testing {

namespace {

constexpr Timestamp kDefaultStart =
    std::chrono::sys_days(std::chrono::year(2026) / std::chrono::January / 1);

}  // namespace

FakeClock::FakeClock() : FakeClock(kDefaultStart) {}

FakeClock::FakeClock(Timestamp start) : now_(start), monotonic_(std::chrono::hours(1)) {}

Timestamp FakeClock::Now() {
  MutexLock lock(mutex_);
  return now_;
}

Duration FakeClock::Monotonic() {
  MutexLock lock(mutex_);
  return monotonic_;
}

Status FakeClock::SleepFor(Duration duration, std::stop_token stop) {
  if (stop.stop_requested()) return Error(ErrorCode::kCancelled, "sleep: stopped");
  if (duration > Duration::zero()) Advance(duration);
  MutexLock lock(mutex_);
  sleeps_.push_back(duration);
  return Ok();
}

void FakeClock::Advance(Duration duration) {
  MutexLock lock(mutex_);
  now_ += duration;
  monotonic_ += duration;
}

void FakeClock::SetNow(Timestamp now) {
  MutexLock lock(mutex_);
  now_ = now;
}

std::vector<Duration> FakeClock::sleeps() const {
  MutexLock lock(mutex_);
  return sleeps_;
}

}  // namespace pgkeep::testing

#include "base/clock.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/mutex.h"

namespace pgkeep {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class RealClock : public Clock {
 public:
  Timestamp Now() override { return floor<Duration>(std::chrono::system_clock::now()); }

  Duration Monotonic() override {
    return floor<Duration>(std::chrono::steady_clock::now().time_since_epoch());
  }

  Status SleepFor(Duration duration, std::stop_token stop) override {
    // In steps, because the end of a very long sleep is beyond what the library can count.
    constexpr Duration kStepMax = hours(24);
    Mutex mutex;
    CondVar condition;
    while (duration > Duration::zero() && !stop.stop_requested()) {
      const Duration step = std::min(duration, kStepMax);
      MutexLock lock(mutex);
      condition.WaitFor(mutex, step, stop, [] { return false; });
      duration -= step;
    }
    if (stop.stop_requested()) return Error(ErrorCode::kCancelled, "sleep: stopped");
    return Ok();
  }
};

// Reads a fixed number of decimal digits off the front; -1 if there are others.
int TakeDigits(std::string_view& text, size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (const char digit : text.substr(0, count)) {
    if (digit < '0' || digit > '9') return -1;
    value = value * 10 + (digit - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool TakeChar(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

// Reads ".123" if it is there, as microseconds; -1 if it has no digits or too many.
int TakeFraction(std::string_view& text) {
  if (!TakeChar(text, '.')) return 0;
  const size_t digits = text.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || digits > 6) return -1;
  int micros = TakeDigits(text, digits);
  for (size_t i = digits; i < 6; ++i) micros *= 10;
  return micros;
}

// The first and the last time that has a year of four digits.
constexpr Timestamp kFirstTime =
    std::chrono::sys_days(std::chrono::year(0) / std::chrono::January / 1);
constexpr Timestamp kLastTime =
    std::chrono::sys_days(std::chrono::year(9999) / std::chrono::December / 31) + hours(24) -
    Duration(1);

// `time` is in between.
std::string FormatSeconds(Timestamp time) {
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(floor<seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace

Clock& SystemClock() {
  static RealClock clock;
  return clock;
}

std::string FormatUtc(Timestamp time) {
  return FormatSeconds(std::clamp(time, kFirstTime, kLastTime)) + "Z";
}

std::string FormatUtcMicros(Timestamp time) {
  time = std::clamp(time, kFirstTime, kLastTime);
  const Duration fraction = time - floor<seconds>(time);
  return fmt::format("{}.{:06}Z", FormatSeconds(time), fraction.count());
}

Result<Timestamp> ParseUtc(std::string_view text) {
  std::string_view rest = text;
  const int year = TakeDigits(rest, 4);
  bool good = TakeChar(rest, '-');
  const int month = TakeDigits(rest, 2);
  good = good && TakeChar(rest, '-');
  const int day = TakeDigits(rest, 2);
  good = good && TakeChar(rest, 'T');
  const int hour = TakeDigits(rest, 2);
  good = good && TakeChar(rest, ':');
  const int minute = TakeDigits(rest, 2);
  good = good && TakeChar(rest, ':');
  const int second = TakeDigits(rest, 2);
  const int fraction = TakeFraction(rest);
  good = good && TakeChar(rest, 'Z') && rest.empty();
  good = good && year >= 0 && month >= 0 && day >= 0 && hour >= 0 && hour < 24 && minute >= 0 &&
         minute < 60 && second >= 0 && second < 60 && fraction >= 0;
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!good || !date.ok()) {
    return Err(ErrorCode::kInvalidArgument, "'{}' is not a UTC time", text)
        .WithHint("write it like 2026-11-22T13:05:00Z");
  }
  return std::chrono::sys_days(date) + hours(hour) + minutes(minute) + seconds(second) +
         Duration(fraction);
}

}  // namespace pgkeep

// Time: what the wall says, what has passed, and waiting. Injected everywhere, so that tests own
// time.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pgkeep {

// A length of time, in microseconds.
using Duration = std::chrono::microseconds;

// A point of UTC without leap seconds, in microseconds since 1970.
using Timestamp = std::chrono::sys_time<Duration>;

// A source of time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;

  // The wall clock. May jump in both directions: never measure with it.
  virtual Timestamp Now() = 0;

  // Time since some fixed moment; never runs backwards. For measuring and deadlines.
  virtual Duration Monotonic() = 0;

  // Blocks for `duration`, or until `stop` is requested: then kCancelled. Zero and less return at
  // once.
  virtual Status SleepFor(Duration duration, std::stop_token stop) = 0;
};

// The real clock of this machine; lives for ever.
Clock& SystemClock();

// "2026-11-22T13:05:00Z": whole seconds, rounded down. A time outside the years 0000 to 9999, which
// some file systems and stores can tell, is shown as the nearest one inside.
std::string FormatUtc(Timestamp time);

// "2026-11-22T13:05:00.000250Z": with all six digits of the fraction; ParseUtc() gives back the
// same.
std::string FormatUtcMicros(Timestamp time);

// Parses both forms above (RFC 3339 with the zone Z and no more than six digits of fraction).
// kInvalidArgument for everything else, including dates that do not exist and leap seconds.
Result<Timestamp> ParseUtc(std::string_view text);

}  // namespace pgkeep

// Points in time as users write and read them.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace pgkeep::cli {

// Reads a point in time:
//   2026-11-22T14:00:00Z, 2026-11-22 14:00+02:00   ISO 8601, always with its zone
//   now                                            `now`
//   -90s, -30m, -2h, -7d                           before `now`
//   today 08:00, yesterday 14:00[:30]              in the zone of this machine ($TZ)
// kInvalidArgument, with these forms as the hint, for everything else, for dates that do not exist
// and for hours that the clock skips.
Result<Timestamp> ParseTime(std::string_view text, Timestamp now);

// "2026-11-21T13:00:00Z (2026-11-21 14:00:00 CET)": in UTC, and in the zone of this machine if that
// is another.
std::string ShowTime(Timestamp time);

}  // namespace pgkeep::cli

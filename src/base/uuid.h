// Identifiers that sort by the time they were made (RFC 9562, version 7).
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"

namespace pgkeep {

// Fills a span with random bytes; given by the caller, as random numbers belong to a higher room.
using FillRandom = std::function<void(MutableByteSpan)>;

// "0192f3a1-7c00-7abc-8def-0123456789ab": 48 bits of the clock's milliseconds, then 74 random bits.
// Two made in the same millisecond have no order.
std::string NewUuidV7(Clock& clock, const FillRandom& fill_random);

}  // namespace pgkeep

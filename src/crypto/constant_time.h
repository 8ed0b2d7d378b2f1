#pragma once

#include "base/bytes.h"

namespace pgkeep::crypto {

// True when both have the same length and bytes. The time depends on the lengths only, so it may
// compare tags, commitments and tokens that the other side may guess. Thread-safe, never fails.
[[nodiscard]] bool ConstantTimeEqual(ByteSpan a, ByteSpan b);

}  // namespace pgkeep::crypto

#pragma once

namespace pgkeep::crypto::internal {

// Computes one published answer with each primitive that names, seals or compares stored data.
// Returns the name of the first one that is wrong, or null. A few microseconds; thread-safe.
[[nodiscard]] const char* FailedSelfTest();

}  // namespace pgkeep::crypto::internal

#pragma once

#include "base/result.h"

namespace pgkeep::crypto {

// Loads the crypto libraries: fetches every OpenSSL algorithm that the room uses, starts libsodium,
// and runs one known-answer check of each, so that a broken library stops the program at its start
// and not in the middle of a backup.
//
// Idempotent and thread-safe: the work is done once, later and concurrent calls return the result
// of that one attempt. The other functions of the room initialise themselves on first use; what a
// call of InitCrypto at start adds is an error instead of an abort when the libraries are unusable.
// Errors: kInternal (library missing an algorithm, or a known answer is wrong).
[[nodiscard]] Status InitCrypto();

// True when the processor has the instructions that make AES-256-GCM fast and free of
// cache-timing leaks (AES-NI with PCLMULQDQ, or the ARMv8 crypto extension). Suite 1 of the
// repository format works without them, but slower and with tables in memory; callers warn.
// Cheap, thread-safe, never fails.
[[nodiscard]] bool HasAesHardware();

}  // namespace pgkeep::crypto

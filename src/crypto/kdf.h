#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace pgkeep::crypto {

// HKDF with SHA-256 (RFC 5869), extract and expand: `n` bytes of key from the key material `ikm`.
// `salt` may be empty. `info` says what the key is for; two uses must never share it.
// REQUIRES: `ikm` not empty, `info` of at most 1024 bytes, 1 <= n <= 8160. Thread-safe; never fails
// otherwise. For high-entropy input only: passphrases go through Argon2id.
[[nodiscard]] SecretBytes HkdfSha256(ByteSpan ikm, ByteSpan salt, ByteSpan info, size_t n);

// The expand step alone, for a `prk` that is already uniform.
// REQUIRES: `prk` of at least 32 bytes; otherwise as HkdfSha256.
[[nodiscard]] SecretBytes HkdfExpandSha256(ByteSpan prk, ByteSpan info, size_t n);

// Cost of one passphrase guess. Stored beside the salt in a key slot, so it comes from a file that
// somebody else may have written: Argon2id checks it before it allocates.
struct Argon2Params {
  uint64_t memory_bytes = uint64_t{256} << 20;  // a multiple of 1 KiB
  uint32_t passes = 4;
  uint32_t lanes = 1;
};

inline constexpr size_t kArgon2SaltBytes = 16;
inline constexpr uint64_t kArgon2MemoryBytesMin = uint64_t{64} << 20;
inline constexpr uint64_t kArgon2MemoryBytesMax = uint64_t{4} << 30;
inline constexpr uint32_t kArgon2PassesMax = 64;
inline constexpr size_t kArgon2OutputBytesMin = 16;
inline constexpr size_t kArgon2OutputBytesMax = 1024;

// kInvalidArgument when a cost is below the floor or malformed, kLimitExceeded when it is above the
// ceiling, kUnsupported for lanes other than 1 (libsodium computes one lane only).
[[nodiscard]] Status ValidateArgon2Params(const Argon2Params& params);

// Argon2id version 1.3 (RFC 9106): `n` bytes of key from a passphrase and a 16-byte salt.
// Needs params.memory_bytes of memory for its run time (about 0.2 s per 64 MiB and three passes);
// callers limit how many run at a time. Thread-safe.
// Errors: those of ValidateArgon2Params; kInvalidArgument for a wrong salt length or n outside
// 16..1024; kLimitExceeded when the memory cannot be had. Nothing is left behind; a retry is safe.
[[nodiscard]] Result<SecretBytes> Argon2id(ByteSpan passphrase, ByteSpan salt,
                                           const Argon2Params& params, size_t n);

}  // namespace pgkeep::crypto

#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/random.h"

namespace pgkeep::crypto {

inline constexpr size_t kWrapKeyBytes = 32;
inline constexpr size_t kWrapOverheadBytes = 24 + 16;  // nonce and tag

// Wraps `secret` for a key slot with XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha, libsodium's
// "ietf" form). Result: 24-byte random nonce, ciphertext, 16-byte tag. The nonce is long enough to
// be drawn at random for any number of slots. `aad` binds the place (repository, slot type,
// parameters). REQUIRES: `kek` of 32 bytes. Thread-safe, never fails.
[[nodiscard]] Bytes WrapKey(ByteSpan kek, ByteSpan aad, ByteSpan secret,
                            RandomSource& random = SystemRandom());

// Opens what WrapKey made. Errors: kCorruption when `wrapped` is too short to be one; kWrongKey
// when kek, aad or bytes differ (the cipher cannot tell which). Releases nothing on failure; a
// retry with another passphrase is safe. REQUIRES: `kek` of 32 bytes. Thread-safe.
[[nodiscard]] Result<SecretBytes> UnwrapKey(ByteSpan kek, ByteSpan aad, ByteSpan wrapped);

}  // namespace pgkeep::crypto

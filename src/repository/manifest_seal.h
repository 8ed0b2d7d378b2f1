// The encryption of a manifest's body (control.md): salt 16 | commitment 16 | nonce 12 | ciphertext
// | tag 16.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/random.h"
#include "repository/envelope.h"

namespace pgkeep::repository {

// Length of the body for a plaintext of `plaintext_bytes`.
size_t SealedManifestBodyBytes(size_t plaintext_bytes);

// Seals under a key that is derived from K_meta for this writer and a fresh salt; the envelope's
// header is authenticated with it. REQUIRES: the object fits kMaxManifestObjectBytes.
Bytes SealManifestBody(ByteSpan plaintext, const ObjectIdentity& identity, ByteSpan meta_key,
                       crypto::RandomSource& random);

// The inverse. kCorruption when it is too short or does not authenticate; kWrongKey when the
// commitment says that it was sealed under another key.
Result<Bytes> OpenManifestBody(ByteSpan body, const ObjectIdentity& identity, ByteSpan meta_key);

}  // namespace pgkeep::repository

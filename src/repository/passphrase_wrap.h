// A key bundle wrapped by a passphrase: the common part of key slots, key files and recovery kits.
#pragma once

#include "base/array.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/kdf.h"
#include "crypto/random.h"
#include "repository/ids.h"
#include "repository/key_bundle.h"

namespace pgkeep::repository {

// Longest wrapped bundle: that of a full key with kMaxDataPrivateKeys data keys.
inline constexpr size_t kMaxWrappedBundleBytes = 4'096;

// Passphrases shorter than this are refused: what is wrapped may lie in a public place for years.
inline constexpr size_t kMinPassphraseBytes = 10;
inline constexpr size_t kMaxPassphraseBytes = 1'024;

// Public values; the bundle is inside `wrapped`.
struct WrappedBundle {
  crypto::Argon2Params params;
  ByteArray<crypto::kArgon2SaltBytes> salt{};
  Bytes wrapped;
};

// memory u64 | passes u32 | lanes u32 | salt: the field of a key slot, and what the cipher binds.
Bytes EncodeArgon2Field(const WrappedBundle& wrapped);

// Wraps with XChaCha20-Poly1305 under an Argon2id key; the additional data binds repository and
// parameters. Takes the memory and time of `params`. Errors: kInvalidArgument for a passphrase of a
// wrong length, else those of crypto::Argon2id.
Result<WrappedBundle> WrapBundle(const KeyBundle& bundle, const RepositoryId& repository,
                                 const SecretBytes& passphrase, const crypto::Argon2Params& params,
                                 crypto::RandomSource& random);

// The inverse. Parameters outside the limits are refused before anything is allocated
// (kLimitExceeded above, kInvalidArgument below the floor). kWrongKey when the passphrase is wrong
// or the text was changed: the cipher cannot tell which.
Result<KeyBundle> UnwrapBundle(const WrappedBundle& wrapped, const RepositoryId& repository,
                               const SecretBytes& passphrase);

}  // namespace pgkeep::repository

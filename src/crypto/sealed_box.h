#pragma once

#include <cstddef>

#include "base/array.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/random.h"

namespace pgkeep::crypto {

// An X25519 public key (RFC 7748): a recipient of sealed boxes.
using BoxPublicKey = ByteArray<32>;

inline constexpr size_t kSealedBoxOverheadBytes = 32 + 16;  // ephemeral public key and tag

// An X25519 key pair that opens sealed boxes. Constant after construction; any number of threads.
// Move-only, the secret is wiped by the destructor and cannot be printed.
class BoxKeyPair {
 public:
  // A new pair from 32 bytes of `random`.
  [[nodiscard]] static BoxKeyPair Generate(RandomSource& random = SystemRandom());

  // The pair of a stored secret. Errors: kInvalidArgument unless 32 bytes. Any 32 bytes are a
  // secret (the curve's clamping is applied when it is used).
  [[nodiscard]] static Result<BoxKeyPair> FromSecret(ByteSpan secret);

  // The 32 bytes that FromSecret takes back; secret. Valid while the pair lives.
  [[nodiscard]] ByteSpan ExposeSecret() const { return secret_.Expose(); }

  [[nodiscard]] const BoxPublicKey& public_key() const { return public_key_; }

 private:
  explicit BoxKeyPair(ByteSpan secret);

  SecretBytes secret_;
  BoxPublicKey public_key_{};
};

// Encrypts `message` so that only the owner of `recipient` can read it, not even the sender: the
// form of libsodium's crypto_box_seal (ephemeral X25519 key, XSalsa20-Poly1305). Says nothing about
// who sent it and binds no context: put both into the message and compare them after OpenSealed.
// Errors: kInvalidArgument when `recipient` is not 32 bytes or a point of small order, which no
// honest key is. Thread-safe.
[[nodiscard]] Result<Bytes> SealTo(ByteSpan recipient, ByteSpan message,
                                   RandomSource& random = SystemRandom());

// Opens a sealed box. Errors: kCorruption when too short to be one; kWrongKey when it is for
// another key or was changed (the construction cannot tell which). Nothing is released on failure.
// Thread-safe.
[[nodiscard]] Result<SecretBytes> OpenSealed(const BoxKeyPair& pair, ByteSpan sealed);

}  // namespace pgkeep::crypto

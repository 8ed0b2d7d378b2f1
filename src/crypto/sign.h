#pragma once

#include "base/array.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/random.h"

namespace pgkeep::crypto {

// An Ed25519 public key and signature (RFC 8032).
using PublicKey = ByteArray<32>;
using Signature64 = ByteArray<64>;

// The secret half of an Ed25519 key pair: who holds it speaks for the host.
//
// Constant after construction; any number of threads may sign with it. Move-only, wiped by the
// destructor, cannot be printed.
class SigningKey {
 public:
  // A new key from 32 bytes of `random`.
  [[nodiscard]] static SigningKey Generate(RandomSource& random = SystemRandom());

  // The key of a stored seed. Errors: kInvalidArgument unless 32 bytes. Any 32 bytes are a key.
  [[nodiscard]] static Result<SigningKey> FromSeed(ByteSpan seed);

  // The 32 bytes that FromSeed takes back; secret. Valid while the key lives.
  [[nodiscard]] ByteSpan ExposeSeed() const;

  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }

 private:
  friend Signature64 Sign(const SigningKey& key, ByteSpan message);
  explicit SigningKey(ByteSpan seed);

  SecretBytes secret_;  // seed, then public key: the form that libsodium signs with
  PublicKey public_key_{};
};

// Deterministic signature of the whole message. Put a text that names the kind of message first, so
// that a signature of one kind is never one of another. Thread-safe, never fails.
[[nodiscard]] Signature64 Sign(const SigningKey& key, ByteSpan message);

// True when `signature` is by the owner of `key` over exactly `message`. False for anything else,
// including keys of small order and non-canonical signatures. Thread-safe, never fails.
[[nodiscard]] bool VerifySignature(const PublicKey& key, ByteSpan message,
                                   const Signature64& signature);

}  // namespace pgkeep::crypto

#include "crypto/sign.h"

#include <sodium.h>

#include "base/check.h"
#include "base/error.h"
#include "crypto/library.h"

namespace pgkeep::crypto {
namespace {

constexpr size_t kSeedBytes = crypto_sign_SEEDBYTES;
static_assert(crypto_sign_PUBLICKEYBYTES == sizeof(PublicKey));
static_assert(crypto_sign_BYTES == sizeof(Signature64));

}  // namespace

SigningKey::SigningKey(ByteSpan seed) : secret_(size_t{crypto_sign_SECRETKEYBYTES}) {
  internal::GetLibrary();
  crypto_sign_seed_keypair(public_key_.data(), secret_.ExposeMutable().data(), seed.data());
}

SigningKey SigningKey::Generate(RandomSource& random) {
  SecretBytes seed(kSeedBytes);
  random.Fill(seed.ExposeMutable());
  return SigningKey(seed.Expose());
}

Result<SigningKey> SigningKey::FromSeed(ByteSpan seed) {
  if (seed.size() != kSeedBytes) {
    return Err(ErrorCode::kInvalidArgument, "signing key has {} bytes instead of {}", seed.size(),
               kSeedBytes);
  }
  return SigningKey(seed);
}

ByteSpan SigningKey::ExposeSeed() const { return secret_.Expose().first(kSeedBytes); }

Signature64 Sign(const SigningKey& key, ByteSpan message) {
  PGK_CHECK(key.secret_.size() == crypto_sign_SECRETKEYBYTES, "the key was moved away");
  Signature64 signature;
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                       key.secret_.Expose().data());
  return signature;
}

bool VerifySignature(const PublicKey& key, ByteSpan message, const Signature64& signature) {
  internal::GetLibrary();
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     key.data()) == 0;
}

}  // namespace pgkeep::crypto

#include "crypto/sealed_box.h"

#include <sodium.h>

#include <algorithm>

#include "base/check.h"
#include "base/error.h"
#include "crypto/library.h"

namespace pgkeep::crypto {
namespace {

constexpr size_t kSecretBytes = crypto_box_SECRETKEYBYTES;
constexpr size_t kPublicBytes = crypto_box_PUBLICKEYBYTES;
static_assert(kPublicBytes == sizeof(BoxPublicKey));
static_assert(crypto_box_SEALBYTES == kSealedBoxOverheadBytes);

using BoxNonce = ByteArray<crypto_box_NONCEBYTES>;

// The nonce of a sealed box is BLAKE2b over both public keys; the pair is used for one message
// only.
BoxNonce SealNonce(ByteSpan ephemeral, ByteSpan recipient) {
  ByteArray<2 * kPublicBytes> both;
  std::copy(recipient.begin(), recipient.end(),
            std::copy(ephemeral.begin(), ephemeral.end(), both.begin()));
  BoxNonce nonce;
  crypto_generichash(nonce.data(), nonce.size(), both.data(), both.size(), nullptr, 0);
  return nonce;
}

}  // namespace

BoxKeyPair::BoxKeyPair(ByteSpan secret) : secret_(secret) {
  internal::GetLibrary();
  crypto_scalarmult_base(public_key_.data(), secret.data());
}

BoxKeyPair BoxKeyPair::Generate(RandomSource& random) {
  SecretBytes secret(kSecretBytes);
  random.Fill(secret.ExposeMutable());
  return BoxKeyPair(secret.Expose());
}

Result<BoxKeyPair> BoxKeyPair::FromSecret(ByteSpan secret) {
  if (secret.size() != kSecretBytes) {
    return Err(ErrorCode::kInvalidArgument, "box key has {} bytes instead of {}", secret.size(),
               kSecretBytes);
  }
  return BoxKeyPair(secret);
}

// crypto_box_seal itself draws its ephemeral key from libsodium's generator; this one must come
// from `random`, so the two steps are spelled out. The result is the same kind of box.
Result<Bytes> SealTo(ByteSpan recipient, ByteSpan message, RandomSource& random) {
  if (recipient.size() != kPublicBytes) {
    return Err(ErrorCode::kInvalidArgument, "public key has {} bytes instead of {}",
               recipient.size(), kPublicBytes);
  }
  internal::GetLibrary();
  const BoxKeyPair ephemeral = BoxKeyPair::Generate(random);
  Bytes sealed(message.size() + kSealedBoxOverheadBytes);
  std::copy(ephemeral.public_key().begin(), ephemeral.public_key().end(), sealed.begin());
  const BoxNonce nonce = SealNonce(ephemeral.public_key(), recipient);
  const int status =
      crypto_box_easy(sealed.data() + kPublicBytes, message.data(), message.size(), nonce.data(),
                      recipient.data(), ephemeral.ExposeSecret().data());
  if (status != 0) {
    return Error(ErrorCode::kInvalidArgument, "public key is a point of small order",
                 "the recipient key was damaged or forged; take it from its owner again");
  }
  return sealed;
}

Result<SecretBytes> OpenSealed(const BoxKeyPair& pair, ByteSpan sealed) {
  if (sealed.size() < kSealedBoxOverheadBytes) {
    return Err(ErrorCode::kCorruption, "sealed box of {} bytes is too short", sealed.size());
  }
  PGK_CHECK(pair.ExposeSecret().size() == kSecretBytes, "the key was moved away");
  SecretBytes message(sealed.size() - kSealedBoxOverheadBytes);
  const int status =
      crypto_box_seal_open(message.ExposeMutable().data(), sealed.data(), sealed.size(),
                           pair.public_key().data(), pair.ExposeSecret().data());
  if (status != 0) {
    return Error(
        ErrorCode::kWrongKey, "cannot open the sealed box",
        "check that this is the private key of the repository; the box may also be damaged");
  }
  return message;
}

}  // namespace pgkeep::crypto

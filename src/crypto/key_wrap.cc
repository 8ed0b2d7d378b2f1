#include "crypto/key_wrap.h"

#include <sodium.h>

#include "base/check.h"
#include "base/error.h"
#include "crypto/library.h"

namespace pgkeep::crypto {
namespace {

constexpr size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(kNonceBytes + kTagBytes == kWrapOverheadBytes);
static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == kWrapKeyBytes);

}  // namespace

Bytes WrapKey(ByteSpan kek, ByteSpan aad, ByteSpan secret, RandomSource& random) {
  PGK_CHECK(kek.size() == kWrapKeyBytes, "a wrapping key has 32 bytes");
  internal::GetLibrary();
  Bytes wrapped(secret.size() + kWrapOverheadBytes);
  const MutableByteSpan nonce = MutableByteSpan(wrapped).first(kNonceBytes);
  random.Fill(nonce);
  crypto_aead_xchacha20poly1305_ietf_encrypt(wrapped.data() + kNonceBytes, nullptr, secret.data(),
                                             secret.size(), aad.data(), aad.size(), nullptr,
                                             nonce.data(), kek.data());
  return wrapped;
}

Result<SecretBytes> UnwrapKey(ByteSpan kek, ByteSpan aad, ByteSpan wrapped) {
  PGK_CHECK(kek.size() == kWrapKeyBytes, "a wrapping key has 32 bytes");
  if (wrapped.size() < kWrapOverheadBytes) {
    return Err(ErrorCode::kCorruption, "wrapped key of {} bytes is too short", wrapped.size());
  }
  internal::GetLibrary();
  const ByteSpan nonce = wrapped.first(kNonceBytes);
  const ByteSpan body = wrapped.subspan(kNonceBytes);
  SecretBytes secret(body.size() - kTagBytes);
  const int status = crypto_aead_xchacha20poly1305_ietf_decrypt(
      secret.ExposeMutable().data(), nullptr, nullptr, body.data(), body.size(), aad.data(),
      aad.size(), nonce.data(), kek.data());
  if (status != 0) {
    return Error(ErrorCode::kWrongKey, "cannot unwrap the key",
                 "check the passphrase or key file, and that the slot belongs to this repository");
  }
  return secret;
}

}  // namespace pgkeep::crypto

#include "crypto/aead.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <climits>

#include "base/check.h"
#include "base/error.h"
#include "crypto/library.h"

namespace pgkeep::crypto {
namespace {

// EVP counts in int.
int EvpLength(ByteSpan data) {
  PGK_CHECK(data.size() <= static_cast<size_t>(INT_MAX), "a message is below 2 GiB");
  return static_cast<int>(data.size());
}

evp_cipher_ctx_st* NewContext() {
  evp_cipher_ctx_st* context = EVP_CIPHER_CTX_new();
  PGK_CHECK(context != nullptr, "out of memory");
  return context;
}

}  // namespace

void Aes256Gcm::Deleter::operator()(evp_cipher_ctx_st* context) const {
  EVP_CIPHER_CTX_free(context);
}

// One context a direction: encode-and-check alternates between them for each frame, and a context
// that changes its direction would rely on what OpenSSL leaves unsaid.
Aes256Gcm::Aes256Gcm(ByteSpan key) : seal_(NewContext()), open_(NewContext()) { SetKey(key); }

Aes256Gcm::~Aes256Gcm() = default;
Aes256Gcm::Aes256Gcm(Aes256Gcm&&) noexcept = default;
Aes256Gcm& Aes256Gcm::operator=(Aes256Gcm&&) noexcept = default;

void Aes256Gcm::SetKey(ByteSpan key) {
  PGK_CHECK(key.size() == kAes256GcmKeyBytes, "an AES-256 key has 32 bytes");
  const EVP_CIPHER* cipher = internal::GetLibrary().aes_256_gcm;
  const int ok = EVP_EncryptInit_ex2(seal_.get(), cipher, key.data(), nullptr, nullptr) &
                 EVP_DecryptInit_ex2(open_.get(), cipher, key.data(), nullptr, nullptr);
  PGK_CHECK(ok == 1, "AES-256-GCM failed");
}

void Aes256Gcm::Seal(ByteSpan nonce, ByteSpan aad, ByteSpan plain, MutableByteSpan out) {
  PGK_CHECK(nonce.size() == kAes256GcmNonceBytes, "a GCM nonce has 12 bytes");
  PGK_CHECK(out.size() == plain.size() + kAes256GcmTagBytes, "output is the plaintext and a tag");
  EVP_CIPHER_CTX* context = seal_.get();
  int done = 0;
  int ok = EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr);
  if (!aad.empty()) {
    ok &= EVP_EncryptUpdate(context, nullptr, &done, aad.data(), EvpLength(aad));
  }
  if (!plain.empty()) {
    ok &= EVP_EncryptUpdate(context, out.data(), &done, plain.data(), EvpLength(plain));
  }
  uint8_t* tag = out.data() + plain.size();
  ok &= EVP_EncryptFinal_ex(context, tag, &done);  // writes nothing in GCM
  ok &= EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAes256GcmTagBytes, tag);
  PGK_CHECK(ok == 1, "AES-256-GCM failed");
}

Status Aes256Gcm::Open(ByteSpan nonce, ByteSpan aad, ByteSpan sealed, MutableByteSpan out) {
  PGK_CHECK(nonce.size() == kAes256GcmNonceBytes, "a GCM nonce has 12 bytes");
  if (sealed.size() < kAes256GcmTagBytes) {
    OPENSSL_cleanse(out.data(), out.size());
    return Error(ErrorCode::kCorruption, "encrypted data is shorter than its tag");
  }
  PGK_CHECK(out.size() == sealed.size() - kAes256GcmTagBytes, "output is the data without the tag");
  const ByteSpan body = sealed.first(out.size());
  const ByteSpan tag = sealed.last(kAes256GcmTagBytes);
  EVP_CIPHER_CTX* context = open_.get();
  int done = 0;
  int ok = EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr);
  if (!aad.empty()) {
    ok &= EVP_DecryptUpdate(context, nullptr, &done, aad.data(), EvpLength(aad));
  }
  if (!body.empty()) {
    ok &= EVP_DecryptUpdate(context, out.data(), &done, body.data(), EvpLength(body));
  }
  ok &= EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAes256GcmTagBytes,
                            const_cast<uint8_t*>(tag.data()));
  PGK_CHECK(ok == 1, "AES-256-GCM failed");
  uint8_t nothing = 0;
  if (EVP_DecryptFinal_ex(context, &nothing, &done) != 1) {
    OPENSSL_cleanse(out.data(), out.size());
    return Error(ErrorCode::kCorruption, "encrypted data fails authentication");
  }
  return Ok();
}

}  // namespace pgkeep::crypto

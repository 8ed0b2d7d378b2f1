#include "crypto/library.h"

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <sodium.h>

#include "base/check.h"

namespace pgkeep::crypto::internal {
namespace {

Library Load() {
  Library library;
  library.sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  library.aes_256_gcm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  library.hkdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  if (library.sha256 == nullptr) {
    library.missing = "SHA-256 of OpenSSL";
  } else if (library.aes_256_gcm == nullptr) {
    library.missing = "AES-256-GCM of OpenSSL";
  } else if (library.hkdf == nullptr) {
    library.missing = "HKDF of OpenSSL";
  } else if (sodium_init() < 0) {
    library.missing = "libsodium";
  }
  return library;
}

}  // namespace

const Library& LoadLibrary() {
  // Never freed: threads may still hash while the process exits.
  static const Library library = Load();
  return library;
}

const Library& GetLibrary() {
  const Library& library = LoadLibrary();
  PGK_CHECK(library.missing == nullptr, "the crypto libraries cannot be used");
  return library;
}

}  // namespace pgkeep::crypto::internal

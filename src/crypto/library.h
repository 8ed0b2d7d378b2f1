#pragma once

struct evp_cipher_st;
struct evp_kdf_st;
struct evp_md_st;

namespace pgkeep::crypto::internal {

// The algorithms of OpenSSL that the room uses, fetched once: an implicit fetch for each operation
// takes locks that all threads share. Private to the room; the pointers live as long as the
// process.
struct Library {
  const evp_md_st* sha256 = nullptr;
  const evp_cipher_st* aes_256_gcm = nullptr;
  evp_kdf_st* hkdf = nullptr;

  // What could not be loaded; null when all is well.
  const char* missing = nullptr;
};

// Loads OpenSSL's algorithms and starts libsodium at the first call; thread-safe. The result may be
// incomplete, see `missing`: only InitCrypto asks in this way.
[[nodiscard]] const Library& LoadLibrary();

// The same for everybody else: aborts when something is missing. Call it before any libsodium
// function too, which picks its fastest code only once it is started.
const Library& GetLibrary();

}  // namespace pgkeep::crypto::internal

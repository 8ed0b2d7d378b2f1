#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

struct evp_cipher_ctx_st;

namespace pgkeep::crypto {

inline constexpr size_t kAes256GcmKeyBytes = 32;
inline constexpr size_t kAes256GcmNonceBytes = 12;
inline constexpr size_t kAes256GcmTagBytes = 16;

// AES-256-GCM (NIST SP 800-38D), the cipher of frames.
//
// Keep one per worker and call SetKey for each pack: the contexts are allocated once and the key
// schedule is computed once per key, so a frame costs only a nonce change. One thread at a time;
// movable (the source may then only be destroyed or assigned). The key lives in OpenSSL's contexts
// alone and is wiped with them.
//
// The caller owns the nonce rule: one (key, nonce) pair seals one message, ever. Breaking it gives
// away the plaintexts and the authentication key. GCM does not commit to its key; a format that
// needs that stores a commitment.
class Aes256Gcm {
 public:
  // REQUIRES: `key` of 32 bytes. Not kept by reference.
  explicit Aes256Gcm(ByteSpan key);
  ~Aes256Gcm();
  Aes256Gcm(Aes256Gcm&&) noexcept;
  Aes256Gcm& operator=(Aes256Gcm&&) noexcept;

  // Replaces the key and forgets the old one. REQUIRES: 32 bytes.
  void SetKey(ByteSpan key);

  // Writes ciphertext, then tag. REQUIRES: `nonce` of 12 bytes, out.size() == plain.size() + 16,
  // each span below 2 GiB, `out` apart from `plain`. Never fails.
  void Seal(ByteSpan nonce, ByteSpan aad, ByteSpan plain, MutableByteSpan out);

  // Opens what Seal wrote. Errors: kCorruption when key, nonce, aad, ciphertext or tag differ or
  // `sealed` is shorter than a tag; `out` is then all zero, never unauthenticated plaintext.
  // REQUIRES: `nonce` of 12 bytes, out.size() == sealed.size() - 16 (or empty when `sealed` is too
  // short), each span below 2 GiB, `out` apart from `sealed`.
  [[nodiscard]] Status Open(ByteSpan nonce, ByteSpan aad, ByteSpan sealed, MutableByteSpan out);

 private:
  struct Deleter {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  using Context = std::unique_ptr<evp_cipher_ctx_st, Deleter>;

  Context seal_;
  Context open_;
};

}  // namespace pgkeep::crypto

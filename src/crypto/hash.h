#pragma once

#include <memory>

#include "base/array.h"
#include "base/bytes.h"

struct evp_md_ctx_st;

namespace pgkeep::crypto {

// A SHA-256 or HMAC-SHA-256 value.
using Digest32 = ByteArray<32>;

// SHA-256 (FIPS 180-4) of `data` in one call. Unkeyed: for objects whose bytes are public anyway
// (ciphertext, signed lists). Content that must not be guessable is named by HmacSha256Key.
// Thread-safe, never fails.
[[nodiscard]] Digest32 Sha256(ByteSpan data);

// SHA-256 of bytes that arrive in pieces, for example of a pack while it is written.
//
// States: collecting -> finished (Finish) -> collecting (Reset). Update or Finish on a finished
// hasher aborts. One thread at a time; movable (the source may then only be destroyed or assigned).
// Uses the same code as Sha256, so the split into pieces does not change the value.
class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(Sha256Hasher&&) noexcept;
  Sha256Hasher& operator=(Sha256Hasher&&) noexcept;

  void Update(ByteSpan data);

  // The hash of everything since construction or the last Reset.
  [[nodiscard]] Digest32 Finish();

  // Forgets everything; keeps the context, so a reused hasher allocates nothing.
  void Reset();

 private:
  struct Deleter {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Deleter> context_;
  bool finished_ = false;
};

}  // namespace pgkeep::crypto

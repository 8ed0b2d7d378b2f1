#pragma once

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"

namespace pgkeep::crypto {

// HMAC-SHA-256 (RFC 2104, FIPS 198-1) under one key; the keyed content hash of the repository.
//
// The key is compressed once into the two hash states that follow the inner and the outer padded
// key; a call continues from copies of them. Const methods may be called from any number of threads
// at the same time. A call allocates nothing. The states are as good as the key, so they live in
// SecretBytes and are wiped by the destructor. Never fails.
class HmacSha256Key {
 public:
  // Any length, including zero, as the RFC allows; 32 random bytes are the house form. `key` is
  // not kept.
  explicit HmacSha256Key(ByteSpan key);

  [[nodiscard]] Digest32 Mac(ByteSpan data) const;

  // The MAC of `prefix` followed by `data`, without joining them in memory. The boundary is not
  // part of the value: use prefixes of one fixed length per kind of message.
  [[nodiscard]] Digest32 Mac2(ByteSpan prefix, ByteSpan data) const;

 private:
  SecretBytes states_;  // inner and outer hash state; constant after construction
};

}  // namespace pgkeep::crypto

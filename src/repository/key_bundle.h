// The secrets of a key file: everything (full), or what a host needs to back up but not to read
// (host).
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "repository/ids.h"

namespace pgkeep::repository {

// The values are bytes of the format.
enum class KeyKind : uint8_t { kFull = 1, kHost = 2 };

// "full" or "host".
const char* KeyKindName(KeyKind kind);

// Can do everything. Each secret has 32 bytes.
struct FullKeys {
  SecretBytes root;
  std::vector<SecretBytes> data_private;  // X25519, newest last, 1..kMaxDataPrivateKeys
  SecretBytes signing_seed;               // Ed25519, of the host
};

// Can back up, list, verify structure, expire and collect; cannot read data.
struct HostKeys {
  SecretBytes meta;          // K_meta
  SecretBytes hash;          // K_hash
  SecretBytes signing_seed;  // Ed25519, of the host
  crypto::PublicKey operator_public_key{};
};

// One of the two. Move-only; wiped by its destructor. One thread at a time; reading may be shared.
class KeyBundle {
 public:
  // REQUIRES: every secret has 32 bytes, and 1..kMaxDataPrivateKeys data keys.
  explicit KeyBundle(FullKeys keys);
  explicit KeyBundle(HostKeys keys);

  // A new full bundle with one data key pair.
  static KeyBundle Generate(crypto::RandomSource& random);

  KeyKind kind() const;

  // Null when it is the other kind.
  const FullKeys* full() const { return std::get_if<FullKeys>(&keys_); }
  const HostKeys* host() const { return std::get_if<HostKeys>(&keys_); }

  // A second copy, on purpose.
  KeyBundle Clone() const;

  // What a host of this repository gets with split keys: derived from the full keys, with the same
  // host signing seed. REQUIRES: a full bundle.
  KeyBundle ToHostBundle(const RepositoryId& repository) const;

  // The bundle with a new data key pair appended (old ones stay readable) and, if asked, a new host
  // signing seed. REQUIRES: a full bundle with room for one more key.
  KeyBundle Rotated(crypto::RandomSource& random, bool new_signing_seed) const;

  // The bundle with a new host signing seed only. REQUIRES: a full bundle.
  KeyBundle WithNewSigningSeed(crypto::RandomSource& random) const;

  // The binary form of keys.md, and back. Decode accepts no other encoding: kCorruption, or
  // kUnsupportedVersion for a kind or a field of a newer pgkeep. Errors never hold key
  // bytes.
  SecretBytes Encode() const;
  static Result<KeyBundle> Decode(ByteSpan bytes);

 private:
  std::variant<FullKeys, HostKeys> keys_;
};

// 16 hexadecimal digits that name a set of keys: the first 8 bytes of SHA-256 of the repository id
// and the public parts (operator key, host signing key, and with a full bundle the data keys,
// oldest first).
std::string ComputeKeyId(const KeyBundle& bundle, const RepositoryId& repository);

// The derivations of keys.md, from the root key: HKDF-SHA-256 with the repository id as salt.
SecretBytes DeriveMetaKey(const SecretBytes& root, const RepositoryId& repository);
SecretBytes DeriveHashKey(const SecretBytes& root, const RepositoryId& repository);
SecretBytes DeriveOperatorSeed(const SecretBytes& root, const RepositoryId& repository);

}  // namespace pgkeep::repository

#include "repository/key_bundle.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/hex.h"
#include "base/wire.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/sealed_box.h"
#include "repository/limits.h"
#include "repository/tlv.h"

namespace pgkeep::repository {
namespace {

enum FullTag : uint16_t { kTagRoot = 0x8001, kTagDataPrivate = 0x8002, kTagFullSeed = 0x8003 };
enum HostTag : uint16_t {
  kTagMeta = 0x8001,
  kTagHash = 0x8002,
  kTagHostSeed = 0x8003,
  kTagOperator = 0x8004,
};

SecretBytes RandomKey(crypto::RandomSource& random) {
  SecretBytes key(kKeyBytes);
  random.Fill(key.ExposeMutable());
  return key;
}

SecretBytes Derive(const SecretBytes& root, const RepositoryId& repository, std::string_view info) {
  return crypto::HkdfSha256(root.Expose(), repository.bytes, AsBytes(info), kKeyBytes);
}

// The encoding, built where it is wiped: lengths are known, so nothing is left behind by growing.
class SecretWriter {
 public:
  explicit SecretWriter(size_t size) : bytes_(size) {}

  void Put(ByteSpan bytes) {
    PGK_CHECK(bytes.size() <= bytes_.size() - used_);
    std::ranges::copy(bytes, bytes_.ExposeMutable().subspan(used_).begin());
    used_ += bytes.size();
  }

  void PutFieldHead(uint16_t tag, size_t size) {
    Bytes head;
    ByteWriter writer(head);
    writer.U16(tag);
    writer.Varint(size);
    Put(head);
  }

  void PutField(uint16_t tag, ByteSpan value) {
    PutFieldHead(tag, value.size());
    Put(value);
  }

  SecretBytes Finish() const { return SecretBytes(bytes_.Expose().first(used_)); }

 private:
  SecretBytes bytes_;
  size_t used_ = 0;
};

// Even optional ones: a rotation would write the key without them.
Error NewerFields() {
  return Err(ErrorCode::kUnsupportedVersion, "the key was written by a newer pgkeep")
      .WithHint("upgrade pgkeep on this machine");
}

Result<KeyBundle> DecodeFull(const TlvReader& fields) {
  PGK_ASSIGN_OR_RETURN(const TlvExtensions unknown,
                       fields.Extensions({kTagRoot, kTagDataPrivate, kTagFullSeed}));
  if (!unknown.empty()) return NewerFields();
  FullKeys keys;
  PGK_ASSIGN_OR_RETURN(const ByteSpan root,
                       fields.RequireSize(kTagRoot, kKeyBytes, "the root key"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan data, fields.Require(kTagDataPrivate, "the data keys"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan seed,
                       fields.RequireSize(kTagFullSeed, kKeyBytes, "the signing key"));
  const size_t count = data.size() / kKeyBytes;
  if (data.size() % kKeyBytes != 0 || count < 1 || count > kMaxDataPrivateKeys) {
    return Err(ErrorCode::kCorruption, "the list of data keys has an impossible length");
  }
  keys.root = SecretBytes(root);
  for (size_t i = 0; i < count; ++i) {
    keys.data_private.emplace_back(data.subspan(i * kKeyBytes, kKeyBytes));
  }
  keys.signing_seed = SecretBytes(seed);
  return KeyBundle(std::move(keys));
}

Result<KeyBundle> DecodeHost(const TlvReader& fields) {
  PGK_ASSIGN_OR_RETURN(const TlvExtensions unknown,
                       fields.Extensions({kTagMeta, kTagHash, kTagHostSeed, kTagOperator}));
  if (!unknown.empty()) return NewerFields();
  HostKeys keys;
  PGK_ASSIGN_OR_RETURN(const ByteSpan meta,
                       fields.RequireSize(kTagMeta, kKeyBytes, "the metadata key"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan hash,
                       fields.RequireSize(kTagHash, kKeyBytes, "the hash key"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan seed,
                       fields.RequireSize(kTagHostSeed, kKeyBytes, "the signing key"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan operator_key,
                       fields.RequireSize(kTagOperator, kKeyBytes, "the operator key"));
  keys.meta = SecretBytes(meta);
  keys.hash = SecretBytes(hash);
  keys.signing_seed = SecretBytes(seed);
  std::ranges::copy(operator_key, keys.operator_public_key.begin());
  return KeyBundle(std::move(keys));
}

crypto::PublicKey PublicOfSeed(const SecretBytes& seed) {
  return crypto::SigningKey::FromSeed(seed.Expose()).value().public_key();
}

}  // namespace

const char* KeyKindName(KeyKind kind) { return kind == KeyKind::kFull ? "full" : "host"; }

KeyBundle::KeyBundle(FullKeys keys) : keys_(std::move(keys)) {
  const FullKeys& own = *full();
  PGK_CHECK(own.root.size() == kKeyBytes && own.signing_seed.size() == kKeyBytes);
  PGK_CHECK(!own.data_private.empty() && own.data_private.size() <= kMaxDataPrivateKeys);
  for (const SecretBytes& key : own.data_private) PGK_CHECK(key.size() == kKeyBytes);
}

KeyBundle::KeyBundle(HostKeys keys) : keys_(std::move(keys)) {
  const HostKeys& own = *host();
  PGK_CHECK(own.meta.size() == kKeyBytes && own.hash.size() == kKeyBytes &&
            own.signing_seed.size() == kKeyBytes);
}

KeyBundle KeyBundle::Generate(crypto::RandomSource& random) {
  FullKeys keys;
  keys.root = RandomKey(random);
  keys.data_private.push_back(RandomKey(random));
  keys.signing_seed = RandomKey(random);
  return KeyBundle(std::move(keys));
}

KeyKind KeyBundle::kind() const { return full() != nullptr ? KeyKind::kFull : KeyKind::kHost; }

KeyBundle KeyBundle::Clone() const {
  if (const FullKeys* keys = full()) {
    FullKeys copy;
    copy.root = keys->root.Clone();
    for (const SecretBytes& key : keys->data_private) copy.data_private.push_back(key.Clone());
    copy.signing_seed = keys->signing_seed.Clone();
    return KeyBundle(std::move(copy));
  }
  HostKeys copy;
  copy.meta = host()->meta.Clone();
  copy.hash = host()->hash.Clone();
  copy.signing_seed = host()->signing_seed.Clone();
  copy.operator_public_key = host()->operator_public_key;
  return KeyBundle(std::move(copy));
}

KeyBundle KeyBundle::ToHostBundle(const RepositoryId& repository) const {
  PGK_CHECK(full() != nullptr);
  HostKeys keys;
  keys.meta = DeriveMetaKey(full()->root, repository);
  keys.hash = DeriveHashKey(full()->root, repository);
  keys.signing_seed = full()->signing_seed.Clone();
  keys.operator_public_key = PublicOfSeed(DeriveOperatorSeed(full()->root, repository));
  return KeyBundle(std::move(keys));
}

KeyBundle KeyBundle::Rotated(crypto::RandomSource& random, bool new_signing_seed) const {
  PGK_CHECK(full() != nullptr && full()->data_private.size() < kMaxDataPrivateKeys);
  KeyBundle rotated = new_signing_seed ? WithNewSigningSeed(random) : Clone();
  std::get<FullKeys>(rotated.keys_).data_private.push_back(RandomKey(random));
  return rotated;
}

KeyBundle KeyBundle::WithNewSigningSeed(crypto::RandomSource& random) const {
  PGK_CHECK(full() != nullptr);
  KeyBundle renewed = Clone();
  std::get<FullKeys>(renewed.keys_).signing_seed = RandomKey(random);
  return renewed;
}

SecretBytes KeyBundle::Encode() const {
  const size_t data_keys = full() != nullptr ? full()->data_private.size() : 0;
  SecretWriter writer(1 + 4 * (2 + kVarintBytesMax + kKeyBytes) + data_keys * kKeyBytes);
  writer.Put(Bytes{static_cast<uint8_t>(kind())});
  if (const FullKeys* keys = full()) {
    writer.PutField(kTagRoot, keys->root.Expose());
    writer.PutFieldHead(kTagDataPrivate, data_keys * kKeyBytes);
    for (const SecretBytes& key : keys->data_private) writer.Put(key.Expose());
    writer.PutField(kTagFullSeed, keys->signing_seed.Expose());
  } else {
    writer.PutField(kTagMeta, host()->meta.Expose());
    writer.PutField(kTagHash, host()->hash.Expose());
    writer.PutField(kTagHostSeed, host()->signing_seed.Expose());
    writer.PutField(kTagOperator, host()->operator_public_key);
  }
  return writer.Finish();
}

Result<KeyBundle> KeyBundle::Decode(ByteSpan bytes) {
  if (bytes.empty()) return Err(ErrorCode::kCorruption, "the key is empty");
  PGK_ASSIGN_OR_RETURN(const TlvReader fields, TlvReader::Parse(bytes.subspan(1)));
  if (bytes[0] == static_cast<uint8_t>(KeyKind::kFull)) return DecodeFull(fields);
  if (bytes[0] == static_cast<uint8_t>(KeyKind::kHost)) return DecodeHost(fields);
  return Err(ErrorCode::kUnsupportedVersion, "the key is of the unknown kind {}", bytes[0])
      .WithHint("upgrade pgkeep on this machine");
}

std::string ComputeKeyId(const KeyBundle& bundle, const RepositoryId& repository) {
  crypto::Sha256Hasher hasher;
  hasher.Update(repository.bytes);
  if (const FullKeys* keys = bundle.full()) {
    hasher.Update(PublicOfSeed(DeriveOperatorSeed(keys->root, repository)));
    hasher.Update(PublicOfSeed(keys->signing_seed));
    for (const SecretBytes& key : keys->data_private) {
      hasher.Update(crypto::BoxKeyPair::FromSecret(key.Expose()).value().public_key());
    }
  } else {
    hasher.Update(bundle.host()->operator_public_key);
    hasher.Update(PublicOfSeed(bundle.host()->signing_seed));
  }
  return HexEncode(ByteSpan(hasher.Finish()).first(8));
}

SecretBytes DeriveMetaKey(const SecretBytes& root, const RepositoryId& repository) {
  return Derive(root, repository, "pgkeep1 meta");
}

SecretBytes DeriveHashKey(const SecretBytes& root, const RepositoryId& repository) {
  return Derive(root, repository, "pgkeep1 hash");
}

SecretBytes DeriveOperatorSeed(const SecretBytes& root, const RepositoryId& repository) {
  return Derive(root, repository, "pgkeep1 operator");
}

}  // namespace pgkeep::repository

#include "repository/key_ring.h"

#include <utility>

#include "crypto/kdf.h"
#include "repository/limits.h"
#include "repository/object_names.h"
#include "repository/session_object.h"

namespace pgkeep::repository {
namespace {

constexpr size_t kFingerprintKeyBytes = 16;

SecretBytes Expand(const SecretBytes& hash_key, std::string_view info, size_t size) {
  return crypto::HkdfExpandSha256(hash_key.Expose(), AsBytes(info), size);
}

constexpr std::string_view kFullKeyHint =
    "run it where the full key (pgkeep.key) or the recovery kit is kept, or name that with "
    "--key-file";

}  // namespace

// What the two kinds of bundle have in common once it is derived.
struct KeyRing::Derived {
  RepositoryId repository;
  KeyKind kind = KeyKind::kHost;
  SecretBytes meta;
  SecretBytes hash;
  crypto::SigningKey host_signing_key;
  crypto::PublicKey operator_public_key{};
  std::optional<crypto::SigningKey> operator_signing_key;
  std::vector<crypto::BoxKeyPair> data_pairs;
  std::string key_id;
};

KeyRing::KeyRing(Derived derived)
    : repository_(derived.repository),
      kind_(derived.kind),
      meta_(std::move(derived.meta)),
      content_hmac_(Expand(derived.hash, "pgkeep1 content", kKeyBytes).Expose()),
      node_hmac_(Expand(derived.hash, "pgkeep1 node", kKeyBytes).Expose()),
      fingerprint_hash_(Expand(derived.hash, "pgkeep1 fingerprint", kFingerprintKeyBytes).Expose()),
      host_signing_key_(std::move(derived.host_signing_key)),
      operator_public_key_(derived.operator_public_key),
      operator_signing_key_(std::move(derived.operator_signing_key)),
      data_pairs_(std::move(derived.data_pairs)),
      key_id_(std::move(derived.key_id)) {}

KeyRing::~KeyRing() = default;

Result<std::shared_ptr<const KeyRing>> KeyRing::FromBundle(const KeyBundle& bundle,
                                                           const RepositoryId& repository) {
  const FullKeys* full = bundle.full();
  const HostKeys* host = bundle.host();
  PGK_ASSIGN_OR_RETURN(crypto::SigningKey host_signing_key,
                       crypto::SigningKey::FromSeed(
                           (full != nullptr ? full->signing_seed : host->signing_seed).Expose()));
  Derived derived{
      .repository = repository,
      .kind = bundle.kind(),
      .meta = full != nullptr ? DeriveMetaKey(full->root, repository) : host->meta.Clone(),
      .hash = full != nullptr ? DeriveHashKey(full->root, repository) : host->hash.Clone(),
      .host_signing_key = std::move(host_signing_key),
      .operator_public_key = {},
      .operator_signing_key = std::nullopt,
      .data_pairs = {},
      .key_id = ComputeKeyId(bundle, repository)};
  if (full != nullptr) {
    const SecretBytes seed = DeriveOperatorSeed(full->root, repository);
    PGK_ASSIGN_OR_RETURN(derived.operator_signing_key, crypto::SigningKey::FromSeed(seed.Expose()));
    derived.operator_public_key = derived.operator_signing_key->public_key();
    for (const SecretBytes& secret : full->data_private) {
      PGK_ASSIGN_OR_RETURN(crypto::BoxKeyPair pair,
                           crypto::BoxKeyPair::FromSecret(secret.Expose()));
      derived.data_pairs.push_back(std::move(pair));
    }
  } else {
    derived.operator_public_key = host->operator_public_key;
  }
  return std::shared_ptr<const KeyRing>(std::make_shared<KeyRing>(std::move(derived)));
}

Status KeyRing::RequireReadData(std::string_view what) const {
  if (can_read_data()) return Ok();
  return Err(ErrorCode::kRefused,
             "{} needs the full key, and this is a host key, which can back up but not read", what)
      .WithHint(std::string(kFullKeyHint));
}

std::vector<crypto::BoxPublicKey> KeyRing::data_public_keys() const {
  std::vector<crypto::BoxPublicKey> keys;
  keys.reserve(data_pairs_.size());
  for (const crypto::BoxKeyPair& pair : data_pairs_) keys.push_back(pair.public_key());
  return keys;
}

Result<SecretBytes> KeyRing::OpenWriterKey(const SessionObject& session,
                                           const RepositoryId& repository,
                                           const WriterId& writer) const {
  PGK_TRY(RequireReadData("reading backed-up data"));
  for (auto pair = data_pairs_.rbegin(); pair != data_pairs_.rend(); ++pair) {
    Result<SecretBytes> key = OpenSealedWriterKey(session, *pair, {repository, writer});
    if (key.ok()) return key;
    if (key.error().code() != ErrorCode::kWrongKey) {
      return InObject(SessionKey(writer), std::move(key).error());
    }
  }
  return Err(ErrorCode::kWrongKey,
             "the writer key is sealed to none of the {} data keys of the "
             "key {}",
             data_pairs_.size(), key_id_)
      .WithHint("use the key file that this backup was made for, or a newer one that holds its key")
      .WithContext(SessionKey(writer));
}

}  // namespace pgkeep::repository

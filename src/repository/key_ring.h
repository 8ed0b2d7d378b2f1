// The keys of an open repository, derived once and ready for use.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/hmac.h"
#include "crypto/sealed_box.h"
#include "crypto/sign.h"
#include "crypto/siphash.h"
#include "repository/ids.h"
#include "repository/key_bundle.h"

namespace pgkeep::repository {

struct SessionObject;

// Everything that can be derived from a key bundle for one repository.
//
// Immutable: any number of threads may use one. Shared because writers, readers and caches of one
// repository live apart. The secrets are wiped when the last owner goes. References and spans that
// it returns are valid while it lives.
class KeyRing {
  struct Derived;

 public:
  // Copies what it needs of the bundle. Fails only for secrets of a wrong length
  // (kInvalidArgument), which KeyBundle does not let through.
  static Result<std::shared_ptr<const KeyRing>> FromBundle(const KeyBundle& bundle,
                                                           const RepositoryId& repository);

  // For FromBundle() only: nobody else can make the argument.
  explicit KeyRing(Derived derived);
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;
  ~KeyRing();

  const RepositoryId& repository() const { return repository_; }
  KeyKind kind() const { return kind_; }

  // 16 hexadecimal digits that name this set of keys and give nothing away.
  const std::string& key_id() const { return key_id_; }

  // False with a host key: it can back up but not restore.
  bool can_read_data() const { return !data_pairs_.empty(); }

  // kRefused, with one sentence that says which key is needed, unless can_read_data(). `what` is
  // what the user asked for: "restoring".
  Status RequireReadData(std::string_view what) const;

  // K_meta, 32 bytes: metadata packs and manifests.
  ByteSpan meta_key() const { return meta_.Expose(); }

  // Content hashes of frames, ids of nodes, fingerprints of units.
  const crypto::HmacSha256Key& content_hmac() const { return content_hmac_; }
  const crypto::HmacSha256Key& node_hmac() const { return node_hmac_; }
  const crypto::SipHash24& fingerprint_hash() const { return fingerprint_hash_; }

  // Signs pins, sessions, manifests, reference lists and decisions.
  const crypto::SigningKey& host_signing_key() const { return host_signing_key_; }

  // Verifies configurations.
  const crypto::PublicKey& operator_public_key() const { return operator_public_key_; }

  // Signs configurations. Null with a host key.
  const crypto::SigningKey* operator_signing_key() const {
    return operator_signing_key_ ? &*operator_signing_key_ : nullptr;
  }

  // Public halves of the data keys, newest last; empty with a host key.
  std::vector<crypto::BoxPublicKey> data_public_keys() const;

  // The data key of one writer. Errors: kRefused with a hint when this is a host key; kWrongKey
  // when the writer sealed to none of these keys; kCorruption when the box belongs to another
  // writer or repository.
  Result<SecretBytes> OpenWriterKey(const SessionObject& session, const RepositoryId& repository,
                                    const WriterId& writer) const;

 private:
  // Constant after construction.
  RepositoryId repository_;
  KeyKind kind_;
  SecretBytes meta_;
  crypto::HmacSha256Key content_hmac_;
  crypto::HmacSha256Key node_hmac_;
  crypto::SipHash24 fingerprint_hash_;
  crypto::SigningKey host_signing_key_;
  crypto::PublicKey operator_public_key_;
  std::optional<crypto::SigningKey> operator_signing_key_;
  std::vector<crypto::BoxKeyPair> data_pairs_;  // newest last
  std::string key_id_;
};

}  // namespace pgkeep::repository

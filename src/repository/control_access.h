// Listing, reading and creating the control objects of one repository: what every step of the
// protocol is made of.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/hash.h"
#include "repository/decision_object.h"
#include "repository/envelope.h"
#include "repository/expiry_object.h"
#include "repository/ids.h"
#include "repository/manifest.h"
#include "repository/object_names.h"
#include "repository/pin_object.h"
#include "repository/reference_list.h"
#include "repository/repository_context.h"
#include "repository/signer_set.h"
#include "storage/object_store.h"

namespace pgkeep::repository {

// Control objects through a context. Borrows the context, which must outlive it. Thread-safe.
//
// Requests are repeated by the context's policy. Readers return kNotFound exactly when the object
// is absent, and otherwise the errors of store and decoder. Nothing is cached.
class ControlAccess {
 public:
  explicit ControlAccess(const RepositoryContext& context);

  const RepositoryContext& context() const { return context_; }
  const SignerSet& signers() const { return signers_; }
  ObjectIdentity Identity(const WriterId& writer) const { return {context_.id, writer}; }

  // What to do with a key below a prefix that no pgkeep writes.
  enum class Strangers { kIgnore, kRefuse };

  // Everything below `prefix`, ascending by key. A listing that fails is repeated as a whole, so
  // the answer is that of one complete listing.
  Result<std::vector<storage::ObjectInfo>> List(std::string_view prefix) const;

  // The writers that have an object of `kind` below `prefix`, ascending. kCorruption for strangers
  // if they are refused.
  Result<std::vector<WriterId>> ListWriters(std::string_view prefix, ObjectName::Kind kind,
                                            Strangers strangers) const;

  // The writers that have decided and have not expired, ascending; whether they have committed, the
  // decisions say. As a reader must: `dec/` is listed before `exp/`, and strangers are ignored.
  Result<std::vector<WriterId>> ListUnexpired() const;

  Result<Bytes> Get(const std::string& key, size_t max_bytes) const;
  Result<bool> Exists(const std::string& key) const;

  Result<DecisionObject> ReadDecision(const WriterId& writer) const;
  Result<PinObject> ReadPin(const WriterId& writer) const;
  Result<ExpiryObject> ReadExpiry(const WriterId& writer) const;

  // kCorruption when the object's SHA-256 is not `expected`.
  Result<ReferenceList> ReadReferenceList(const WriterId& writer,
                                          const crypto::Digest32& expected) const;
  // The same. REQUIRES: context.keys.
  Result<Manifest> ReadManifest(const WriterId& writer, const crypto::Digest32& expected) const;

  // Creates the object or finds it there with the same bytes. kConflict: with other bytes. After
  // any other error it may or may not exist.
  Status Create(const std::string& key, ByteSpan object) const;

 private:
  Result<Bytes> GetWithHash(const std::string& key, size_t max_bytes,
                            const crypto::Digest32& expected) const;

  const RepositoryContext& context_;
  const SignerSet signers_;
};

// The error for a key that has no business below its prefix.
Error StrangerError(std::string_view key);

// Ok when what is created through this context is created by one process only: the store can do it,
// or the lease of exclusive mode is held. kUnsupported otherwise; kInternal for a caller that
// forgot the lease.
Status CheckCanCreate(const RepositoryContext& context);

// Whether an error is about objects (missing, damaged, forged, unreadable with these keys), rather
// than about the way to them.
bool IsDamage(const Error& error);

// Whether bytes that were read are not what they should be. They may have changed on their way, and
// be right when they are read again.
bool IsWrongContent(const Error& error);

// Says that what was damaged when it was read once was right when it was read again, as `error`
// told of the first time: nothing is lost, but somebody should look at the way to the store.
void WarnOfSecondReading(const storage::ObjectStore& store, const Error& error);

}  // namespace pgkeep::repository

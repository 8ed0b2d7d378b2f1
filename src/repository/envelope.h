// The envelope around every control object (control.md): magic, repository, subject, signature,
// CRC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/array.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/sign.h"
#include "repository/ids.h"
#include "repository/signer_set.h"

namespace pgkeep::repository {

inline constexpr size_t kEnvelopeHeaderBytes = 48;
inline constexpr size_t kUnsignedTailBytes = 1 + 4;
inline constexpr size_t kSignedTailBytes = 1 + 32 + 64 + 4;

// The classes of control objects; each has a magic of its own, so none can stand for another.
enum class ObjectClass : uint8_t {
  kConfig,
  kKeySlot,
  kSession,
  kPin,  // and heartbeats
  kManifest,
  kReferenceList,
  kDecision,
  kExpiry,
  kGcPlan,
  kLease,
};

// The eight bytes at the start of an object, and the most bytes that an object of the class may
// have.
std::string_view ObjectMagic(ObjectClass object_class);
size_t MaxObjectBytes(ObjectClass object_class);

// Where an object of a writer belongs: encoders put it in, decoders compare it.
struct ObjectIdentity {
  RepositoryId repository;
  WriterId subject;
  bool operator==(const ObjectIdentity&) const = default;
};

// Bytes 0..47 of an object whose body has `body_bytes` bytes; also the additional data of a
// manifest.
ByteArray<kEnvelopeHeaderBytes> EncodeEnvelopeHeader(ObjectClass object_class,
                                                     const ObjectIdentity& identity,
                                                     size_t body_bytes);

// The whole object around `body`; unsigned when `signer` is null.
// REQUIRES: the object fits MaxObjectBytes (encoders check their content before).
Bytes SealEnvelope(ObjectClass object_class, const ObjectIdentity& identity, ByteSpan body,
                   const crypto::SigningKey* signer);

// Whether an object of a class must be signed, and by whom.
enum class SignerRule {
  kUnsigned,  // a signature is an error
  kOptional,  // by a listed signer, if at all
  kRequired,  // by a listed signer
  kSelf,      // by the key that stands beside the signature; the decoder says whose that must be
};

// What a decoder expects of the object under `key`.
struct EnvelopeExpectation {
  ObjectClass object_class = ObjectClass::kConfig;
  std::string key;  // for messages
  RepositoryId repository;
  std::optional<WriterId> subject;  // nullopt: any (plans, whose subject is random)
  SignerRule rule = SignerRule::kRequired;
  const SignerSet* signers = nullptr;  // for kOptional and kRequired
};

// An object whose envelope was checked. `body` borrows from the object.
struct Envelope {
  ObjectIdentity identity;
  ByteSpan body;
  std::optional<crypto::PublicKey> signer;  // its signature was verified
};

// Checks everything that control.md demands, in its order: size, magic, CRC, version and flags,
// repository, subject, signer, signature. No allocation depends on the input. Thread-safe.
// Errors, all with the object's key and a hint: kCorruption (damaged, truncated, forged, in the
// wrong place, unsigned, unknown signer), kUnsupportedVersion (a newer format), kWrongKey (only for
// a configuration: the repository is another one than the key's).
Result<Envelope> OpenEnvelope(ByteSpan object, const EnvelopeExpectation& expected);

// The repository id of an object, before anything but size, magic and CRC was checked: for the
// first look at a repository of which nothing is known. Errors as OpenEnvelope.
Result<RepositoryId> PeekRepositoryId(ByteSpan object, ObjectClass object_class,
                                      std::string_view key);

// The form of every error about a damaged control object: kCorruption "<key>: <what>" and the hint
// to run `pgkeep verify`.
Error CorruptObject(std::string_view key, std::string_view what);

// Puts the object's key and a hint on an error from a decoder's inner layers. Keeps the code.
Error InObject(std::string_view key, Error error);

}  // namespace pgkeep::repository

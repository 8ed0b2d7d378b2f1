#include "repository/envelope.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/endian.h"
#include "base/wire.h"
#include "codec/crc32c.h"
#include "repository/limits.h"

namespace pgkeep::repository {
namespace {

constexpr size_t kMagicBytes = 8;
constexpr size_t kCrcBytes = 4;
constexpr size_t kPublicKeyBytes = 32;
constexpr uint8_t kNotSigned = 0;
constexpr uint8_t kSignedEd25519 = 1;
constexpr std::string_view kSignatureContext = "pgkeep1 sign";

struct ClassRow {
  ObjectClass object_class;
  std::string_view magic;
  size_t max_bytes;
  std::string_view name;  // for messages
};

constexpr std::array<ClassRow, 10> kClasses = {{
    {ObjectClass::kConfig, "PGKCONF1", kMaxConfigObjectBytes, "a configuration"},
    {ObjectClass::kKeySlot, "PGKSLOT1", kMaxKeySlotObjectBytes, "a key slot"},
    {ObjectClass::kSession, "PGKSESS1", kMaxSessionObjectBytes, "a writer key"},
    {ObjectClass::kPin, "PGKPIN_1", kMaxPinObjectBytes, "a pin"},
    {ObjectClass::kManifest, "PGKMANI1", kMaxManifestObjectBytes, "a manifest"},
    {ObjectClass::kReferenceList, "PGKREFL1", kMaxReferenceListObjectBytes, "a reference list"},
    {ObjectClass::kDecision, "PGKDECI1", kMaxDecisionObjectBytes, "a decision"},
    {ObjectClass::kExpiry, "PGKEXPI1", kMaxExpiryObjectBytes, "an expiry mark"},
    {ObjectClass::kGcPlan, "PGKPLAN1", kMaxGcPlanObjectBytes, "a collection plan"},
    {ObjectClass::kLease, "PGKLEAS1", kMaxLeaseObjectBytes, "a lease"},
}};

const ClassRow& RowOf(ObjectClass object_class) {
  const auto row = std::ranges::find(kClasses, object_class, &ClassRow::object_class);
  PGK_CHECK(row != kClasses.end());
  return *row;
}

constexpr size_t TailBytes(uint8_t signature_kind) {
  return signature_kind == kSignedEd25519 ? kSignedTailBytes : kUnsignedTailBytes;
}

// What a signature covers: the context, so that it is never one of another protocol, then the
// object up to and including the signer's public key.
Bytes SignedMessage(ByteSpan object_up_to_key) {
  Bytes message = ToBytes(AsBytes(kSignatureContext));
  Append(message, object_up_to_key);
  return message;
}

// The magic without its last character, which is the format's major version.
bool SameKind(ByteSpan object, std::string_view magic) {
  return AsText(object.first(kMagicBytes - 1)) == magic.substr(0, kMagicBytes - 1);
}

Status CheckMagic(ByteSpan object, const ClassRow& row) {
  if (SameKind(object, row.magic)) return Ok();
  for (const ClassRow& other : kClasses) {
    if (SameKind(object, other.magic)) {
      return Err(ErrorCode::kCorruption, "is {} instead of {}", other.name, row.name);
    }
  }
  return Err(ErrorCode::kCorruption, "is not {}: it begins with other bytes", row.name);
}

Status CheckVersion(ByteSpan object) {
  const char major = AsText(object)[kMagicBytes - 1];
  if (major >= '2' && major <= '9') {
    return Err(ErrorCode::kUnsupportedVersion,
               "was written by a newer pgkeep: format {}, this one reads up to {}", major,
               kFormatMajor);
  }
  if (major != '1') return Err(ErrorCode::kCorruption, "has no valid format version");
  const uint16_t minor = LoadLe16(object.data() + kMagicBytes);
  const uint16_t flags = LoadLe16(object.data() + kMagicBytes + 2);
  if (minor != 0 || flags != 0) {
    return Err(
        ErrorCode::kUnsupportedVersion,
        "was written by a newer pgkeep: format {}.{} with flags {:04x}, this one reads up to "
        "{}.0 without flags",
        kFormatMajor, minor, flags, kFormatMajor);
  }
  return Ok();
}

// Size, magic, CRC, version and flags: what can be said without knowing the repository.
Status CheckOutside(ByteSpan object, const ClassRow& row) {
  if (object.size() < kEnvelopeHeaderBytes + kUnsignedTailBytes) {
    return Err(ErrorCode::kCorruption, "ends early: it has only {} bytes", object.size());
  }
  if (object.size() > row.max_bytes) {
    return Err(ErrorCode::kCorruption, "has {} bytes, but {} has at most {}", object.size(),
               row.name, row.max_bytes);
  }
  PGK_TRY(CheckMagic(object, row));
  const ByteSpan covered = object.first(object.size() - kCrcBytes);
  if (codec::Crc32c(covered) != LoadLe32(object.data() + covered.size())) {
    return Err(ErrorCode::kCorruption, "its checksum differs: it is damaged or cut short");
  }
  return CheckVersion(object);
}

// The signature kind, after checking that the lengths add up to exactly this object.
Result<uint8_t> CheckLengths(ByteSpan object) {
  const size_t body_bytes = LoadLe32(object.data() + 12);
  if (body_bytes > object.size() - kEnvelopeHeaderBytes - kUnsignedTailBytes) {
    return Err(ErrorCode::kCorruption, "its body ends outside the object");
  }
  const uint8_t kind = object[kEnvelopeHeaderBytes + body_bytes];
  if (kind > kSignedEd25519) {
    return Err(ErrorCode::kUnsupportedVersion,
               "was written by a newer pgkeep: it has a signature of the unknown kind {}", kind);
  }
  if (object.size() != kEnvelopeHeaderBytes + body_bytes + TailBytes(kind)) {
    return Err(ErrorCode::kCorruption, "its lengths do not add up");
  }
  return kind;
}

Status CheckPlace(const Envelope& envelope, const EnvelopeExpectation& expected) {
  if (envelope.identity.repository != expected.repository) {
    const bool config = expected.object_class == ObjectClass::kConfig;
    return Err(config ? ErrorCode::kWrongKey : ErrorCode::kCorruption,
               "belongs to the repository {}, not to {}", envelope.identity.repository.Hex(),
               expected.repository.Hex())
        .WithHint(config ? "use the key file of that repository, or the address of the other one"
                         : "");
  }
  if (expected.subject && envelope.identity.subject != *expected.subject) {
    return Err(ErrorCode::kCorruption, "was written under another name, that of {}",
               envelope.identity.subject.Hex());
  }
  return Ok();
}

Status CheckSignerRule(const std::optional<crypto::PublicKey>& signer,
                       const EnvelopeExpectation& expected) {
  const SignerRule rule = expected.rule;
  if (!signer) {
    if (rule == SignerRule::kUnsigned || rule == SignerRule::kOptional) return Ok();
    return Err(ErrorCode::kCorruption, "is not signed");
  }
  if (rule == SignerRule::kUnsigned) return Err(ErrorCode::kCorruption, "must not be signed");
  if (rule == SignerRule::kSelf) return Ok();
  PGK_CHECK(expected.signers != nullptr);
  if (!expected.signers->Find(*signer)) {
    return Err(ErrorCode::kCorruption,
               "is signed by the key {}, which the repository's configuration does not list",
               HexEncode(*signer));
  }
  return Ok();
}

Result<Envelope> OpenChecked(ByteSpan object, const EnvelopeExpectation& expected) {
  PGK_TRY(CheckOutside(object, RowOf(expected.object_class)));
  PGK_ASSIGN_OR_RETURN(const uint8_t kind, CheckLengths(object));
  const size_t body_bytes = object.size() - kEnvelopeHeaderBytes - TailBytes(kind);
  Envelope envelope;
  envelope.identity.repository = RepositoryId::FromBytes(object.subspan(16, 16));
  envelope.identity.subject = WriterId::FromBytes(object.subspan(32, 16));
  envelope.body = object.subspan(kEnvelopeHeaderBytes, body_bytes);
  PGK_TRY(CheckPlace(envelope, expected));

  const size_t key_begin = kEnvelopeHeaderBytes + body_bytes + 1;
  if (kind == kSignedEd25519) {
    std::ranges::copy(object.subspan(key_begin, kPublicKeyBytes),
                      envelope.signer.emplace().begin());
  }
  PGK_TRY(CheckSignerRule(envelope.signer, expected));
  if (envelope.signer) {
    const size_t key_end = key_begin + kPublicKeyBytes;
    crypto::Signature64 signature{};
    std::ranges::copy(object.subspan(key_end, signature.size()), signature.begin());
    if (!crypto::VerifySignature(*envelope.signer, SignedMessage(object.first(key_end)),
                                 signature)) {
      return Err(ErrorCode::kCorruption, "its signature is wrong: it was changed or forged");
    }
  }
  return envelope;
}

}  // namespace

std::string_view ObjectMagic(ObjectClass object_class) { return RowOf(object_class).magic; }

size_t MaxObjectBytes(ObjectClass object_class) { return RowOf(object_class).max_bytes; }

ByteArray<kEnvelopeHeaderBytes> EncodeEnvelopeHeader(ObjectClass object_class,
                                                     const ObjectIdentity& identity,
                                                     size_t body_bytes) {
  PGK_CHECK(body_bytes <= MaxObjectBytes(object_class));
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.Raw(AsBytes(ObjectMagic(object_class)));
  writer.U16(0);  // minor version
  writer.U16(0);  // flags
  writer.U32(static_cast<uint32_t>(body_bytes));
  writer.Raw(identity.repository.bytes);
  writer.Raw(identity.subject.bytes);
  ByteArray<kEnvelopeHeaderBytes> header{};
  PGK_CHECK(bytes.size() == header.size());
  std::ranges::copy(bytes, header.begin());
  return header;
}

Bytes SealEnvelope(ObjectClass object_class, const ObjectIdentity& identity, ByteSpan body,
                   const crypto::SigningKey* signer) {
  Bytes object;
  object.reserve(kEnvelopeHeaderBytes + body.size() + kSignedTailBytes);
  ByteWriter writer(object);
  writer.Raw(EncodeEnvelopeHeader(object_class, identity, body.size()));
  writer.Raw(body);
  writer.U8(signer != nullptr ? kSignedEd25519 : kNotSigned);
  if (signer != nullptr) {
    writer.Raw(signer->public_key());
    writer.Raw(crypto::Sign(*signer, SignedMessage(object)));
  }
  writer.U32(codec::Crc32c(object));
  PGK_CHECK(object.size() <= MaxObjectBytes(object_class));
  return object;
}

Result<Envelope> OpenEnvelope(ByteSpan object, const EnvelopeExpectation& expected) {
  Result<Envelope> envelope = OpenChecked(object, expected);
  if (!envelope) return InObject(expected.key, std::move(envelope).error());
  return envelope;
}

Result<RepositoryId> PeekRepositoryId(ByteSpan object, ObjectClass object_class,
                                      std::string_view key) {
  const Status outside = CheckOutside(object, RowOf(object_class));
  if (!outside) return InObject(key, outside.error());
  return RepositoryId::FromBytes(object.subspan(16, 16));
}

Error CorruptObject(std::string_view key, std::string_view what) {
  return InObject(key, Err(ErrorCode::kCorruption, "{}", what));
}

Error InObject(std::string_view key, Error error) {
  if (error.hint().empty()) {
    if (error.code() == ErrorCode::kUnsupportedVersion) {
      error = std::move(error).WithHint("upgrade pgkeep on this machine");
    } else if (error.code() == ErrorCode::kCorruption) {
      error = std::move(error).WithHint("run `pgkeep verify` to see what is damaged");
    }
  }
  return std::move(error).WithContext(std::string(key));
}

}  // namespace pgkeep::repository

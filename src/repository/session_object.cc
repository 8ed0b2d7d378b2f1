#include "repository/session_object.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/wire.h"
#include "repository/limits.h"
#include "repository/object_names.h"

namespace pgkeep::repository {
namespace {

constexpr uint16_t kTagBoxes = 0x8001;
constexpr std::string_view kBoxMagic = "PGKSESK1";
constexpr size_t kBoxPlaintextBytes = 8 + 16 + 16 + kKeyBytes;
constexpr size_t kBoxBytes = kBoxPlaintextBytes + crypto::kSealedBoxOverheadBytes;
constexpr size_t kPublicKeyBytes = 32;

// Everything before the key in a box: what the box must be for.
Bytes BoxPrefix(const ObjectIdentity& identity) {
  Bytes prefix = ToBytes(AsBytes(kBoxMagic));
  Append(prefix, identity.repository.bytes);
  Append(prefix, identity.subject.bytes);
  return prefix;
}

bool RepeatsRecipient(const SessionObject& session) {
  std::set<crypto::BoxPublicKey> recipients;
  return !std::ranges::all_of(session.boxes, [&recipients](const SealedWriterKey& entry) {
    return recipients.insert(entry.recipient).second;
  });
}

}  // namespace

Result<SessionObject> SealWriterKey(const SecretBytes& writer_key,
                                    std::span<const crypto::BoxPublicKey> recipients,
                                    const ObjectIdentity& identity, crypto::RandomSource& random) {
  PGK_CHECK(writer_key.size() == kKeyBytes);
  if (recipients.empty() || recipients.size() > kMaxRecipients) {
    return Err(ErrorCode::kInvalidArgument, "a writer key has 1 to {} recipients, not {}",
               kMaxRecipients, recipients.size());
  }
  SecretBytes plaintext(kBoxPlaintextBytes);
  const Bytes prefix = BoxPrefix(identity);
  std::ranges::copy(prefix, plaintext.ExposeMutable().begin());
  std::ranges::copy(writer_key.Expose(), plaintext.ExposeMutable().subspan(prefix.size()).begin());
  SessionObject session;
  for (const crypto::BoxPublicKey& recipient : recipients) {
    PGK_ASSIGN_OR_RETURN(Bytes box, crypto::SealTo(recipient, plaintext.Expose(), random));
    session.boxes.push_back({recipient, std::move(box)});
  }
  if (RepeatsRecipient(session)) {
    return Err(ErrorCode::kInvalidArgument, "a recipient of the writer key is named twice");
  }
  return session;
}

Result<SecretBytes> OpenSealedWriterKey(const SessionObject& session,
                                        const crypto::BoxKeyPair& pair,
                                        const ObjectIdentity& identity) {
  const auto entry =
      std::ranges::find(session.boxes, pair.public_key(), &SealedWriterKey::recipient);
  if (entry == session.boxes.end()) {
    return Err(ErrorCode::kWrongKey, "the writer key is not sealed to this key");
  }
  PGK_ASSIGN_OR_RETURN(const SecretBytes plaintext, crypto::OpenSealed(pair, entry->box));
  const Bytes prefix = BoxPrefix(identity);
  if (plaintext.size() != kBoxPlaintextBytes ||
      !BytesEqual(plaintext.Expose().first(prefix.size()), prefix)) {
    return Err(ErrorCode::kCorruption,
               "the sealed writer key belongs to another writer or repository");
  }
  return SecretBytes(plaintext.Expose().subspan(prefix.size()));
}

Bytes EncodeSession(const SessionObject& session, const ObjectIdentity& identity,
                    const crypto::SigningKey& signer) {
  return SealEnvelope(ObjectClass::kSession, identity, EncodeSessionBody(session), &signer);
}

Result<SessionObject> DecodeSession(ByteSpan object, const ObjectIdentity& identity,
                                    const SignerSet& signers) {
  const std::string key = SessionKey(identity.subject);
  PGK_ASSIGN_OR_RETURN(const Envelope envelope,
                       OpenEnvelope(object, {.object_class = ObjectClass::kSession,
                                             .key = key,
                                             .repository = identity.repository,
                                             .subject = identity.subject,
                                             .rule = SignerRule::kRequired,
                                             .signers = &signers}));
  Result<SessionObject> session = DecodeSessionBody(envelope.body);
  if (!session) return InObject(key, std::move(session).error());
  return session;
}

Bytes EncodeSessionBody(const SessionObject& session) {
  PGK_CHECK(!session.boxes.empty() && session.boxes.size() <= kMaxRecipients);
  Bytes boxes;
  ByteWriter writer(boxes);
  for (const SealedWriterKey& entry : session.boxes) {
    writer.Raw(entry.recipient);
    writer.VarBytes(entry.box);
  }
  TlvWriter fields;
  fields.AddBytes(kTagBoxes, std::move(boxes));
  fields.AddExtensions(session.extensions);
  return fields.Finish();
}

Result<SessionObject> DecodeSessionBody(ByteSpan body) {
  PGK_ASSIGN_OR_RETURN(const TlvReader fields, TlvReader::Parse(body));
  SessionObject session;
  PGK_ASSIGN_OR_RETURN(session.extensions, fields.Extensions({kTagBoxes}));
  PGK_ASSIGN_OR_RETURN(const ByteSpan boxes, fields.Require(kTagBoxes, "the sealed writer key"));
  ByteReader reader(boxes);
  while (reader.remaining() > 0) {
    if (session.boxes.size() == kMaxRecipients) {
      return Err(ErrorCode::kCorruption, "more than {} recipients", kMaxRecipients);
    }
    PGK_ASSIGN_OR_RETURN(const ByteSpan recipient, reader.Raw(kPublicKeyBytes));
    PGK_ASSIGN_OR_RETURN(const ByteSpan box, reader.VarBytes(kBoxBytes, "sealed box"));
    if (box.size() != kBoxBytes) {
      return Err(ErrorCode::kCorruption, "a sealed box has {} bytes instead of {}", box.size(),
                 kBoxBytes);
    }
    SealedWriterKey& entry = session.boxes.emplace_back();
    std::ranges::copy(recipient, entry.recipient.begin());
    entry.box = ToBytes(box);
  }
  if (session.boxes.empty()) return Err(ErrorCode::kCorruption, "no recipient");
  if (RepeatsRecipient(session)) return Err(ErrorCode::kCorruption, "a recipient is named twice");
  return session;
}

}  // namespace pgkeep::repository

#include "repository/decision_object.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "repository/object_names.h"

namespace pgkeep::repository {
namespace {

enum Tag : uint16_t {
  kTagVerdict = 0x8001,
  kTagManifest = 0x8002,
  kTagReferenceList = 0x8003,
  kTagTime = 0x0004,
  kTagReason = 0x0005,
};

bool IsZero(const crypto::Digest32& digest) {
  return std::ranges::all_of(digest, [](uint8_t byte) { return byte == 0; });
}

Result<DecisionObject> DecodeSigned(const Envelope& envelope) {
  PGK_ASSIGN_OR_RETURN(DecisionObject decision, DecodeDecisionBody(envelope.body));
  if (decision.verdict == Verdict::kCommit && !envelope.signer) {
    return Err(ErrorCode::kCorruption, "says COMMIT but is not signed");
  }
  return decision;
}

Status DecodeCommit(const TlvReader& fields, DecisionObject& decision) {
  const size_t size = decision.manifest_sha256.size();
  PGK_ASSIGN_OR_RETURN(const ByteSpan manifest,
                       fields.RequireSize(kTagManifest, size, "the hash of the manifest"));
  PGK_ASSIGN_OR_RETURN(
      const ByteSpan references,
      fields.RequireSize(kTagReferenceList, size, "the hash of the reference list"));
  std::ranges::copy(manifest, decision.manifest_sha256.begin());
  std::ranges::copy(references, decision.reference_list_sha256.begin());
  if (fields.Has(kTagReason)) {
    return Err(ErrorCode::kCorruption, "says COMMIT and the reason of an ABORT");
  }
  return Ok();
}

}  // namespace

Bytes EncodeDecision(const DecisionObject& decision, const ObjectIdentity& identity,
                     const crypto::SigningKey* signer) {
  PGK_CHECK(signer != nullptr || decision.verdict == Verdict::kAbort);
  return SealEnvelope(ObjectClass::kDecision, identity, EncodeDecisionBody(decision), signer);
}

Result<DecisionObject> DecodeDecision(ByteSpan object, const ObjectIdentity& identity,
                                      const SignerSet& signers) {
  const std::string key = DecisionKey(identity.subject);
  PGK_ASSIGN_OR_RETURN(const Envelope envelope,
                       OpenEnvelope(object, {.object_class = ObjectClass::kDecision,
                                             .key = key,
                                             .repository = identity.repository,
                                             .subject = identity.subject,
                                             .rule = SignerRule::kOptional,
                                             .signers = &signers}));
  Result<DecisionObject> decision = DecodeSigned(envelope);
  if (!decision) return InObject(key, std::move(decision).error());
  return decision;
}

Bytes EncodeDecisionBody(const DecisionObject& decision) {
  TlvWriter fields;
  fields.AddU8(kTagVerdict, static_cast<uint8_t>(decision.verdict));
  if (decision.verdict == Verdict::kCommit) {
    PGK_CHECK(decision.reason.empty());
    fields.Add(kTagManifest, decision.manifest_sha256);
    fields.Add(kTagReferenceList, decision.reference_list_sha256);
  } else {
    PGK_CHECK(IsZero(decision.manifest_sha256) && IsZero(decision.reference_list_sha256));
  }
  fields.AddOptionalTime(kTagTime, decision.time);
  fields.AddText(kTagReason, decision.reason);
  fields.AddExtensions(decision.extensions);
  return fields.Finish();
}

Result<DecisionObject> DecodeDecisionBody(ByteSpan body) {
  PGK_ASSIGN_OR_RETURN(const TlvReader fields, TlvReader::Parse(body));
  DecisionObject decision;
  PGK_ASSIGN_OR_RETURN(
      decision.extensions,
      fields.Extensions({kTagVerdict, kTagManifest, kTagReferenceList, kTagTime, kTagReason}));
  PGK_ASSIGN_OR_RETURN(const uint8_t verdict, fields.RequireU8(kTagVerdict, "the decision"));
  if (verdict == static_cast<uint8_t>(Verdict::kCommit)) {
    decision.verdict = Verdict::kCommit;
    PGK_TRY(DecodeCommit(fields, decision));
  } else if (verdict == static_cast<uint8_t>(Verdict::kAbort)) {
    decision.verdict = Verdict::kAbort;
    if (fields.Has(kTagManifest) || fields.Has(kTagReferenceList)) {
      return Err(ErrorCode::kCorruption, "says ABORT and the hashes of a COMMIT");
    }
  } else {
    return Err(ErrorCode::kCorruption, "the decision {} is unknown", verdict);
  }
  PGK_ASSIGN_OR_RETURN(decision.time, fields.OptionalTime(kTagTime, "the time"));
  PGK_ASSIGN_OR_RETURN(decision.reason, fields.Text(kTagReason, "the reason"));
  return decision;
}

}  // namespace pgkeep::repository

#include "repository/expiry_object.h"

#include <utility>

#include "repository/object_names.h"

namespace pgkeep::repository {
namespace {

enum Tag : uint16_t { kTagTime = 0x0001, kTagReason = 0x0002 };

}  // namespace

Bytes EncodeExpiry(const ExpiryObject& expiry, const ObjectIdentity& identity,
                   const crypto::SigningKey* signer) {
  return SealEnvelope(ObjectClass::kExpiry, identity, EncodeExpiryBody(expiry), signer);
}

Result<ExpiryObject> DecodeExpiry(ByteSpan object, const ObjectIdentity& identity,
                                  const SignerSet& signers) {
  const std::string key = ExpiryKey(identity.subject);
  PGK_ASSIGN_OR_RETURN(const Envelope envelope,
                       OpenEnvelope(object, {.object_class = ObjectClass::kExpiry,
                                             .key = key,
                                             .repository = identity.repository,
                                             .subject = identity.subject,
                                             .rule = SignerRule::kOptional,
                                             .signers = &signers}));
  Result<ExpiryObject> expiry = DecodeExpiryBody(envelope.body);
  if (!expiry) return InObject(key, std::move(expiry).error());
  return expiry;
}

Bytes EncodeExpiryBody(const ExpiryObject& expiry) {
  TlvWriter fields;
  fields.AddOptionalTime(kTagTime, expiry.time);
  fields.AddText(kTagReason, expiry.reason);
  fields.AddExtensions(expiry.extensions);
  return fields.Finish();
}

Result<ExpiryObject> DecodeExpiryBody(ByteSpan body) {
  PGK_ASSIGN_OR_RETURN(const TlvReader fields, TlvReader::Parse(body));
  ExpiryObject expiry;
  PGK_ASSIGN_OR_RETURN(expiry.extensions, fields.Extensions({kTagTime, kTagReason}));
  PGK_ASSIGN_OR_RETURN(expiry.time, fields.OptionalTime(kTagTime, "the time"));
  PGK_ASSIGN_OR_RETURN(expiry.reason, fields.Text(kTagReason, "the reason"));
  return expiry;
}

}  // namespace pgkeep::repository

#include "repository/lease_object.h"

#include <utility>

#include "repository/object_names.h"

namespace pgkeep::repository {
namespace {

enum Tag : uint16_t { kTagTime = 0x0001, kTagHolder = 0x0002 };

}  // namespace

Bytes EncodeLease(const LeaseObject& lease, const RepositoryId& repository, const LeaseId& id,
                  const crypto::SigningKey* signer) {
  return SealEnvelope(ObjectClass::kLease, {repository, WriterId{id.bytes}}, EncodeLeaseBody(lease),
                      signer);
}

Result<LeaseObject> DecodeLease(ByteSpan object, const RepositoryId& repository, const LeaseId& id,
                                const SignerSet& signers) {
  const std::string key = LeaseKey(id);
  PGK_ASSIGN_OR_RETURN(const Envelope envelope,
                       OpenEnvelope(object, {.object_class = ObjectClass::kLease,
                                             .key = key,
                                             .repository = repository,
                                             .subject = WriterId{id.bytes},
                                             .rule = SignerRule::kOptional,
                                             .signers = &signers}));
  Result<LeaseObject> lease = DecodeLeaseBody(envelope.body);
  if (!lease) return InObject(key, std::move(lease).error());
  return lease;
}

Bytes EncodeLeaseBody(const LeaseObject& lease) {
  TlvWriter fields;
  fields.AddOptionalTime(kTagTime, lease.time);
  fields.AddText(kTagHolder, lease.holder);
  fields.AddExtensions(lease.extensions);
  return fields.Finish();
}

Result<LeaseObject> DecodeLeaseBody(ByteSpan body) {
  PGK_ASSIGN_OR_RETURN(const TlvReader fields, TlvReader::Parse(body));
  LeaseObject lease;
  PGK_ASSIGN_OR_RETURN(lease.extensions, fields.Extensions({kTagTime, kTagHolder}));
  PGK_ASSIGN_OR_RETURN(lease.time, fields.OptionalTime(kTagTime, "the time"));
  PGK_ASSIGN_OR_RETURN(lease.holder, fields.Text(kTagHolder, "the holder"));
  return lease;
}

}  // namespace pgkeep::repository

#include "repository/pin_object.h"

#include <utility>

#include "base/check.h"
#include "repository/base_list.h"
#include "repository/object_names.h"

namespace pgkeep::repository {
namespace {

enum Tag : uint16_t {
  kTagBases = 0x8001,
  kTagClientVersion = 0x0002,
  kTagTime = 0x0003,
};

EnvelopeExpectation Expect(std::string key, const ObjectIdentity& identity,
                           const SignerSet& signers) {
  return {.object_class = ObjectClass::kPin,
          .key = std::move(key),
          .repository = identity.repository,
          .subject = identity.subject,
          .rule = SignerRule::kRequired,
          .signers = &signers};
}

}  // namespace

Bytes EncodePin(const PinObject& pin, const ObjectIdentity& identity,
                const crypto::SigningKey& signer) {
  return SealEnvelope(ObjectClass::kPin, identity, EncodePinBody(pin), &signer);
}

Bytes EncodeHeartbeat(const HeartbeatObject& heartbeat, const ObjectIdentity& identity,
                      const crypto::SigningKey& signer) {
  return SealEnvelope(ObjectClass::kPin, identity, EncodeHeartbeatBody(heartbeat), &signer);
}

Result<PinObject> DecodePin(ByteSpan object, const ObjectIdentity& identity,
                            const SignerSet& signers) {
  const EnvelopeExpectation expected = Expect(PinKey(identity.subject), identity, signers);
  PGK_ASSIGN_OR_RETURN(const Envelope envelope, OpenEnvelope(object, expected));
  Result<PinObject> pin = DecodePinBody(envelope.body);
  if (!pin) return InObject(expected.key, std::move(pin).error());
  return pin;
}

Result<HeartbeatObject> DecodeHeartbeat(ByteSpan object, const ObjectIdentity& identity,
                                        uint64_t number, const SignerSet& signers) {
  const EnvelopeExpectation expected =
      Expect(HeartbeatKey(identity.subject, number), identity, signers);
  PGK_ASSIGN_OR_RETURN(const Envelope envelope, OpenEnvelope(object, expected));
  Result<HeartbeatObject> heartbeat = DecodeHeartbeatBody(envelope.body);
  if (!heartbeat) return InObject(expected.key, std::move(heartbeat).error());
  return heartbeat;
}

Bytes EncodePinBody(const PinObject& pin) {
  Bytes bases = EncodeBases(pin.bases);
  PGK_CHECK(DecodeBases(bases).ok(), "bases are distinct and few");
  TlvWriter fields;
  fields.AddBytes(kTagBases, std::move(bases));
  fields.AddText(kTagClientVersion, pin.client_version);
  fields.AddOptionalTime(kTagTime, pin.started);
  fields.AddExtensions(pin.extensions);
  return fields.Finish();
}

Result<PinObject> DecodePinBody(ByteSpan body) {
  PGK_ASSIGN_OR_RETURN(const TlvReader fields, TlvReader::Parse(body));
  PinObject pin;
  PGK_ASSIGN_OR_RETURN(pin.extensions, fields.Extensions({kTagBases, kTagClientVersion, kTagTime}));
  PGK_ASSIGN_OR_RETURN(const ByteSpan bases, fields.Require(kTagBases, "the list of bases"));
  PGK_ASSIGN_OR_RETURN(pin.bases, DecodeBases(bases));
  PGK_ASSIGN_OR_RETURN(pin.client_version, fields.Text(kTagClientVersion, "the client version"));
  PGK_ASSIGN_OR_RETURN(pin.started, fields.OptionalTime(kTagTime, "the start time"));
  return pin;
}

Bytes EncodeHeartbeatBody(const HeartbeatObject& heartbeat) {
  TlvWriter fields;
  fields.AddOptionalTime(kTagTime, heartbeat.time);
  fields.AddExtensions(heartbeat.extensions);
  return fields.Finish();
}

Result<HeartbeatObject> DecodeHeartbeatBody(ByteSpan body) {
  PGK_ASSIGN_OR_RETURN(const TlvReader fields, TlvReader::Parse(body));
  // Both have one magic: what tells them apart is that only a pin has bases.
  if (fields.Has(kTagBases)) {
    return Err(ErrorCode::kCorruption, "is a pin in the place of a heartbeat");
  }
  HeartbeatObject heartbeat;
  PGK_ASSIGN_OR_RETURN(heartbeat.extensions, fields.Extensions({kTagTime}));
  PGK_ASSIGN_OR_RETURN(heartbeat.time, fields.OptionalTime(kTagTime, "the time"));
  return heartbeat;
}

}  // namespace pgkeep::repository

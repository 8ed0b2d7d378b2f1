// The pin `pin/<S>` of an open writer, and its heartbeats `pin/<S>.<n>`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/sign.h"
#include "repository/envelope.h"
#include "repository/tlv.h"

namespace pgkeep::repository {

// What an undecided writer stands on: garbage collection keeps everything that its bases need.
struct PinObject {
  std::vector<BackupId> bases;  // distinct, at most kMaxBases; none for a full read
  std::string client_version;
  std::optional<Timestamp> started;  // the writer's own clock; never decides anything
  TlvExtensions extensions;
  bool operator==(const PinObject&) const = default;
};

// A sign of life. What counts is the store's time of the object, not the time in it.
struct HeartbeatObject {
  std::optional<Timestamp> time;
  TlvExtensions extensions;
  bool operator==(const HeartbeatObject&) const = default;
};

// Signed by the host. REQUIRES: bases distinct and at most kMaxBases, client_version clean text.
Bytes EncodePin(const PinObject& pin, const ObjectIdentity& identity,
                const crypto::SigningKey& signer);
Bytes EncodeHeartbeat(const HeartbeatObject& heartbeat, const ObjectIdentity& identity,
                      const crypto::SigningKey& signer);

// Errors as OpenEnvelope, and kCorruption for a body that the encoder would not write, and for a
// heartbeat in a pin's place or the other way round. `number` is the n of the heartbeat's key.
Result<PinObject> DecodePin(ByteSpan object, const ObjectIdentity& identity,
                            const SignerSet& signers);
Result<HeartbeatObject> DecodeHeartbeat(ByteSpan object, const ObjectIdentity& identity,
                                        uint64_t number, const SignerSet& signers);

// The bodies alone, for tests and fuzzers.
Bytes EncodePinBody(const PinObject& pin);
Result<PinObject> DecodePinBody(ByteSpan body);
Bytes EncodeHeartbeatBody(const HeartbeatObject& heartbeat);
Result<HeartbeatObject> DecodeHeartbeatBody(ByteSpan body);

}  // namespace pgkeep::repository

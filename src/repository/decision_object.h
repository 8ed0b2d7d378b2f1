// The decision `dec/<S>`: the one object that makes a backup exist, or bars it for ever.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "repository/envelope.h"
#include "repository/tlv.h"

namespace pgkeep::repository {

// The values are bytes of the format.
enum class Verdict : uint8_t { kCommit = 1, kAbort = 2 };

// COMMIT carries the hashes of the two objects that make up the backup; ABORT may say why.
struct DecisionObject {
  Verdict verdict = Verdict::kAbort;
  crypto::Digest32 manifest_sha256{};        // COMMIT only, else zeros
  crypto::Digest32 reference_list_sha256{};  // COMMIT only, else zeros
  std::optional<Timestamp> time;             // the decider's own clock; for display
  std::string reason;                        // ABORT only; may be empty
  TlvExtensions extensions;
  bool operator==(const DecisionObject&) const = default;
};

// `signer` may be null for ABORT only: garbage collection runs without keys.
// REQUIRES: fields of the other verdict are zero or empty; reason is clean text.
Bytes EncodeDecision(const DecisionObject& decision, const ObjectIdentity& identity,
                     const crypto::SigningKey* signer);

// Errors as OpenEnvelope. A COMMIT must be signed by a listed signer; a signature on an ABORT is
// checked too. kCorruption for a body that EncodeDecision would not write.
Result<DecisionObject> DecodeDecision(ByteSpan object, const ObjectIdentity& identity,
                                      const SignerSet& signers);

// The body alone, for tests and fuzzers.
Bytes EncodeDecisionBody(const DecisionObject& decision);
Result<DecisionObject> DecodeDecisionBody(ByteSpan body);

}  // namespace pgkeep::repository

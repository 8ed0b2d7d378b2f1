// The plan `gcplan/<n>` of one garbage collection: what goes, and why.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/random.h"
#include "crypto/sign.h"
#include "repository/envelope.h"
#include "repository/tlv.h"

namespace pgkeep::repository {

// One object that goes. The key is checked on use (ObjectName::Parse), not here: a plan is no
// authority, each cycle computes anew what may go.
struct GcPlanEntry {
  std::string key;     // 1..512 bytes
  std::string reason;  // clean text, may be empty
  bool operator==(const GcPlanEntry&) const = default;
};

// A plain value.
struct GcPlanObject {
  std::optional<Timestamp> time;
  std::vector<GcPlanEntry> entries;  // in the order of deletion, at most kMaxGcPlanEntries
  TlvExtensions extensions;
  bool operator==(const GcPlanObject&) const = default;
};

// The subject is a random id, so that two collectors that take the same number write different
// bytes and each can tell whose plan was created. Unsigned when `signer` is null. Errors:
// kLimitExceeded when the plan is too large for one object: split it over two cycles.
Result<Bytes> EncodeGcPlan(const GcPlanObject& plan, const RepositoryId& repository,
                           crypto::RandomSource& random, const crypto::SigningKey* signer);

// Errors as OpenEnvelope; a signature is not needed, but checked when there is one. `number` is the
// n of its key, for messages.
Result<GcPlanObject> DecodeGcPlan(ByteSpan object, const RepositoryId& repository, uint32_t number,
                                  const SignerSet& signers);

// The body alone, for tests and fuzzers.
Bytes EncodeGcPlanBody(const GcPlanObject& plan);
Result<GcPlanObject> DecodeGcPlanBody(ByteSpan body);

}  // namespace pgkeep::repository

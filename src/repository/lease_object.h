// The lease `lease/<id>` of exclusive mode: who holds the repository.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/sign.h"
#include "repository/envelope.h"
#include "repository/tlv.h"

namespace pgkeep::repository {

// A plain value; `holder` is for people ("host db1, process 4711, backup").
struct LeaseObject {
  std::optional<Timestamp> time;
  std::string holder;
  TlvExtensions extensions;
  bool operator==(const LeaseObject&) const = default;
};

// The subject is the lease's id. Unsigned when `signer` is null. REQUIRES: holder is clean text.
Bytes EncodeLease(const LeaseObject& lease, const RepositoryId& repository, const LeaseId& id,
                  const crypto::SigningKey* signer);

// Errors as OpenEnvelope; a signature is not needed, but checked when there is one.
Result<LeaseObject> DecodeLease(ByteSpan object, const RepositoryId& repository, const LeaseId& id,
                                const SignerSet& signers);

// The body alone, for tests and fuzzers.
Bytes EncodeLeaseBody(const LeaseObject& lease);
Result<LeaseObject> DecodeLeaseBody(ByteSpan body);

}  // namespace pgkeep::repository

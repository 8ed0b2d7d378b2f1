// The expiry mark `exp/<S>`: the backup may go.
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

// That the mark exists is all that the protocol looks at; time and reason are for people.
struct ExpiryObject {
  std::optional<Timestamp> time;
  std::string reason;
  TlvExtensions extensions;
  bool operator==(const ExpiryObject&) const = default;
};

// Unsigned when `signer` is null. REQUIRES: reason is clean text.
Bytes EncodeExpiry(const ExpiryObject& expiry, const ObjectIdentity& identity,
                   const crypto::SigningKey* signer);

// Errors as OpenEnvelope; a signature is not needed, but checked when there is one.
Result<ExpiryObject> DecodeExpiry(ByteSpan object, const ObjectIdentity& identity,
                                  const SignerSet& signers);

// The body alone, for tests and fuzzers.
Bytes EncodeExpiryBody(const ExpiryObject& expiry);
Result<ExpiryObject> DecodeExpiryBody(ByteSpan body);

}  // namespace pgkeep::repository

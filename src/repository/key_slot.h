// The key slot `key/<slot>`: a key bundle in the repository itself, behind a passphrase.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "repository/ids.h"
#include "repository/passphrase_wrap.h"
#include "repository/tlv.h"

namespace pgkeep::repository {

// A plain value without secrets. Open it with UnwrapBundle().
struct KeySlotObject {
  WrappedBundle wrapped;
  std::string label;
  std::optional<Timestamp> created;
  TlvExtensions extensions;
};

// The object; unsigned, as the cipher authenticates what matters. REQUIRES: label is clean text.
Bytes EncodeKeySlot(const KeySlotObject& slot, const RepositoryId& repository);

// Errors as OpenEnvelope; kLimitExceeded or kInvalidArgument for Argon2id parameters outside the
// limits; kUnsupportedVersion for another type of slot than a passphrase. `slot` is for messages.
Result<KeySlotObject> DecodeKeySlot(ByteSpan object, const RepositoryId& repository, uint32_t slot);

// The body alone, for tests and fuzzers.
Bytes EncodeKeySlotBody(const KeySlotObject& slot);
Result<KeySlotObject> DecodeKeySlotBody(ByteSpan body);

}  // namespace pgkeep::repository

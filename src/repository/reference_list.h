// The reference list `ref/<S>`: every pack that a backup needs. Signed but not encrypted, so that
// garbage collection and structural checks work without keys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "repository/envelope.h"
#include "repository/ids.h"
#include "repository/tlv.h"

namespace pgkeep::repository {

// Where the fingerprint node of a data pack stands: in a metadata pack of the same writer.
struct FingerprintPlace {
  uint32_t meta_seq = 0;
  uint32_t offset = 0;  // of the frame in that pack
  uint32_t clen = 0;
  uint32_t rlen = 0;
  bool operator==(const FingerprintPlace&) const = default;
};

// One pack of the list.
struct PackEntry {
  PackName name;
  uint64_t size = 0;  // bytes of the object
  crypto::Digest32 sha256{};
  std::string etag;         // as the store told it; at most kMaxEtagBytes, may be empty
  uint64_t live_units = 0;  // units that this backup names; 0 for a metadata pack
  uint64_t all_units = 0;   // units in the pack; 0 for a metadata pack
  std::optional<FingerprintPlace> fingerprints;  // exactly the data packs have one
  bool operator==(const PackEntry&) const = default;
};

// The packs of one backup, sorted by name and without repetition. Immutable; any number of threads.
class ReferenceList {
 public:
  // Empty.
  ReferenceList() = default;

  // Sorts and checks. kInvalidArgument when a pack is named twice, a size or count is out of range,
  // or the metadata pack with a data pack's fingerprints is not in the list; kLimitExceeded for
  // more than kMaxReferencedPacks.
  static Result<ReferenceList> FromEntries(std::vector<PackEntry> entries,
                                           TlvExtensions extensions = {});

  const std::vector<PackEntry>& entries() const { return entries_; }
  const TlvExtensions& extensions() const { return extensions_; }
  bool empty() const { return entries_.empty(); }

  // Null when the list does not name the pack. O(log n).
  const PackEntry* Find(const PackName& name) const;

  // Whose packs the list names, ascending.
  std::vector<WriterId> Writers() const;

  bool operator==(const ReferenceList&) const = default;

 private:
  std::vector<PackEntry> entries_;
  TlvExtensions extensions_;
};

// The object, signed by the host. kLimitExceeded when it would pass kMaxReferenceListObjectBytes.
Result<Bytes> EncodeReferenceList(const ReferenceList& list, const ObjectIdentity& identity,
                                  const crypto::SigningKey& signer);

// Errors as OpenEnvelope, and kCorruption for a body that EncodeReferenceList would not write.
Result<ReferenceList> DecodeReferenceList(ByteSpan object, const ObjectIdentity& identity,
                                          const SignerSet& signers);

// The body alone, for tests and fuzzers.
Bytes EncodeReferenceListBody(const ReferenceList& list);
Result<ReferenceList> DecodeReferenceListBody(ByteSpan body);

}  // namespace pgkeep::repository

#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "repository/frame_table.h"

namespace pgkeep::repository {

// Where the pieces of one unit above 1 MiB are, in the order of the bytes. Each frame holds one
// piece: 1 MiB, the last one what is left. A plain value.
struct BlobNode {
  std::vector<PackId> packs;
  std::vector<LeafFrame> frames;  // 2..65,536, `units` of each is 1

  friend bool operator==(const BlobNode&, const BlobNode&) = default;
};

// The payload of a blob frame. REQUIRES: ValidateBlob(blob).
Bytes EncodeBlob(const BlobNode& blob);

// Errors: kCorruption when the bytes break any rule, kUnsupportedVersion for another version byte.
Result<BlobNode> DecodeBlob(ByteSpan payload);

// kCorruption unless `blob` obeys every rule of the document.
Status ValidateBlob(const BlobNode& blob);

// Length of the whole unit, which must equal the leaf's LeafBlob::length. REQUIRES:
// ValidateBlob(blob).
uint64_t BlobBytes(const BlobNode& blob);

}  // namespace pgkeep::repository

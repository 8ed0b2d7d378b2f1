#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "repository/frame_table.h"
#include "repository/node.h"

namespace pgkeep::repository {

// A unit above 1 MiB: the blob node that says where its pieces are, and its length.
struct LeafBlob {
  NodePointer node;     // kind blob
  uint64_t length = 0;  // 1,048,577 .. 64 GiB

  friend bool operator==(const LeafBlob&, const LeafBlob&) = default;
};

// A run of consecutive units of a leaf.
struct Extent {
  enum class Type : uint8_t {
    kHole = 0,  // nothing is stored: zeros or empty
    kRun = 1,   // units first, first + 1, ... of frames[index]
    kBig = 2,   // blobs[index], blobs[index + 1], ...
  };
  Type type = Type::kHole;
  uint32_t count = 0;  // units, at least 1
  uint32_t index = 0;  // 0 for holes
  uint32_t first = 0;  // 0 unless kRun

  friend bool operator==(const Extent&, const Extent&) = default;
};

// True if `next`, which follows `extent`, continues it, so that the two must be one extent.
bool Continues(const Extent& extent, const Extent& next);

// Where up to 16,384 consecutive units of a stream are. A plain value.
struct LeafNode {
  uint32_t units = 0;
  uint64_t bytes = 0;  // sum of the units' lengths, holes included
  std::vector<PackId> packs;
  std::vector<LeafFrame> frames;
  std::vector<LeafBlob> blobs;
  std::vector<Extent> extents;

  friend bool operator==(const LeafNode&, const LeafNode&) = default;
};

// The payload of a leaf frame. REQUIRES: ValidateLeaf(leaf). The result is at most 4 MiB long if at
// most kMaxInlineBlobBytesPerLeaf bytes of blobs stand inline.
Bytes EncodeLeaf(const LeafNode& leaf);

// Errors: kCorruption when the bytes break any rule, kUnsupportedVersion for another version byte.
Result<LeafNode> DecodeLeaf(ByteSpan payload);

// kCorruption unless `leaf` obeys every rule of the document: limits, order, counts that add up,
// everything named is used, extents that could be one are one, `bytes` possible for these extents.
Status ValidateLeaf(const LeafNode& leaf);

// The part of the rules that needs to know the stream: kCorruption unless a leaf that is the last
// (`is_last`) or not of a stream with this unit size (0 = variable) may be this one: full unless
// last, and with a fixed unit size exactly as many bytes as its units have.
Status CheckLeafInStream(const LeafNode& leaf, uint32_t unit_size, bool is_last);

}  // namespace pgkeep::repository

#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "repository/node.h"

namespace pgkeep::repository {

// Height of the map of the longest stream: 16,384 * 256^7 units are more than 64 bits count.
inline constexpr uint8_t kMaxIndexHeight = 7;

// Units below a full node of this height; a leaf has height 0. Saturates at 2^64 - 1.
uint64_t UnitsBelow(uint8_t height);

// The height of the root of a stream's map: the smallest whose node can hold all units; 0 for up to
// one leaf, also for none.
uint8_t HeightFor(uint64_t units);

// One child and how much is below it. A plain value.
struct IndexChild {
  NodePointer node;    // leaf if the parent's height is 1, else index of height - 1; never nothing
  uint64_t bytes = 0;  // below it
  uint64_t units = 0;  // below it

  friend bool operator==(const IndexChild&, const IndexChild&) = default;
};

// Up to 256 children that follow each other in one stream. A plain value.
struct IndexNode {
  uint8_t height = 1;
  std::vector<IndexChild> children;

  friend bool operator==(const IndexNode&, const IndexNode&) = default;
};

// The payload of an index frame. REQUIRES: ValidateIndex(index).
Bytes EncodeIndex(const IndexNode& index);

// Errors: kCorruption when the bytes break any rule, kUnsupportedVersion for another version byte.
Result<IndexNode> DecodeIndex(ByteSpan payload);

// kCorruption unless `index` obeys every rule of the document: every child but the last is full,
// the last has at least one unit, the sums fit 64 bits.
Status ValidateIndex(const IndexNode& index);

// The part of the rules that needs the parent: kCorruption unless the node has this height and its
// children add up to exactly these units and bytes.
Status CheckIndexInStream(const IndexNode& index, uint8_t height, uint64_t units, uint64_t bytes);

}  // namespace pgkeep::repository

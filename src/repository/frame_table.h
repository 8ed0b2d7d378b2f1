// The tables of packs and frames at the front of leaves and blobs (docs/format/map.md).
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/wire.h"
#include "repository/ids.h"
#include "repository/pack_format.h"

namespace pgkeep::repository {

// A data pack as maps name it.
struct PackId {
  WriterId writer;
  uint32_t seq = 0;

  PackName name() const { return {writer, PackKind::kData, seq}; }
  auto operator<=>(const PackId&) const = default;
};

// One units frame as maps name it. `pack` is an index into the table of packs beside it.
struct LeafFrame {
  uint32_t pack = 0;
  uint32_t offset = 0;
  uint32_t clen = 0;
  uint32_t rlen = 0;
  uint8_t units = 0;  // 1..16
  ContentHash hash{};

  friend bool operator==(const LeafFrame&, const LeafFrame&) = default;
};

// Whether frames stand in ascending order of (pack, offset), as in leaves, or in the order of the
// bytes, as in blobs.
enum class FrameOrder { kSorted, kFree };

// Appends both tables. Checks nothing.
void EncodeFrameTable(std::span<const PackId> packs, std::span<const LeafFrame> frames,
                      ByteWriter& out);

// Both tables, decoded. A plain value.
struct FrameTable {
  std::vector<PackId> packs;
  std::vector<LeafFrame> frames;
};

// Takes both tables off `in`, with at most `frames_max` frames. Allocates no more than in
// proportion to what is left of the input. Errors as CheckFrameTable, and kCorruption for input
// that ends.
Result<FrameTable> DecodeFrameTable(ByteReader& in, uint32_t frames_max, FrameOrder order);

// kCorruption unless packs ascend strictly, every pack is used, every frame is within the limits of
// the format, and with FrameOrder::kSorted frames ascend strictly by (pack, offset).
Status CheckFrameTable(std::span<const PackId> packs, std::span<const LeafFrame> frames,
                       FrameOrder order);

}  // namespace pgkeep::repository

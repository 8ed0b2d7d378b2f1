#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "repository/frame_table.h"

namespace pgkeep::repository {

// A units frame where it was stored, as maps name it (LeafFrame::pack is not set).
struct StoredFrame {
  PackId pack;
  LeafFrame frame;
  // FrameChecksum() when it was made. It may wait for long until its leaf is complete, and a bit
  // that flips in between would cost its units: whoever encodes it compares.
  uint32_t checksum = 0;
};

// CRC-32C of everything that a map says about a frame; LeafFrame::pack does not count.
uint32_t FrameChecksum(const PackId& pack, const LeafFrame& frame);

// The tables of packs and frames of a leaf or blob, made from frames in any order.
struct BuiltFrameTable {
  std::vector<PackId> packs;
  std::vector<LeafFrame> frames;
  // For every frame given, its index in `frames`.
  std::vector<uint32_t> position;
};

// Builds the tables from `frames`: packs ascending; frames ascending by (pack, offset) with
// FrameOrder::kSorted, in the order given with kFree.
BuiltFrameTable BuildFrameTable(std::span<const StoredFrame> frames, FrameOrder order);

// kCorruption unless `decoded`, read back from the payload of a node, names every one of `frames`
// as it was when it was made. `position` is the one of BuildFrameTable.
Status CheckFramesSurvived(std::span<const StoredFrame> frames, std::span<const uint32_t> position,
                           std::span<const PackId> decoded_packs,
                           std::span<const LeafFrame> decoded_frames);

// A frame of a base's leaf or blob as a StoredFrame.
StoredFrame FromTable(const std::vector<PackId>& packs, const LeafFrame& frame);

}  // namespace pgkeep::repository

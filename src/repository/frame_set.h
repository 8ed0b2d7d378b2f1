#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "repository/frame_table.h"

namespace pgkeep::repository {

// A units frame where it was stored, as maps name it (LeafFrame::pack is not set).
struct StoredFrame {
  PackId pack;
  LeafFrame frame;
};

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

// A frame of a base's leaf or blob as a StoredFrame.
StoredFrame FromTable(const std::vector<PackId>& packs, const LeafFrame& frame);

}  // namespace pgkeep::repository

#include "repository/frame_set.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace pgkeep::repository {

BuiltFrameTable BuildFrameTable(std::span<const StoredFrame> frames, FrameOrder order) {
  BuiltFrameTable table;
  table.packs.reserve(frames.size());
  for (const StoredFrame& frame : frames) table.packs.push_back(frame.pack);
  std::ranges::sort(table.packs);
  const auto repeated = std::ranges::unique(table.packs);
  table.packs.erase(repeated.begin(), repeated.end());

  std::vector<uint32_t> sequence(frames.size());
  std::iota(sequence.begin(), sequence.end(), 0U);
  if (order == FrameOrder::kSorted) {
    std::ranges::sort(sequence, [&](uint32_t a, uint32_t b) {
      return std::tie(frames[a].pack, frames[a].frame.offset) <
             std::tie(frames[b].pack, frames[b].frame.offset);
    });
  }
  table.position.resize(frames.size());
  table.frames.reserve(frames.size());
  for (const uint32_t given : sequence) {
    table.position[given] = static_cast<uint32_t>(table.frames.size());
    LeafFrame frame = frames[given].frame;
    const auto pack = std::ranges::lower_bound(table.packs, frames[given].pack);
    frame.pack = static_cast<uint32_t>(pack - table.packs.begin());
    table.frames.push_back(frame);
  }
  return table;
}

StoredFrame FromTable(const std::vector<PackId>& packs, const LeafFrame& frame) {
  StoredFrame stored{packs[frame.pack], frame};
  stored.frame.pack = 0;
  return stored;
}

}  // namespace pgkeep::repository

#include "repository/frame_set.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include "base/endian.h"
#include "codec/crc32c.h"

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

uint32_t FrameChecksum(const PackId& pack, const LeafFrame& frame) {
  std::array<uint8_t, 16 + 4 * 4 + 1 + 16> bytes{};
  uint8_t* out = bytes.data();
  out = std::ranges::copy(pack.writer.bytes, out).out;
  for (const uint32_t number : {pack.seq, frame.offset, frame.clen, frame.rlen}) {
    StoreLe32(out, number);
    out += 4;
  }
  *out++ = frame.units;
  std::ranges::copy(frame.hash, out);
  return codec::Crc32c(bytes);
}

Status CheckFramesSurvived(std::span<const StoredFrame> frames, std::span<const uint32_t> position,
                           std::span<const PackId> decoded_packs,
                           std::span<const LeafFrame> decoded_frames) {
  for (size_t i = 0; i < frames.size(); ++i) {
    const LeafFrame& frame = decoded_frames[position[i]];
    if (FrameChecksum(decoded_packs[frame.pack], frame) == frames[i].checksum) continue;
    return Err(ErrorCode::kCorruption,
               "what a map would say of the frame at {} of {} changed after it was stored",
               frames[i].frame.offset, frames[i].pack.name().Key())
        .WithHint("memory or processor of this machine made a mistake: test them");
  }
  return Ok();
}

StoredFrame FromTable(const std::vector<PackId>& packs, const LeafFrame& frame) {
  StoredFrame stored{packs[frame.pack], frame, FrameChecksum(packs[frame.pack], frame)};
  stored.frame.pack = 0;
  return stored;
}

}  // namespace pgkeep::repository

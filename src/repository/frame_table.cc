#include "repository/frame_table.h"

#include <algorithm>
#include <utility>

namespace pgkeep::repository {

namespace {

constexpr size_t kPackBytesMin = 16 + 1;
constexpr size_t kFrameBytesMin = 5 + 16;

Result<PackId> DecodePack(ByteReader& in) {
  PackId pack;
  PGK_ASSIGN_OR_RETURN(const ByteSpan writer, in.Raw(pack.writer.bytes.size()));
  PGK_ASSIGN_OR_RETURN(const uint64_t seq, in.VarintMax(kMaxPackSeq, "number of a pack"));
  std::ranges::copy(writer, pack.writer.bytes.begin());
  pack.seq = static_cast<uint32_t>(seq);
  return pack;
}

Result<LeafFrame> DecodeFrame(ByteReader& in) {
  LeafFrame frame;
  PGK_ASSIGN_OR_RETURN(const uint64_t pack, in.VarintMax(UINT32_MAX, "index of a pack"));
  PGK_ASSIGN_OR_RETURN(const uint64_t offset, in.VarintMax(kMaxPackBytes, "offset of a frame"));
  PGK_ASSIGN_OR_RETURN(const uint64_t clen, in.VarintMax(kMaxPackBytes, "length of a frame"));
  PGK_ASSIGN_OR_RETURN(const uint64_t rlen, in.VarintMax(kMaxPackBytes, "length of a payload"));
  PGK_ASSIGN_OR_RETURN(const uint64_t units, in.VarintMax(kMaxUnitsPerFrame, "units of a frame"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan hash, in.Raw(frame.hash.size()));
  frame.pack = static_cast<uint32_t>(pack);
  frame.offset = static_cast<uint32_t>(offset);
  frame.clen = static_cast<uint32_t>(clen);
  frame.rlen = static_cast<uint32_t>(rlen);
  frame.units = static_cast<uint8_t>(units);
  std::ranges::copy(hash, frame.hash.begin());
  return frame;
}

// A number of elements that the rest of the input can hold.
Result<size_t> DecodeCount(ByteReader& in, uint64_t max, size_t element_bytes_min,
                           const char* what) {
  PGK_ASSIGN_OR_RETURN(const uint64_t count, in.VarintMax(max, what));
  if (count > in.remaining() / element_bytes_min) {
    return Err(ErrorCode::kCorruption, "{} is {}, more than {} bytes can hold", what, count,
               in.remaining());
  }
  return static_cast<size_t>(count);
}

Status CheckFrame(const LeafFrame& frame, size_t packs) {
  if (frame.pack >= packs) {
    return Err(ErrorCode::kCorruption, "a frame is in pack {} of {}", frame.pack, packs);
  }
  // One byte and its length for each unit at least.
  if (frame.units < 1 || frame.units > kMaxUnitsPerFrame || frame.rlen < 2U * frame.units) {
    return Err(ErrorCode::kCorruption, "a frame has {} units in {} bytes", frame.units, frame.rlen);
  }
  return CheckFramePlace(frame.offset, frame.clen, frame.rlen, kMaxUnitsFrameRlen);
}

}  // namespace

void EncodeFrameTable(std::span<const PackId> packs, std::span<const LeafFrame> frames,
                      ByteWriter& out) {
  out.Varint(packs.size());
  for (const PackId& pack : packs) {
    out.Raw(pack.writer.bytes);
    out.Varint(pack.seq);
  }
  out.Varint(frames.size());
  for (const LeafFrame& frame : frames) {
    out.Varint(frame.pack);
    out.Varint(frame.offset);
    out.Varint(frame.clen);
    out.Varint(frame.rlen);
    out.Varint(frame.units);
    out.Raw(frame.hash);
  }
}

Result<FrameTable> DecodeFrameTable(ByteReader& in, uint32_t frames_max, FrameOrder order) {
  FrameTable table;
  PGK_ASSIGN_OR_RETURN(const size_t packs,
                       DecodeCount(in, frames_max, kPackBytesMin, "number of packs"));
  table.packs.reserve(packs);
  for (size_t i = 0; i < packs; ++i) {
    PGK_ASSIGN_OR_RETURN(const PackId pack, DecodePack(in));
    table.packs.push_back(pack);
  }
  PGK_ASSIGN_OR_RETURN(const size_t frames,
                       DecodeCount(in, frames_max, kFrameBytesMin, "number of frames"));
  table.frames.reserve(frames);
  for (size_t i = 0; i < frames; ++i) {
    PGK_ASSIGN_OR_RETURN(const LeafFrame frame, DecodeFrame(in));
    table.frames.push_back(frame);
  }
  PGK_TRY(CheckFrameTable(table.packs, table.frames, order));
  return table;
}

Status CheckFrameTable(std::span<const PackId> packs, std::span<const LeafFrame> frames,
                       FrameOrder order) {
  for (size_t i = 0; i < packs.size(); ++i) {
    if (packs[i].seq > kMaxPackSeq || (i > 0 && packs[i - 1] >= packs[i])) {
      return Err(ErrorCode::kCorruption,
                 "pack {} of a node, number {} of its writer, is not in order", i, packs[i].seq);
    }
  }
  std::vector<bool> used(packs.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    const LeafFrame& frame = frames[i];
    PGK_TRY(CheckFrame(frame, packs.size()));
    if (order == FrameOrder::kSorted && i > 0 &&
        std::pair(frames[i - 1].pack, frames[i - 1].offset) >=
            std::pair(frame.pack, frame.offset)) {
      return Err(ErrorCode::kCorruption, "frame {} of a leaf is not in order", i);
    }
    used[frame.pack] = true;
  }
  if (std::ranges::find(used, false) != used.end()) {
    return Err(ErrorCode::kCorruption, "a node names a pack that none of its frames is in");
  }
  return Ok();
}

}  // namespace pgkeep::repository

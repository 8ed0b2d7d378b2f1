#include "repository/leaf_node.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/wire.h"

namespace pgkeep::repository {

namespace {

constexpr uint8_t kVersion = 1;
constexpr uint64_t kMaxBigUnitBytes = uint64_t{kMaxBlobFrames} * kMaxUnitBytes;
constexpr size_t kBlobBytesMin = 3 + 3;  // shortest inline pointer, shortest length

// What the extents of a leaf use, and what their units can weigh.
struct Totals {
  uint64_t units = 0;
  uint64_t bytes_min = 0;
  uint64_t bytes_max = 0;
  std::vector<bool> frames;
  std::vector<bool> blobs;
};

Status AddRun(const LeafNode& leaf, const Extent& extent, Totals& totals) {
  if (extent.index >= leaf.frames.size()) {
    return Err(ErrorCode::kCorruption, "an extent is in frame {} of {}", extent.index,
               leaf.frames.size());
  }
  const LeafFrame& frame = leaf.frames[extent.index];
  if (extent.count > frame.units || extent.first > frame.units - extent.count) {
    return Err(ErrorCode::kCorruption, "an extent has {} units from {} of a frame with {}",
               extent.count, extent.first, frame.units);
  }
  totals.frames[extent.index] = true;
  totals.bytes_min += extent.count;
  totals.bytes_max += frame.rlen;
  return Ok();
}

Status AddBig(const LeafNode& leaf, const Extent& extent, Totals& totals) {
  if (extent.count > leaf.blobs.size() || extent.index > leaf.blobs.size() - extent.count ||
      extent.first != 0) {
    return Err(ErrorCode::kCorruption, "an extent is in blobs {} to {} of {}", extent.index,
               uint64_t{extent.index} + extent.count, leaf.blobs.size());
  }
  for (uint32_t i = extent.index; i < extent.index + extent.count; ++i) {
    totals.blobs[i] = true;
    totals.bytes_min += leaf.blobs[i].length;
    totals.bytes_max += leaf.blobs[i].length;
  }
  return Ok();
}

Status AddExtent(const LeafNode& leaf, const Extent& extent, Totals& totals) {
  if (extent.count < 1 || extent.count > leaf.units - totals.units) {
    return Err(ErrorCode::kCorruption, "an extent has {} units where {} are left", extent.count,
               leaf.units - totals.units);
  }
  totals.units += extent.count;
  switch (extent.type) {
    case Extent::Type::kHole:
      totals.bytes_max += uint64_t{extent.count} * kMaxUnitBytes;
      if (extent.index == 0 && extent.first == 0) return Ok();
      return Err(ErrorCode::kCorruption, "a hole names frame {}", extent.index);
    case Extent::Type::kRun:
      return AddRun(leaf, extent, totals);
    case Extent::Type::kBig:
      return AddBig(leaf, extent, totals);
  }
  return Err(ErrorCode::kCorruption, "an extent is of type {}", static_cast<int>(extent.type));
}

Status CheckExtents(const LeafNode& leaf) {
  Totals totals;
  totals.frames.resize(leaf.frames.size());
  totals.blobs.resize(leaf.blobs.size());
  for (size_t i = 0; i < leaf.extents.size(); ++i) {
    PGK_TRY(AddExtent(leaf, leaf.extents[i], totals));
    if (i > 0 && Continues(leaf.extents[i - 1], leaf.extents[i])) {
      return Err(ErrorCode::kCorruption, "extents {} and {} of a leaf should be one", i - 1, i);
    }
  }
  if (totals.units != leaf.units) {
    return Err(ErrorCode::kCorruption, "the extents of a leaf have {} of its {} units",
               totals.units, leaf.units);
  }
  if (std::ranges::find(totals.frames, false) != totals.frames.end() ||
      std::ranges::find(totals.blobs, false) != totals.blobs.end()) {
    return Err(ErrorCode::kCorruption, "a leaf names a frame or blob that none of its units is in");
  }
  if (leaf.bytes < totals.bytes_min || leaf.bytes > totals.bytes_max) {
    return Err(ErrorCode::kCorruption, "the units of a leaf cannot have {} bytes", leaf.bytes);
  }
  return Ok();
}

Status CheckBlobs(const LeafNode& leaf) {
  for (const LeafBlob& blob : leaf.blobs) {
    if (blob.node.empty() || blob.length <= kMaxUnitBytes || blob.length > kMaxBigUnitBytes) {
      return Err(ErrorCode::kCorruption, "a leaf has a big unit of {} bytes{}", blob.length,
                 blob.node.empty() ? " without a node" : "");
    }
  }
  return Ok();
}

void EncodeExtent(const Extent& extent, ByteWriter& out) {
  out.Varint(uint64_t{extent.count} << 2 | static_cast<uint8_t>(extent.type));
  if (extent.type == Extent::Type::kHole) return;
  out.Varint(extent.index);
  if (extent.type == Extent::Type::kRun) out.Varint(extent.first);
}

Result<Extent> DecodeExtent(ByteReader& in) {
  Extent extent;
  PGK_ASSIGN_OR_RETURN(const uint64_t head,
                       in.VarintMax(uint64_t{kUnitsPerLeaf} << 2 | 3, "length of an extent"));
  if ((head & 3) > static_cast<uint8_t>(Extent::Type::kBig)) {
    return Err(ErrorCode::kCorruption, "an extent is of type {}", head & 3);
  }
  extent.type = static_cast<Extent::Type>(head & 3);
  extent.count = static_cast<uint32_t>(head >> 2);
  if (extent.type == Extent::Type::kHole) return extent;
  PGK_ASSIGN_OR_RETURN(const uint64_t index, in.VarintMax(kUnitsPerLeaf, "index of an extent"));
  extent.index = static_cast<uint32_t>(index);
  if (extent.type == Extent::Type::kBig) return extent;
  PGK_ASSIGN_OR_RETURN(const uint64_t first, in.VarintMax(kMaxUnitsPerFrame, "unit in a frame"));
  extent.first = static_cast<uint32_t>(first);
  return extent;
}

Status DecodeBlobs(ByteReader& in, LeafNode& leaf) {
  PGK_ASSIGN_OR_RETURN(const uint64_t count, in.VarintMax(leaf.units, "number of blobs"));
  leaf.blobs.reserve(std::min<uint64_t>(count, in.remaining() / kBlobBytesMin));
  for (uint64_t i = 0; i < count; ++i) {
    LeafBlob blob;
    PGK_ASSIGN_OR_RETURN(blob.node, NodePointer::Decode(in));
    PGK_ASSIGN_OR_RETURN(blob.length, in.VarintMax(kMaxBigUnitBytes, "length of a big unit"));
    leaf.blobs.push_back(std::move(blob));
  }
  return Ok();
}

Status DecodeExtents(ByteReader& in, LeafNode& leaf) {
  PGK_ASSIGN_OR_RETURN(const uint64_t count, in.VarintMax(leaf.units, "number of extents"));
  leaf.extents.reserve(std::min<uint64_t>(count, in.remaining()));
  for (uint64_t i = 0; i < count; ++i) {
    PGK_ASSIGN_OR_RETURN(const Extent extent, DecodeExtent(in));
    leaf.extents.push_back(extent);
  }
  return Ok();
}

}  // namespace

bool Continues(const Extent& extent, const Extent& next) {
  if (extent.type != next.type) return false;
  switch (extent.type) {
    case Extent::Type::kHole:
      return true;
    case Extent::Type::kRun:
      return next.index == extent.index && next.first == extent.first + extent.count;
    case Extent::Type::kBig:
      return next.index == extent.index + extent.count;
  }
  return false;
}

Bytes EncodeLeaf(const LeafNode& leaf) {
  PGK_CHECK(ValidateLeaf(leaf).ok());
  Bytes payload;
  ByteWriter out(payload);
  out.U8(kVersion);
  out.Varint(leaf.units);
  out.Varint(leaf.bytes);
  EncodeFrameTable(leaf.packs, leaf.frames, out);
  out.Varint(leaf.blobs.size());
  for (const LeafBlob& blob : leaf.blobs) {
    blob.node.Encode(out);
    out.Varint(blob.length);
  }
  out.Varint(leaf.extents.size());
  for (const Extent& extent : leaf.extents) EncodeExtent(extent, out);
  return payload;
}

Result<LeafNode> DecodeLeaf(ByteSpan payload) {
  ByteReader in(payload);
  PGK_TRY(CheckNodeVersion(in, kVersion));
  LeafNode leaf;
  PGK_ASSIGN_OR_RETURN(const uint64_t units, in.VarintMax(kUnitsPerLeaf, "units of a leaf"));
  leaf.units = static_cast<uint32_t>(units);
  PGK_ASSIGN_OR_RETURN(leaf.bytes, in.Varint());
  PGK_ASSIGN_OR_RETURN(FrameTable table, DecodeFrameTable(in, leaf.units, FrameOrder::kSorted));
  leaf.packs = std::move(table.packs);
  leaf.frames = std::move(table.frames);
  PGK_TRY(DecodeBlobs(in, leaf));
  PGK_TRY(DecodeExtents(in, leaf));
  PGK_TRY(in.ExpectEnd());
  PGK_TRY(ValidateLeaf(leaf));
  return leaf;
}

Status ValidateLeaf(const LeafNode& leaf) {
  if (leaf.units < 1 || leaf.units > kUnitsPerLeaf || leaf.frames.size() > leaf.units ||
      leaf.blobs.size() > leaf.units || leaf.extents.size() > leaf.units) {
    return Err(ErrorCode::kCorruption, "a leaf of {} units has {} frames, {} blobs, {} extents",
               leaf.units, leaf.frames.size(), leaf.blobs.size(), leaf.extents.size());
  }
  PGK_TRY(CheckFrameTable(leaf.packs, leaf.frames, FrameOrder::kSorted));
  PGK_TRY(CheckBlobs(leaf));
  return CheckExtents(leaf);
}

Status CheckLeafInStream(const LeafNode& leaf, uint32_t unit_size, bool is_last) {
  if (!is_last && leaf.units != kUnitsPerLeaf) {
    return Err(ErrorCode::kCorruption, "a leaf inside a stream has {} units", leaf.units);
  }
  if (unit_size == 0) return Ok();
  const uint64_t full = uint64_t{leaf.units} * unit_size;
  const uint64_t least = is_last ? full - unit_size + 1 : full;
  if (leaf.bytes < least || leaf.bytes > full || !leaf.blobs.empty()) {
    return Err(ErrorCode::kCorruption,
               "a leaf of {} units has {} bytes and {} big units in a stream of units of {} bytes",
               leaf.units, leaf.bytes, leaf.blobs.size(), unit_size);
  }
  return Ok();
}

}  // namespace pgkeep::repository

#include "repository/stream_reader.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "repository/blob_node.h"
#include "repository/limits.h"

namespace pgkeep::repository {

namespace {

constexpr uint64_t kWindowBytes = uint64_t{8} << 20;
constexpr uint64_t kScatteredWindowBytes = uint64_t{64} << 20;
constexpr size_t kBlobFramesAtOnce = 8;

// The bits of `count` units from `first` on, as WantedFrame::units.
uint16_t UnitBits(uint32_t first, uint32_t count) {
  return static_cast<uint16_t>(((uint32_t{1} << count) - 1) << first);
}

}  // namespace

StreamReader::StreamReader(NodeStore& nodes, FrameFetcher& frames, StreamEntry entry)
    : nodes_(nodes), frames_(frames), map_(nodes, std::move(entry)) {}

Status StreamReader::ReadUnits(uint64_t first, uint64_t count, const Visitor& visit) {
  const uint64_t units = entry().units;
  if (first > units || count > units - first) {
    return Err(ErrorCode::kInvalidArgument, "units {} to {} of stream \"{}\", which has {}", first,
               first + count, PrintableName(entry().name), units);
  }
  while (count > 0) {
    const uint64_t number = first / kUnitsPerLeaf;
    const auto within = static_cast<uint32_t>(first % kUnitsPerLeaf);
    const auto part = static_cast<uint32_t>(std::min<uint64_t>(count, kUnitsPerLeaf - within));
    Result<bool> more = ReadLeaf(number, within, part, visit);
    if (!more.ok()) {
      return std::move(more).error().WithContext("stream \"" + PrintableName(entry().name) + "\"");
    }
    if (!*more) return Ok();
    first += part;
    count -= part;
  }
  return Ok();
}

Result<std::shared_ptr<const MapLeaf>> StreamReader::Leaf(uint64_t number) {
  if (!leaf_ || leaf_number_ != number) {
    PGK_ASSIGN_OR_RETURN(leaf_, map_.Leaf(number));
    leaf_number_ = number;
  }
  return leaf_;
}

std::vector<StreamReader::Step> StreamReader::Steps(const LeafNode& leaf, uint64_t leaf_first_unit,
                                                    uint32_t first, uint32_t count) {
  std::vector<Step> steps;
  uint32_t position = 0;  // of the extent in the leaf
  for (const Extent& extent : leaf.extents) {
    const uint32_t from = std::max(position, first);
    const uint32_t to = std::min(position + extent.count, first + count);
    if (from < to) {
      Step step{extent, leaf_first_unit + from};
      step.extent.count = to - from;
      const uint32_t skipped = from - position;
      if (extent.type == Extent::Type::kRun) step.extent.first += skipped;
      if (extent.type == Extent::Type::kBig) step.extent.index += skipped;
      steps.push_back(step);
    }
    position += extent.count;
    if (position >= first + count) break;
  }
  return steps;
}

Result<bool> StreamReader::ReadLeaf(uint64_t number, uint32_t first, uint32_t count,
                                    const Visitor& visit) {
  PGK_ASSIGN_OR_RETURN(const std::shared_ptr<const MapLeaf> leaf, Leaf(number));
  if (first == 0 && count == leaf->node.units && entry().unit_size == 0) {
    return ReadWholeLeaf(number, *leaf, visit);
  }
  return ReadPart(number, *leaf, first, count, visit);
}

// Units of variable length say their lengths themselves; together they must have what the map says,
// or every offset behind them would be wrong.
Result<bool> StreamReader::ReadWholeLeaf(uint64_t number, const MapLeaf& leaf,
                                         const Visitor& visit) {
  uint64_t bytes = 0;
  PGK_ASSIGN_OR_RETURN(const bool more, ReadPart(number, leaf, 0, leaf.node.units,
                                                 [&](const UnitPart& part) -> Result<bool> {
                                                   bytes += part.bytes.size();
                                                   return visit(part);
                                                 }));
  if (more && bytes != leaf.node.bytes) {
    return Err(ErrorCode::kCorruption, "the units of leaf {} have {} bytes where it says {}",
               number, bytes, leaf.node.bytes);
  }
  return more;
}

Result<bool> StreamReader::ReadPart(uint64_t number, const MapLeaf& leaf, uint32_t first,
                                    uint32_t count, const Visitor& visit) {
  const std::vector<Step> steps = Steps(leaf.node, number * kUnitsPerLeaf, first, count);
  const auto window_at = [&](size_t begin) {
    return std::span(steps).subspan(begin, WindowEnd(leaf.node, steps, begin) - begin);
  };
  std::optional<ComingWindow> ahead;
  for (size_t begin = 0; begin < steps.size();) {
    const std::span<const Step> window = window_at(begin);
    const size_t end = begin + window.size();
    PGK_TRY(TakeWindow(ahead ? *std::exchange(ahead, std::nullopt)
                             : StartWindow(number, leaf.node, window)));
    if (frames_.reads_ahead() && end < steps.size()) {
      ahead = StartWindow(number, leaf.node, window_at(end));
    }
    for (const Step& step : window) {
      PGK_ASSIGN_OR_RETURN(const bool more, VisitStep(number, leaf, step, visit));
      if (!more) return false;
    }
    begin = end;
  }
  return true;
}

// As many steps as fit the window; at least one. A window in which less than half of what must be
// decoded is wanted goes on, up to the larger limit: behind it the same frames would be read again.
size_t StreamReader::WindowEnd(const LeafNode& leaf, std::span<const Step> steps,
                               size_t begin) const {
  std::set<uint32_t> taken;
  uint64_t wanted = 0;
  uint64_t decoded = 0;
  size_t end = begin;
  for (; end < steps.size(); ++end) {
    const Extent& extent = steps[end].extent;
    if (extent.type != Extent::Type::kRun) continue;
    const LeafFrame& frame = leaf.frames[extent.index];
    // All units of a frame are taken to be of one length.
    wanted += uint64_t{frame.rlen} * extent.count / frame.units;
    if (taken.insert(extent.index).second) decoded += frame.rlen;
    const uint64_t limit = decoded / 2 > wanted ? kScatteredWindowBytes : kWindowBytes;
    if (wanted > limit && end > begin) break;
  }
  return end;
}

StreamReader::ComingWindow StreamReader::StartWindow(uint64_t number, const LeafNode& leaf,
                                                     std::span<const Step> steps) {
  std::map<uint32_t, uint16_t> units;  // by index of the frame
  for (const Step& step : steps) {
    if (step.extent.type != Extent::Type::kRun) continue;
    units[step.extent.index] |= UnitBits(step.extent.first, step.extent.count);
  }
  ComingWindow coming;
  std::vector<WantedFrame> wanted;
  for (const auto& [index, bits] : units) {
    const FrameKey key{number, index};
    const auto known = window_.find(key);
    if (known != window_.end() && known->second->whole()) {
      coming.window.emplace(key, known->second);
      continue;
    }
    const LeafFrame& frame = leaf.frames[index];
    // What is left of a frame after this window is mostly wanted by the next one.
    const bool most = std::popcount(bits) * 2 >= frame.units;
    coming.missing.push_back(key);
    wanted.push_back({FromTable(leaf.packs, frame), most ? WantedFrame::kAllUnits : bits});
  }
  if (!wanted.empty()) coming.batch = frames_.Start(std::move(wanted));
  return coming;
}

Status StreamReader::TakeWindow(ComingWindow coming) {
  if (coming.batch != nullptr) {
    PGK_ASSIGN_OR_RETURN(FrameBatch::Frames frames, coming.batch->Wait());
    for (size_t i = 0; i < coming.missing.size(); ++i) {
      coming.window.emplace(coming.missing[i], std::move(frames[i]));
    }
  }
  window_ = std::move(coming.window);
  return Ok();
}

Result<bool> StreamReader::VisitStep(uint64_t number, const MapLeaf& leaf, const Step& step,
                                     const Visitor& visit) {
  switch (step.extent.type) {
    case Extent::Type::kHole:
      return VisitHoles(step, visit);
    case Extent::Type::kRun:
      return VisitRun(number, step, visit);
    case Extent::Type::kBig:
      break;
  }
  for (uint32_t i = 0; i < step.extent.count; ++i) {
    PGK_ASSIGN_OR_RETURN(const bool more, VisitBlob(leaf.node.blobs[step.extent.index + i],
                                                    step.first_unit + i, visit));
    if (!more) return false;
  }
  return true;
}

Result<bool> StreamReader::VisitHoles(const Step& step, const Visitor& visit) {
  const StreamEntry& stream = entry();
  for (uint32_t i = 0; i < step.extent.count; ++i) {
    UnitPart part;
    part.unit = step.first_unit + i;
    part.unit_bytes = stream.unit_size;
    part.hole = true;
    if (stream.unit_size != 0 && part.unit + 1 == stream.units) {
      part.unit_bytes = stream.bytes - part.unit * stream.unit_size;
    }
    PGK_ASSIGN_OR_RETURN(const bool more, visit(part));
    if (!more) return false;
  }
  return true;
}

Result<bool> StreamReader::VisitRun(uint64_t number, const Step& step, const Visitor& visit) {
  const std::shared_ptr<const FrameUnits> frame = window_.at({number, step.extent.index});
  for (uint32_t i = 0; i < step.extent.count; ++i) {
    const ByteSpan bytes = frame->unit(step.extent.first + i);
    const uint64_t unit = step.first_unit + i;
    const StreamEntry& stream = entry();
    if (stream.unit_size != 0) {
      const uint64_t expected =
          unit + 1 == stream.units ? stream.bytes - unit * stream.unit_size : stream.unit_size;
      if (bytes.size() != expected) {
        return Err(ErrorCode::kCorruption, "unit {} has {} bytes where {} belong", unit,
                   bytes.size(), expected);
      }
    }
    PGK_ASSIGN_OR_RETURN(
        const bool more,
        visit({.unit = unit, .unit_bytes = bytes.size(), .offset = 0, .bytes = bytes}));
    if (!more) return false;
  }
  return true;
}

Result<bool> StreamReader::VisitBlob(const LeafBlob& blob, uint64_t unit, const Visitor& visit) {
  PGK_ASSIGN_OR_RETURN(const Bytes node_payload, nodes_.ReadNode(FrameKind::kBlob, blob.node));
  PGK_ASSIGN_OR_RETURN(const BlobNode node, DecodeBlob(node_payload));
  if (BlobBytes(node) != blob.length) {
    return Err(ErrorCode::kCorruption, "unit {} has {} bytes where its leaf says {}", unit,
               BlobBytes(node), blob.length);
  }
  UnitPart part;
  part.unit = unit;
  part.unit_bytes = blob.length;
  const auto start = [&](size_t begin) {
    const size_t end = std::min(begin + kBlobFramesAtOnce, node.frames.size());
    std::vector<WantedFrame> wanted;
    for (size_t i = begin; i < end; ++i) wanted.push_back({FromTable(node.packs, node.frames[i])});
    return frames_.Start(std::move(wanted));
  };
  std::unique_ptr<FrameBatch> ahead;
  for (size_t begin = 0; begin < node.frames.size(); begin += kBlobFramesAtOnce) {
    const std::unique_ptr<FrameBatch> batch = ahead ? std::move(ahead) : start(begin);
    PGK_ASSIGN_OR_RETURN(const FrameBatch::Frames frames, batch->Wait());
    const size_t next = begin + kBlobFramesAtOnce;
    if (frames_.reads_ahead() && next < node.frames.size()) ahead = start(next);
    for (const std::shared_ptr<const FrameUnits>& frame : frames) {
      part.bytes = frame->unit(0);
      PGK_ASSIGN_OR_RETURN(const bool more, visit(part));
      if (!more) return false;
      part.offset += part.bytes.size();
    }
  }
  return true;
}

Status StreamReader::ReadAt(uint64_t offset, MutableByteSpan out) {
  if (offset > entry().bytes || out.size() > entry().bytes - offset) {
    return Err(ErrorCode::kInvalidArgument, "bytes {} to {} of stream \"{}\", which has {}", offset,
               offset + out.size(), PrintableName(entry().name), entry().bytes);
  }
  if (out.empty()) return Ok();
  uint64_t first = 0;
  uint64_t position = 0;  // of the first unit in the stream
  if (entry().unit_size != 0) {
    first = offset / entry().unit_size;
    position = first * entry().unit_size;
  } else {
    PGK_ASSIGN_OR_RETURN(const LeafPosition place, map_.Locate(offset));
    first = place.leaf * kUnitsPerLeaf;
    position = place.leaf_start;
  }
  const uint64_t end = offset + out.size();
  uint64_t count = entry().units - first;
  if (entry().unit_size != 0) {
    count = (end - position + entry().unit_size - 1) / entry().unit_size;
  }
  PGK_TRY(ReadUnits(first, count, [&](const UnitPart& part) -> Result<bool> {
    const uint64_t size = part.hole ? part.unit_bytes : part.bytes.size();
    const uint64_t from = std::max(position, offset);
    const uint64_t to = std::min(position + size, end);
    if (from < to) {
      const MutableByteSpan target = out.subspan(from - offset, to - from);
      if (part.hole) {
        std::ranges::fill(target, uint8_t{0});
      } else {
        std::ranges::copy(part.bytes.subspan(from - position, to - from), target.begin());
      }
    }
    position += size;
    return position < end;
  }));
  if (position >= end) return Ok();
  return Err(ErrorCode::kCorruption, "stream \"{}\" ends after {} bytes where its map says {}",
             PrintableName(entry().name), position, entry().bytes);
}

}  // namespace pgkeep::repository

#include "testing/node_samples.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "repository/units_payload.h"

namespace pgkeep::testing {

using namespace repository;  // NOLINT: nearly every name below is from there

namespace {

// A leaf while it is drawn: frames know their packs, extents the frames as drawn.
struct LeafDraft {
  std::vector<std::pair<PackId, LeafFrame>> frames;
  std::vector<LeafBlob> blobs;
  std::vector<Extent> extents;
};

PackId RandomPack(SeededRandom& random) {
  PackId pack;
  // Few writers, so that packs share one.
  pack.writer.bytes.fill(static_cast<uint8_t>(Draw(random, 3)));
  pack.seq = static_cast<uint32_t>(Draw(random, 200));
  return pack;
}

Extent DrawRun(SeededRandom& random, LeafDraft& draft) {
  // How many frames back: a new frame is used at once, so that every frame is.
  size_t back = draft.frames.empty() ? 0 : Draw(random, std::min<size_t>(draft.frames.size(), 3));
  if (draft.frames.empty() || Draw(random, 3) != 0) {
    LeafFrame frame = RandomFrame(random, static_cast<uint8_t>(1 + Draw(random, 16)));
    // Distinct places, whatever the pack.
    frame.offset = static_cast<uint32_t>(kPackHeaderBytes + draft.frames.size() * 1000);
    draft.frames.emplace_back(RandomPack(random), frame);
    back = 0;
  }
  const size_t index = draft.frames.size() - 1 - back;
  const uint32_t units = draft.frames[index].second.units;
  const auto first = static_cast<uint32_t>(Draw(random, units));
  return {.type = Extent::Type::kRun,
          .count = 1 + static_cast<uint32_t>(Draw(random, units - first)),
          .index = static_cast<uint32_t>(index),
          .first = first};
}

Extent DrawBig(SeededRandom& random, LeafDraft& draft) {
  const auto count = static_cast<uint32_t>(1 + Draw(random, 2));
  const auto index = static_cast<uint32_t>(draft.blobs.size());
  for (uint32_t i = 0; i < count; ++i) {
    draft.blobs.push_back(
        {.node = RandomPointer(random), .length = kMaxUnitBytes + 1 + Draw(random, 1 << 20)});
  }
  return {.type = Extent::Type::kBig, .count = count, .index = index, .first = 0};
}

Extent DrawExtent(SeededRandom& random, LeafDraft& draft) {
  switch (Draw(random, 4)) {
    case 0:
      return {.type = Extent::Type::kHole,
              .count = 1 + static_cast<uint32_t>(Draw(random, 300)),
              .index = 0,
              .first = 0};
    case 1:
      return DrawBig(random, draft);
    default:
      return DrawRun(random, draft);
  }
}

// Sorts the frames as a leaf has them and renumbers the extents.
void PlaceFrames(LeafDraft& draft, LeafNode& leaf) {
  std::set<PackId> packs;
  for (const auto& [pack, frame] : draft.frames) packs.insert(pack);
  leaf.packs.assign(packs.begin(), packs.end());
  std::vector<uint32_t> order(draft.frames.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
    const auto& [pack_a, frame_a] = draft.frames[a];
    const auto& [pack_b, frame_b] = draft.frames[b];
    return std::tie(pack_a, frame_a.offset) < std::tie(pack_b, frame_b.offset);
  });
  std::vector<uint32_t> position(order.size());
  for (uint32_t i = 0; i < order.size(); ++i) {
    auto [pack, frame] = draft.frames[order[i]];
    frame.pack = static_cast<uint32_t>(std::distance(packs.begin(), packs.find(pack)));
    leaf.frames.push_back(frame);
    position[order[i]] = i;
  }
  for (Extent& extent : draft.extents) {
    if (extent.type == Extent::Type::kRun) extent.index = position[extent.index];
  }
}

uint64_t DrawUnits(SeededRandom& random, uint64_t limit) {
  // All magnitudes alike.
  return 1 + (random.Next() >> Draw(random, 64)) % limit;
}

}  // namespace

Bytes DrawBytes(SeededRandom& random, size_t size) {
  Bytes out(size);
  random.Fill(out);
  return out;
}

NodePointer RandomPointer(SeededRandom& random) {
  if (Draw(random, 2) == 0) {
    return NodePointer::Inline(DrawBytes(random, 1 + Draw(random, Draw(random, 8) == 0 ? 256 : 8)));
  }
  NodeRef ref;
  random.Fill(ref.writer.bytes);
  random.Fill(ref.id);
  ref.seq = static_cast<uint32_t>(Draw(random, kMaxPackSeq + 1));
  ref.offset = static_cast<uint32_t>(kPackHeaderBytes + Draw(random, kDefaultPackBytes));
  ref.rlen = 1 + static_cast<uint32_t>(Draw(random, kMaxNodeFrameRlen));
  ref.clen = 1 + static_cast<uint32_t>(Draw(random, ref.rlen));
  return NodePointer::Reference(ref);
}

LeafFrame RandomFrame(SeededRandom& random, uint8_t units) {
  LeafFrame frame;
  frame.offset = static_cast<uint32_t>(kPackHeaderBytes + Draw(random, kDefaultPackBytes));
  frame.rlen = 2U * units + static_cast<uint32_t>(Draw(random, kFrameUnitsBytesTarget));
  frame.clen = 1 + static_cast<uint32_t>(Draw(random, frame.rlen));
  frame.units = units;
  random.Fill(frame.hash);
  return frame;
}

LeafNode RandomLeaf(SeededRandom& random) {
  LeafDraft draft;
  const uint64_t extents = 1 + Draw(random, 20);
  for (uint64_t i = 0; i < extents; ++i) draft.extents.push_back(DrawExtent(random, draft));
  LeafNode leaf;
  PlaceFrames(draft, leaf);
  leaf.blobs = std::move(draft.blobs);
  for (const Extent& extent : draft.extents) {
    if (!leaf.extents.empty() && Continues(leaf.extents.back(), extent)) {
      leaf.extents.back().count += extent.count;
    } else {
      leaf.extents.push_back(extent);
    }
  }
  for (const Extent& extent : leaf.extents) {
    leaf.units += extent.count;
    if (extent.type != Extent::Type::kBig) leaf.bytes += extent.count;
  }
  for (const LeafBlob& blob : leaf.blobs) leaf.bytes += blob.length;
  return leaf;
}

BlobNode RandomBlob(SeededRandom& random) {
  BlobNode blob;
  std::set<PackId> packs;
  for (uint64_t i = Draw(random, 3) + 1; i > 0; --i) packs.insert(RandomPack(random));
  blob.packs.assign(packs.begin(), packs.end());
  const uint64_t pieces = blob.packs.size() + 1 + Draw(random, 4);
  for (uint64_t i = 0; i < pieces; ++i) {
    LeafFrame frame = RandomFrame(random, 1);
    const bool last = i + 1 == pieces;
    frame.rlen = SingleUnitPayloadBytes(
        last ? 1 + static_cast<uint32_t>(Draw(random, kMaxUnitBytes)) : uint32_t{kMaxUnitBytes});
    frame.clen = 1 + static_cast<uint32_t>(Draw(random, frame.rlen));
    frame.pack = static_cast<uint32_t>(i % blob.packs.size());
    blob.frames.push_back(frame);
  }
  return blob;
}

IndexNode RandomIndex(SeededRandom& random) {
  IndexNode index;
  index.height = static_cast<uint8_t>(1 + Draw(random, kMaxIndexHeight - 1));
  const uint64_t full = UnitsBelow(static_cast<uint8_t>(index.height - 1));
  const uint64_t children = 1 + Draw(random, index.height < 6 ? kIndexFanout : 3);
  for (uint64_t i = 0; i < children; ++i) {
    const bool last = i + 1 == children;
    index.children.push_back({.node = RandomPointer(random),
                              .bytes = random.Next() >> (10 + Draw(random, 50)),
                              .units = last ? DrawUnits(random, full) : full});
  }
  return index;
}

StreamEntry RandomStream(SeededRandom& random, std::string name) {
  StreamEntry entry;
  entry.name = std::move(name);
  entry.identity = DrawBytes(random, Draw(random, 40));
  entry.attributes = DrawBytes(random, Draw(random, 40));
  entry.kind = static_cast<uint8_t>(Draw(random, 256));
  entry.unit_size =
      Draw(random, 2) == 0 ? 0 : 1 + static_cast<uint32_t>(Draw(random, kMaxUnitBytes));
  if (Draw(random, 4) == 0) return entry;
  entry.units = DrawUnits(random, uint64_t{1} << 40);
  entry.bytes = entry.unit_size == 0
                    ? Draw(random, entry.units * 1000)
                    : (entry.units - 1) * entry.unit_size + 1 + Draw(random, entry.unit_size);
  entry.height = HeightFor(entry.units);
  entry.root = RandomPointer(random);
  return entry;
}

DirectoryNode RandomDirectory(SeededRandom& random) {
  DirectoryNode node;
  node.level =
      Draw(random, 2) == 0 ? 0 : static_cast<uint8_t>(1 + Draw(random, kMaxDirectoryLevel));
  std::set<std::string> names;
  for (uint64_t i = 1 + Draw(random, 12); i > 0; --i) {
    names.insert(std::string(AsText(DrawBytes(random, 1 + Draw(random, 6)))));
  }
  for (const std::string& name : names) {
    if (node.level == 0) {
      node.streams.push_back(RandomStream(random, name));
    } else {
      node.children.push_back({.first_name = name,
                               .streams = DrawUnits(random, 1 << 20),
                               .node = RandomPointer(random)});
    }
  }
  return node;
}

FingerprintNode RandomFingerprints(SeededRandom& random) {
  FingerprintNode node;
  node.data_seq = static_cast<uint32_t>(Draw(random, kMaxPackSeq + 1));
  uint32_t offset = kPackHeaderBytes;
  for (uint64_t i = 1 + Draw(random, 12); i > 0; --i) {
    const auto units = static_cast<uint8_t>(1 + Draw(random, kMaxUnitsPerFrame));
    node.frames.push_back({.offset = offset, .units = units});
    offset += static_cast<uint32_t>(kFrameOverheadBytes + 1 + Draw(random, 200'000));
    for (unsigned unit = 0; unit < units; ++unit) node.fingerprints.push_back(random.Next());
  }
  return node;
}

}  // namespace pgkeep::testing

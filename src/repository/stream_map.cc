#include "repository/stream_map.h"

#include <string>
#include <string_view>

#include "base/check.h"
#include "base/hex.h"
#include "repository/limits.h"

namespace pgkeep::repository {

namespace {

constexpr size_t kIndexesMax = 8;
constexpr size_t kPrintableNameBytesMax = 80;

uint64_t LeafCount(uint64_t units) { return units / kUnitsPerLeaf + (units % kUnitsPerLeaf != 0); }

}  // namespace

std::string PrintableName(std::string_view name) {
  std::string text;
  for (const char c : name.substr(0, kPrintableNameBytesMax)) {
    const auto byte = static_cast<uint8_t>(c);
    const bool printable = byte >= 0x20 && byte != 0x7f && c != '\\';
    text += printable ? std::string(1, c) : "\\x" + HexEncode(ByteSpan(&byte, 1));
  }
  if (name.size() > kPrintableNameBytesMax) text += "...";
  return text;
}

StreamMap::StreamMap(NodeStore& nodes, StreamEntry entry)
    : nodes_(nodes), entry_(std::move(entry)), leaves_(LeafCount(entry_.units)) {}

Error StreamMap::InStream(Error error) const {
  return std::move(error).WithContext("stream \"" + PrintableName(entry_.name) + "\"");
}

Result<NodePointer> StreamMap::Node(uint8_t height, uint64_t number) {
  PGK_ASSIGN_OR_RETURN(IndexChild child, Child(height, number));
  return std::move(child.node);
}

Result<NodePointer> StreamMap::ReadableIndex(uint8_t height, uint64_t number) {
  PGK_TRY(Index(height, number));
  return Node(height, number);
}

Result<std::shared_ptr<const MapLeaf>> StreamMap::Leaf(uint64_t number) {
  PGK_CHECK(number < leaves_, "the leaf is inside the stream");
  PGK_ASSIGN_OR_RETURN(IndexChild child, Child(0, number));
  const auto payload = nodes_.ReadNode(FrameKind::kLeaf, child.node);
  if (!payload.ok()) return InStream(payload.error());
  Result<LeafNode> leaf = DecodeLeaf(*payload);
  if (!leaf.ok()) return InStream(std::move(leaf).error());
  if (leaf->units != child.units || leaf->bytes != child.bytes) {
    return InStream(Err(ErrorCode::kCorruption,
                        "leaf {} has {} units and {} bytes where its parent says {} and {}", number,
                        leaf->units, leaf->bytes, child.units, child.bytes));
  }
  const Status fits = CheckLeafInStream(*leaf, entry_.unit_size, number + 1 == leaves_);
  if (!fits.ok()) return InStream(fits.error());
  return std::make_shared<const MapLeaf>(MapLeaf{*std::move(leaf), std::move(child.node)});
}

Result<IndexChild> StreamMap::Child(uint8_t height, uint64_t number) {
  if (height == entry_.height) {
    PGK_CHECK(number == 0, "a map has one root");
    return IndexChild{entry_.root, entry_.bytes, entry_.units};
  }
  PGK_ASSIGN_OR_RETURN(const IndexPointer parent,
                       Index(static_cast<uint8_t>(height + 1), number / kIndexFanout));
  const size_t position = number % kIndexFanout;
  if (position >= parent->children.size()) {
    return InStream(Err(ErrorCode::kCorruption, "node {} of height {} is missing", number, height));
  }
  return parent->children[position];
}

Result<StreamMap::IndexPointer> StreamMap::Index(uint8_t height, uint64_t number) {
  {
    const MutexLock lock(mutex_);
    for (auto it = indexes_.begin(); it != indexes_.end(); ++it) {
      if (it->height != height || it->number != number) continue;
      indexes_.splice(indexes_.begin(), indexes_, it);
      return it->node;
    }
  }
  PGK_ASSIGN_OR_RETURN(const IndexChild self, Child(height, number));
  const auto payload = nodes_.ReadNode(FrameKind::kIndex, self.node);
  if (!payload.ok()) return InStream(payload.error());
  Result<IndexNode> decoded = DecodeIndex(*payload);
  if (!decoded.ok()) return InStream(std::move(decoded).error());
  const Status fits = CheckIndexInStream(*decoded, height, self.units, self.bytes);
  if (!fits.ok()) return InStream(fits.error());
  auto node = std::make_shared<const IndexNode>(*std::move(decoded));
  const MutexLock lock(mutex_);
  indexes_.push_front({height, number, node});
  if (indexes_.size() > kIndexesMax) indexes_.pop_back();
  return node;
}

Result<LeafPosition> StreamMap::Locate(uint64_t offset) {
  PGK_CHECK(offset < entry_.bytes, "the byte is inside the stream");
  LeafPosition position;
  for (uint8_t height = entry_.height; height > 0; --height) {
    PGK_ASSIGN_OR_RETURN(const IndexPointer node, Index(height, position.leaf));
    size_t child = 0;
    while (offset - position.leaf_start >= node->children[child].bytes) {
      position.leaf_start += node->children[child].bytes;
      ++child;  // inside: the children's bytes add up to the parent's
    }
    position.leaf = position.leaf * kIndexFanout + child;
  }
  return position;
}

}  // namespace pgkeep::repository

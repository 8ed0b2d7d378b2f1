#include "repository/directory_map.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace pgkeep::repository {

namespace {

constexpr size_t kNodesMax = 16;

}  // namespace

DirectoryMap::DirectoryMap(NodeStore& nodes, NodePointer root)
    : nodes_(nodes), root_(std::move(root)) {}

Result<std::shared_ptr<const DirectoryNode>> DirectoryMap::Read(const NodePointer& pointer,
                                                                std::optional<uint8_t> level) {
  const NodeRef* ref = pointer.reference();
  if (ref != nullptr) {
    const MutexLock lock(mutex_);
    for (auto it = cache_.begin(); it != cache_.end(); ++it) {
      if (it->id != ref->id) continue;
      cache_.splice(cache_.begin(), cache_, it);
      return it->node;
    }
  }
  PGK_ASSIGN_OR_RETURN(const Bytes payload, nodes_.ReadNode(FrameKind::kDirectory, pointer));
  PGK_ASSIGN_OR_RETURN(DirectoryNode decoded, DecodeDirectory(payload));
  if (level && decoded.level != *level) {
    return Err(ErrorCode::kCorruption, "a directory node has level {} below level {}",
               decoded.level, *level + 1);
  }
  auto node = std::make_shared<const DirectoryNode>(std::move(decoded));
  if (ref != nullptr) {
    const MutexLock lock(mutex_);
    read_.try_emplace(ref->id, pointer);
    cache_.push_front({ref->id, node});
    if (cache_.size() > kNodesMax) cache_.pop_back();
  }
  return node;
}

Result<std::optional<StreamEntry>> DirectoryMap::Find(std::string_view name) {
  NodePointer pointer = root_;
  std::optional<uint8_t> level;
  while (!pointer.empty()) {
    PGK_ASSIGN_OR_RETURN(const std::shared_ptr<const DirectoryNode> node, Read(pointer, level));
    if (node->level == 0) {
      const auto found = std::ranges::lower_bound(node->streams, name, {}, &StreamEntry::name);
      if (found == node->streams.end() || found->name != name) break;
      return std::optional<StreamEntry>(*found);
    }
    const auto after =
        std::ranges::upper_bound(node->children, name, {}, &DirectoryChild::first_name);
    if (after == node->children.begin()) break;
    pointer = std::prev(after)->node;
    level = static_cast<uint8_t>(node->level - 1);
  }
  return std::optional<StreamEntry>();
}

Status DirectoryMap::WalkBelow(
    const NodePointer& pointer, std::optional<uint8_t> level,
    const std::function<Status(const NodePointer&, const DirectoryNode&)>& visit) {
  PGK_ASSIGN_OR_RETURN(const std::shared_ptr<const DirectoryNode> node, Read(pointer, level));
  PGK_TRY(visit(pointer, *node));
  for (const DirectoryChild& child : node->children) {
    PGK_TRY(WalkBelow(child.node, static_cast<uint8_t>(node->level - 1), visit));
  }
  return Ok();
}

Status DirectoryMap::WalkNodes(
    const std::function<Status(const NodePointer&, const DirectoryNode&)>& visit) {
  if (root_.empty()) return Ok();
  return WalkBelow(root_, std::nullopt, visit);
}

Status DirectoryMap::Walk(const std::function<Status(const StreamEntry&)>& visit) {
  return WalkNodes([&](const NodePointer& /*pointer*/, const DirectoryNode& node) -> Status {
    for (const StreamEntry& stream : node.streams) PGK_TRY(visit(stream));
    return Ok();
  });
}

std::map<NodeId, NodePointer> DirectoryMap::NodesRead() const {
  const MutexLock lock(mutex_);
  return read_;
}

}  // namespace pgkeep::repository

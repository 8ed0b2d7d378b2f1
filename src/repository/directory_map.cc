#include "repository/directory_map.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "repository/stream_map.h"

namespace pgkeep::repository {

namespace {

constexpr size_t kNodesMax = 16;

uint64_t StreamsBelow(const DirectoryNode& node) {
  uint64_t streams = node.streams.size();
  for (const DirectoryChild& child : node.children) streams += child.streams;
  return streams;
}

Status CheckClaim(const DirectoryNode& node, const DirectoryClaim& claim) {
  if (claim.level && node.level != *claim.level) {
    return Err(ErrorCode::kCorruption, "a directory node has level {} where its parent says {}",
               node.level, *claim.level);
  }
  const uint64_t streams = StreamsBelow(node);
  if (streams != claim.streams) {
    return Err(ErrorCode::kCorruption, "a directory node has {} streams where its parent says {}",
               streams, claim.streams);
  }
  if (!claim.first_name) return Ok();
  const std::string& first =
      node.level == 0 ? node.streams.front().name : node.children.front().first_name;
  if (first == *claim.first_name) return Ok();
  return Err(ErrorCode::kCorruption,
             "a directory node begins with \"{}\" where its parent says \"{}\"",
             PrintableName(first), PrintableName(*claim.first_name));
}

}  // namespace

DirectoryMap::DirectoryMap(NodeStore& nodes, const SubtreeEntry& subtree)
    : nodes_(nodes),
      root_(subtree.directory),
      streams_(subtree.streams),
      units_(subtree.units),
      bytes_(subtree.bytes) {}

DirectoryClaim DirectoryMap::ChildClaim(const DirectoryNode& parent, const DirectoryChild& child) {
  return {static_cast<uint8_t>(parent.level - 1), child.first_name, child.streams};
}

Result<DirectoryMap::Node> DirectoryMap::Load(const NodePointer& pointer) {
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
  auto node = std::make_shared<const DirectoryNode>(std::move(decoded));
  if (ref != nullptr) {
    const MutexLock lock(mutex_);
    read_.try_emplace(ref->id, pointer);
    cache_.push_front({ref->id, node});
    if (cache_.size() > kNodesMax) cache_.pop_back();
  }
  return node;
}

Result<DirectoryMap::Node> DirectoryMap::Read(const NodePointer& pointer,
                                              const DirectoryClaim& claim) {
  PGK_ASSIGN_OR_RETURN(Node node, Load(pointer));
  // Also when it was held: another parent may have named it.
  PGK_TRY(CheckClaim(*node, claim));
  return node;
}

Result<std::optional<StreamEntry>> DirectoryMap::Find(std::string_view name) {
  NodePointer pointer = root_;
  DirectoryClaim claim = RootClaim();
  while (!pointer.empty()) {
    PGK_ASSIGN_OR_RETURN(const Node node, Read(pointer, claim));
    if (node->level == 0) {
      const auto found = std::ranges::lower_bound(node->streams, name, {}, &StreamEntry::name);
      if (found == node->streams.end() || found->name != name) break;
      return std::optional<StreamEntry>(*found);
    }
    const auto after =
        std::ranges::upper_bound(node->children, name, {}, &DirectoryChild::first_name);
    if (after == node->children.begin()) break;
    const DirectoryChild& child = *std::prev(after);
    claim = ChildClaim(*node, child);
    pointer = child.node;
  }
  return std::optional<StreamEntry>();
}

Status DirectoryMap::WalkBelow(const NodePointer& pointer, const DirectoryClaim& claim,
                               const std::function<Status(const StreamEntry&)>& visit) {
  PGK_ASSIGN_OR_RETURN(const Node node, Read(pointer, claim));
  for (const StreamEntry& stream : node->streams) PGK_TRY(visit(stream));
  for (const DirectoryChild& child : node->children) {
    PGK_TRY(WalkBelow(child.node, ChildClaim(*node, child), visit));
  }
  return Ok();
}

Status DirectoryMap::Walk(const std::function<Status(const StreamEntry&)>& visit) {
  uint64_t units = 0;
  uint64_t bytes = 0;
  if (!root_.empty()) {
    PGK_TRY(WalkBelow(root_, RootClaim(), [&](const StreamEntry& stream) {
      units += stream.units;
      bytes += stream.bytes;
      return visit(stream);
    }));
  }
  if (units == units_ && bytes == bytes_) return Ok();
  return Err(ErrorCode::kCorruption,
             "a directory has {} units and {} bytes where the manifest says {} and {}", units,
             bytes, units_, bytes_);
}

std::map<NodeId, NodePointer> DirectoryMap::NodesRead() const {
  const MutexLock lock(mutex_);
  return read_;
}

}  // namespace pgkeep::repository

#include "repository/backup_tree_walker.h"

#include <set>
#include <string>
#include <utility>

#include "repository/blob_node.h"
#include "repository/control_access.h"
#include "repository/directory_map.h"
#include "repository/index_node.h"
#include "repository/leaf_node.h"
#include "repository/node_store.h"
#include "repository/stream_map.h"

namespace pgkeep::repository {

namespace {

// One walk. Every function reports damage and goes on; it fails only for what ends the work.
class Walker {
 public:
  Walker(const RepositoryContext& context, TreeVisitor& visitor)
      : context_(context), nodes_(context, nullptr), visitor_(visitor) {}

  Status WalkSubtree(const SubtreeEntry& subtree) {
    DirectoryMap directory(nodes_, subtree.directory);
    return Tolerate(
        directory.WalkNodes([&](const NodePointer& pointer, const DirectoryNode& node) -> Status {
          SeeNode(pointer);
          for (const StreamEntry& entry : node.streams) PGK_TRY(WalkStream(entry));
          return CheckStopped();
        }));
  }

 private:
  Status CheckStopped() const {
    if (!context_.stop.stop_requested()) return Ok();
    return Err(ErrorCode::kCancelled, "the verification was cancelled");
  }

  // Damage goes to the visitor; everything else ends the walk.
  Status Tolerate(const Status& status) {
    if (status.ok() || !IsDamage(status.error())) return status;
    visitor_.OnDamage(status.error());
    return Ok();
  }

  // True the first time.
  bool SeeNode(const NodePointer& pointer) {
    const NodeRef* ref = pointer.reference();
    if (ref == nullptr || !seen_.insert(ref->id).second) return false;
    visitor_.OnNode(ref->place());
    return true;
  }

  Status WalkStream(const StreamEntry& entry) {
    if (entry.units == 0) return Ok();
    StreamMap map(nodes_, entry);
    PGK_TRY(WalkIndexes(map));
    for (uint64_t number = 0; number < map.leaves(); ++number) {
      PGK_TRY(CheckStopped());
      PGK_TRY(Tolerate(WalkLeaf(map, number)));
    }
    return Ok();
  }

  Status WalkIndexes(StreamMap& map) {
    for (uint8_t height = map.entry().height; height > 0; --height) {
      const uint64_t below = UnitsBelow(height);
      const uint64_t count = (map.entry().units - 1) / below + 1;
      for (uint64_t number = 0; number < count; ++number) {
        const auto pointer = map.Node(height, number);
        if (pointer.ok()) {
          SeeNode(*pointer);
        } else {
          PGK_TRY(Tolerate(pointer.error()));
        }
      }
    }
    return Ok();
  }

  Status WalkLeaf(StreamMap& map, uint64_t number) {
    PGK_ASSIGN_OR_RETURN(const std::shared_ptr<const MapLeaf> leaf, map.Leaf(number));
    SeeNode(leaf->pointer);
    const LeafNode& node = leaf->node;
    std::vector<uint32_t> units(node.frames.size());
    for (const Extent& extent : node.extents) {
      if (extent.type == Extent::Type::kRun) units[extent.index] += extent.count;
    }
    for (size_t i = 0; i < units.size(); ++i) SeeFrame(node.packs, node.frames[i], units[i]);
    for (const LeafBlob& blob : node.blobs) PGK_TRY(Tolerate(WalkBlob(blob)));
    return Ok();
  }

  Status WalkBlob(const LeafBlob& blob) {
    PGK_ASSIGN_OR_RETURN(const Bytes payload, nodes_.ReadNode(FrameKind::kBlob, blob.node));
    PGK_ASSIGN_OR_RETURN(const BlobNode node, DecodeBlob(payload));
    if (BlobBytes(node) != blob.length) {
      return Err(ErrorCode::kCorruption, "a unit has {} bytes where its leaf says {}",
                 BlobBytes(node), blob.length);
    }
    SeeNode(blob.node);
    for (const LeafFrame& frame : node.frames) SeeFrame(node.packs, frame, 1);
    return Ok();
  }

  void SeeFrame(const std::vector<PackId>& packs, const LeafFrame& frame, uint32_t units) {
    visitor_.OnFrame({packs[frame.pack].name(), frame.offset, frame.clen, frame.rlen}, units);
  }

  const RepositoryContext& context_;
  NodeStore nodes_;
  TreeVisitor& visitor_;
  std::set<NodeId> seen_;
};

}  // namespace

Status BackupTreeWalker::Walk(const BackupId& id, const Manifest& manifest, TreeVisitor& visitor) {
  Walker walker(repository_.context(), visitor);
  for (const SubtreeEntry& subtree : manifest.subtrees) {
    PGK_TRY_CONTEXT("backup " + id.Hex(), walker.WalkSubtree(subtree));
  }
  return Ok();
}

}  // namespace pgkeep::repository

#include "repository/backup_tree_walker.h"

#include <map>
#include <string>
#include <utility>

#include "repository/blob_node.h"
#include "repository/control_access.h"
#include "repository/directory_map.h"
#include "repository/index_node.h"
#include "repository/leaf_node.h"
#include "repository/limits.h"
#include "repository/node_store.h"
#include "repository/stream_map.h"

namespace pgkeep::repository {

namespace {

uint64_t EndOf(const FramePlace& place) { return uint64_t{place.offset} + FrameBytes(place.clen); }

// What one leaf needs: for each pack the frame that ends last, and whether nothing was wrong.
class LeafSummary {
 public:
  void Add(const FramePlace& place) {
    FramePlace& last = last_.try_emplace(place.pack, place).first->second;
    if (EndOf(place) > EndOf(last)) last = place;
  }

  void Spoil() { whole_ = false; }
  bool whole() const { return whole_; }

  std::vector<FramePlace> Take() {
    std::vector<FramePlace> places;
    places.reserve(last_.size());
    for (auto& [pack, place] : last_) places.push_back(place);
    return places;
  }

 private:
  std::map<PackName, FramePlace> last_;
  bool whole_ = true;
};

// One walk. Every function reports damage and goes on; it fails only for what ends the work.
class Walker {
 public:
  Walker(const RepositoryContext& context, const ReferenceList& references, SharedLeaves& shared,
         TreeVisitor& visitor)
      : context_(context), nodes_(context, nullptr), shared_(shared), visitor_(visitor) {
    nodes_.AddPacks(references);
  }

  Status WalkSubtree(const SubtreeEntry& subtree) {
    DirectoryMap directory(nodes_, subtree);
    Sums sums;
    if (!subtree.directory.empty()) {
      PGK_TRY(WalkDirectory(directory, subtree.directory, directory.RootClaim(), sums));
    }
    // Otherwise the sums are wrong because of what was reported.
    if (!sums.complete || (sums.units == subtree.units && sums.bytes == subtree.bytes)) return Ok();
    return Tolerate(Err(ErrorCode::kCorruption,
                        "a directory has {} units and {} bytes where the manifest says {} and {}",
                        sums.units, sums.bytes, subtree.units, subtree.bytes));
  }

 private:
  struct Sums {
    uint64_t units = 0;
    uint64_t bytes = 0;
    bool complete = true;
  };

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

  void SeeNode(const NodePointer& pointer) {
    if (const NodeRef* ref = pointer.reference()) visitor_.OnNode(ref->place());
  }

  Status WalkDirectory(DirectoryMap& directory, const NodePointer& pointer,
                       const DirectoryClaim& claim, Sums& sums) {
    PGK_TRY(CheckStopped());
    const Result<DirectoryMap::Node> node = directory.Read(pointer, claim);
    if (!node.ok()) {
      sums.complete = false;
      return Tolerate(node.error());
    }
    SeeNode(pointer);
    for (const StreamEntry& entry : (*node)->streams) {
      sums.units += entry.units;
      sums.bytes += entry.bytes;
      if (entry.units == 0) continue;
      StreamMap map(nodes_, entry);
      PGK_TRY(WalkStream(map, entry.height, 0));
    }
    for (const DirectoryChild& child : (*node)->children) {
      PGK_TRY(WalkDirectory(directory, child.node, DirectoryMap::ChildClaim(**node, child), sums));
    }
    return Ok();
  }

  // Everything below one node of a stream's map, which its parent names.
  Status WalkStream(StreamMap& map, uint8_t height, uint64_t number) {
    PGK_TRY(CheckStopped());
    if (height == 0) return Tolerate(WalkLeaf(map, number));
    const auto index = map.Index(height, number);
    if (!index.ok()) return Tolerate(index.error());
    PGK_ASSIGN_OR_RETURN(const NodePointer pointer, map.Node(height, number));
    SeeNode(pointer);
    for (size_t i = 0; i < (*index)->children.size(); ++i) {
      PGK_TRY(WalkStream(map, static_cast<uint8_t>(height - 1), number * kIndexFanout + i));
    }
    return Ok();
  }

  Status WalkLeaf(StreamMap& map, uint64_t number) {
    PGK_ASSIGN_OR_RETURN(const IndexChild child, map.Child(0, number));
    const NodeRef* ref = child.node.reference();
    SharedLeaves::Leaf as_named;
    if (ref != nullptr) {
      as_named = {*ref, child.units, child.bytes, map.entry().unit_size,
                  number + 1 == map.leaves()};
      if (const std::vector<FramePlace>* places = shared_.Find(as_named)) {
        for (const FramePlace& place : *places) visitor_.OnShared(place);
        return Ok();
      }
    }
    PGK_ASSIGN_OR_RETURN(const std::shared_ptr<const MapLeaf> leaf, map.Leaf(number));
    SeeNode(leaf->pointer);
    LeafSummary summary;
    if (ref != nullptr) summary.Add(ref->place());
    const LeafNode& node = leaf->node;
    for (const LeafFrame& frame : node.frames) SeeFrame(node.packs, frame, summary);
    for (const LeafBlob& blob : node.blobs) {
      const Status walked = WalkBlob(blob, summary);
      if (!walked.ok()) summary.Spoil();
      PGK_TRY(Tolerate(walked));
    }
    if (ref != nullptr && summary.whole()) shared_.Add(as_named, summary.Take());
    return Ok();
  }

  Status WalkBlob(const LeafBlob& blob, LeafSummary& summary) {
    PGK_ASSIGN_OR_RETURN(const Bytes payload, nodes_.ReadNode(FrameKind::kBlob, blob.node));
    PGK_ASSIGN_OR_RETURN(const BlobNode node, DecodeBlob(payload));
    if (BlobBytes(node) != blob.length) {
      return Err(ErrorCode::kCorruption, "a unit has {} bytes where its leaf says {}",
                 BlobBytes(node), blob.length);
    }
    SeeNode(blob.node);
    if (const NodeRef* ref = blob.node.reference()) summary.Add(ref->place());
    for (const LeafFrame& frame : node.frames) SeeFrame(node.packs, frame, summary);
    return Ok();
  }

  void SeeFrame(const std::vector<PackId>& packs, const LeafFrame& frame, LeafSummary& summary) {
    const PackName pack = packs[frame.pack].name();
    summary.Add({pack, frame.offset, frame.clen, frame.rlen});
    if (!visitor_.OnFrame(pack, frame)) summary.Spoil();
  }

  const RepositoryContext& context_;
  NodeStore nodes_;
  SharedLeaves& shared_;
  TreeVisitor& visitor_;
};

}  // namespace

Status BackupTreeWalker::Walk(const BackupId& id, const Manifest& manifest,
                              const ReferenceList& references, TreeVisitor& visitor) {
  Walker walker(context_, references, shared_, visitor);
  for (const SubtreeEntry& subtree : manifest.subtrees) {
    PGK_TRY_CONTEXT("backup " + id.Hex(), walker.WalkSubtree(subtree));
  }
  return Ok();
}

}  // namespace pgkeep::repository

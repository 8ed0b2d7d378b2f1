#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "base/result.h"
#include "repository/directory_node.h"
#include "repository/manifest.h"
#include "repository/node.h"
#include "repository/node_store.h"

namespace pgkeep::repository {

// What the parent of a directory node says about it; for a root that is the manifest.
struct DirectoryClaim {
  std::optional<uint8_t> level;           // nothing for a root, which may have any
  std::optional<std::string> first_name;  // of the first stream below; nothing for a root
  uint64_t streams = 0;                   // below
};

// The directory of one stored sub-tree, read as needed. Every node is compared with what its parent
// says of it: level, first name and number of streams.
//
// Thread-safe. Holds at most 16 decoded nodes. Errors: those of NodeStore and of DecodeDirectory,
// and kCorruption when a node is not what its parent says.
class DirectoryMap {
 public:
  using Node = std::shared_ptr<const DirectoryNode>;

  // `nodes` must outlive this. The sub-tree's empty `directory` is one without streams.
  DirectoryMap(NodeStore& nodes, const SubtreeEntry& subtree);

  // The stream with this name, if there is one.
  Result<std::optional<StreamEntry>> Find(std::string_view name);

  // Calls `visit` for every stream, ascending by name, until it fails. Holds one node per level. At
  // the end compares the sums of units and bytes with the sub-tree's: kCorruption.
  Status Walk(const std::function<Status(const StreamEntry&)>& visit);

  // The node that `pointer` names, if it is what `claim` says. For whoever walks by himself, from
  // the sub-tree's directory with RootClaim() to the children with ChildClaim().
  Result<Node> Read(const NodePointer& pointer, const DirectoryClaim& claim) PGK_EXCLUDES(mutex_);

  DirectoryClaim RootClaim() const { return {{}, {}, streams_}; }
  static DirectoryClaim ChildClaim(const DirectoryNode& parent, const DirectoryChild& child);

  // The pointers of the nodes that stand in packs and were read so far, by id. All of them are
  // whole; what has not been read might be damaged. About 200 bytes each are held for it.
  std::map<NodeId, NodePointer> NodesRead() const PGK_EXCLUDES(mutex_);

 private:
  struct Cached {
    NodeId id{};
    Node node;
  };

  Result<Node> Load(const NodePointer& pointer) PGK_EXCLUDES(mutex_);
  Status WalkBelow(const NodePointer& pointer, const DirectoryClaim& claim,
                   const std::function<Status(const StreamEntry&)>& visit);

  NodeStore& nodes_;
  const NodePointer root_;
  const uint64_t streams_;
  const uint64_t units_;
  const uint64_t bytes_;
  mutable Mutex mutex_;
  std::map<NodeId, NodePointer> read_ PGK_GUARDED_BY(mutex_);
  std::list<Cached> cache_ PGK_GUARDED_BY(mutex_);  // newest first
};

}  // namespace pgkeep::repository

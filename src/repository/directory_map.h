#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "base/mutex.h"
#include "base/result.h"
#include "repository/directory_node.h"
#include "repository/node.h"
#include "repository/node_store.h"

namespace pgkeep::repository {

// The directory of one stored sub-tree, read as needed.
//
// Thread-safe. Holds at most 16 decoded nodes. Errors: those of NodeStore and of DecodeDirectory,
// and kCorruption when a node is not what its parent says.
class DirectoryMap {
 public:
  // `nodes` must outlive this. An empty `root` is a directory without streams.
  DirectoryMap(NodeStore& nodes, NodePointer root);

  // The stream with this name, if there is one.
  Result<std::optional<StreamEntry>> Find(std::string_view name);

  // Calls `visit` for every stream, ascending by name, until it fails. Holds one node per level.
  Status Walk(const std::function<Status(const StreamEntry&)>& visit);

  // Calls `visit` for every node: the pointer by which its parent names it and the node.
  Status WalkNodes(const std::function<Status(const NodePointer&, const DirectoryNode&)>& visit);

  // The pointers of the nodes that stand in packs and were read so far, by id. All of them are
  // whole; what has not been read might be damaged. About 200 bytes each are held for it.
  std::map<NodeId, NodePointer> NodesRead() const PGK_EXCLUDES(mutex_);

 private:
  struct Cached {
    NodeId id{};
    std::shared_ptr<const DirectoryNode> node;
  };

  Result<std::shared_ptr<const DirectoryNode>> Read(const NodePointer& pointer,
                                                    std::optional<uint8_t> level)
      PGK_EXCLUDES(mutex_);
  Status WalkBelow(const NodePointer& pointer, std::optional<uint8_t> level,
                   const std::function<Status(const NodePointer&, const DirectoryNode&)>& visit);

  NodeStore& nodes_;
  const NodePointer root_;
  mutable Mutex mutex_;
  std::map<NodeId, NodePointer> read_ PGK_GUARDED_BY(mutex_);
  std::list<Cached> cache_ PGK_GUARDED_BY(mutex_);  // newest first
};

}  // namespace pgkeep::repository

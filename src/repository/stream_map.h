#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "base/result.h"
#include "repository/directory_node.h"
#include "repository/index_node.h"
#include "repository/leaf_node.h"
#include "repository/node.h"
#include "repository/node_store.h"

namespace pgkeep::repository {

// A leaf and the pointer that named it.
struct MapLeaf {
  LeafNode node;
  NodePointer pointer;
};

// Where a byte of a stream is.
struct LeafPosition {
  uint64_t leaf = 0;        // number of the leaf
  uint64_t leaf_start = 0;  // offset of the leaf's first byte in the stream
};

// The tree of nodes of one stored stream, read as needed. Every node is checked against what its
// parent says of it, so a walk never sees units or bytes that do not add up.
//
// Thread-safe. Holds at most eight decoded index nodes. Errors: those of NodeStore, and kCorruption
// with the stream's name.
class StreamMap {
 public:
  // `nodes` must outlive this.
  StreamMap(NodeStore& nodes, StreamEntry entry);

  const StreamEntry& entry() const { return entry_; }
  uint64_t leaves() const { return leaves_; }

  using IndexPointer = std::shared_ptr<const IndexNode>;

  // The pointer to a node: height 0 are the leaves, numbered from 0; nodes of height h cover 256^h
  // leaves each. REQUIRES: the node exists.
  Result<NodePointer> Node(uint8_t height, uint64_t number);

  // The pointer to an index node that could be read, then or before. REQUIRES: the node exists.
  Result<NodePointer> ReadableIndex(uint8_t height, uint64_t number);
  // The same with what the parent says of it.
  Result<IndexChild> Child(uint8_t height, uint64_t number);

  // An index node. REQUIRES: height > 0, the node exists.
  Result<IndexPointer> Index(uint8_t height, uint64_t number) PGK_EXCLUDES(mutex_);

  // A leaf. REQUIRES: number < leaves().
  Result<std::shared_ptr<const MapLeaf>> Leaf(uint64_t number);

  // The leaf that holds the byte at `offset`. REQUIRES: offset < entry().bytes.
  Result<LeafPosition> Locate(uint64_t offset);

 private:
  struct CachedIndex {
    uint8_t height = 0;
    uint64_t number = 0;
    IndexPointer node;
  };

  Error InStream(Error error) const;

  NodeStore& nodes_;
  const StreamEntry entry_;
  const uint64_t leaves_;
  Mutex mutex_;
  std::list<CachedIndex> indexes_ PGK_GUARDED_BY(mutex_);  // newest first
};

// How the name of a stream looks in a message: printable, and not too long.
std::string PrintableName(std::string_view name);

}  // namespace pgkeep::repository

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "repository/index_node.h"

namespace pgkeep::repository {

// Builds the index above the leaves of one stream, which may come in any order. A node is written
// as soon as its last child is there, so what is held is what is unfinished.
//
// One thread at a time.
class IndexBuilder {
 public:
  // Writes the node `number` of `height` and returns its pointer.
  using WriteNode = std::function<Result<NodePointer>(uint64_t number, const IndexNode& node)>;

  explicit IndexBuilder(WriteNode write) : write_(std::move(write)) {}

  // The leaf with this number. Errors: kInvalidArgument when it was given before; those of
  // WriteNode.
  Status AddLeaf(uint64_t number, IndexChild leaf);

  struct Root {
    NodePointer node;  // nothing for no leaves
    uint8_t height = 0;
    uint64_t units = 0;
    uint64_t bytes = 0;
  };

  // All leaves were given. Errors: kInvalidArgument when one is missing, or one that is not the
  // last is not full.
  Result<Root> Finish();

 private:
  // Children of a node that are known so far.
  struct Open {
    std::vector<std::optional<IndexChild>> children;  // kIndexFanout of them
    size_t known = 0;
  };

  Status Add(uint8_t height, uint64_t number, IndexChild child);
  Status WriteUp(uint8_t height, uint64_t number, const Open& open);

  const WriteNode write_;
  uint64_t leaves_ = 0;
  std::map<std::pair<uint8_t, uint64_t>, Open> open_;  // by height and number
};

}  // namespace pgkeep::repository

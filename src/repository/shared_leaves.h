#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "repository/frame_place.h"
#include "repository/node.h"

namespace pgkeep::repository {

// Leaves that were visited with nothing wrong, so that backups which share them need not have them
// read again. One thread at a time. Memory: at most 32 MiB; what comes later is not remembered.
class SharedLeaves {
 public:
  // A leaf as its parents name it. One that other parents describe otherwise is another.
  struct Leaf {
    NodeRef ref;
    uint64_t units = 0;
    uint64_t bytes = 0;
    uint32_t unit_size = 0;  // of the stream
    bool is_last = false;    // of the stream

    friend bool operator==(const Leaf&, const Leaf&) = default;
  };

  // What Add was told: for each pack that the leaf needs, the frame that ends last there. Null when
  // the leaf is not known.
  const std::vector<FramePlace>* Find(const Leaf& leaf) const;

  void Add(const Leaf& leaf, std::vector<FramePlace> places);

 private:
  struct Known {
    Leaf leaf;
    std::vector<FramePlace> places;
  };
  std::map<NodeId, Known> known_;
  size_t bytes_ = 0;
};

}  // namespace pgkeep::repository

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/result.h"
#include "repository/frame_table.h"
#include "repository/ids.h"
#include "repository/reference_list.h"

namespace pgkeep::repository {

// The frames of some data packs as the packs themselves describe them, to be compared with what
// maps say. One thread at a time. Memory: 32 bytes for each frame.
class PackLedger {
 public:
  struct Frame {
    uint32_t offset = 0;
    uint32_t clen = 0;
    uint32_t rlen = 0;
    uint8_t units = 0;
    ContentHash hash{};
  };

  // `frames` ascend by offset.
  void Add(const PackName& pack, std::vector<Frame> frames);

  bool empty() const { return packs_.empty(); }
  // Time to compare and to begin anew: it holds more than a million frames.
  bool full() const;

  // Whether a pack of the list is in here.
  bool ConcernsAny(const ReferenceList& references) const;

  // kCorruption when the pack is in here and has not exactly this frame.
  Status Compare(const PackName& pack, const LeafFrame& frame) const;

 private:
  std::map<PackName, std::vector<Frame>> packs_;
  size_t frames_ = 0;
};

}  // namespace pgkeep::repository

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "repository/directory_node.h"
#include "repository/frame_fetcher.h"
#include "repository/node_store.h"
#include "repository/stream_map.h"

namespace pgkeep::repository {

// A unit, or a part of a big one, as a reader gets it.
struct UnitPart {
  uint64_t unit = 0;        // number in the stream
  uint64_t unit_bytes = 0;  // length of the whole unit
  uint64_t offset = 0;      // of this part in the unit
  ByteSpan bytes;           // valid during the call; empty for a hole
  // A hole: unit_bytes zeros, of which none are given (a file can stay sparse there).
  bool hole = false;

  bool last() const { return hole || offset + bytes.size() == unit_bytes; }
};

// Reads a stream of a backup. Everything given out was authenticated and compared with the hashes
// of the map; a damaged frame is an error that names its pack, never wrong bytes.
//
// One thread at a time; to read in parallel, open several readers on one stream. Memory: one leaf
// and the units of one window, and of a second one where FrameFetcher::reads_ahead(). A window is
// about 8 MiB; where scattered changes have left few of its units in each frame, up to 64 MiB, so
// that a frame is not read again and again for one unit each time.
class StreamReader {
 public:
  // Receives units in order. False stops the reading without error.
  using Visitor = std::function<Result<bool>(const UnitPart& part)>;

  // `nodes` and `frames` must outlive this.
  StreamReader(NodeStore& nodes, FrameFetcher& frames, StreamEntry entry);

  const StreamEntry& entry() const { return map_.entry(); }

  // Units first, first + 1, ... first + count - 1. kInvalidArgument beyond the end.
  Status ReadUnits(uint64_t first, uint64_t count, const Visitor& visit);

  // Fills `out` with the bytes from `offset` on, whatever units they are in. kInvalidArgument
  // beyond the end. With a fixed unit size only the frames that are needed are read; without one
  // also those from the beginning of the leaf.
  Status ReadAt(uint64_t offset, MutableByteSpan out);

 private:
  // A piece of the work in one leaf: consecutive units of one kind.
  struct Step {
    Extent extent;            // clipped to what is wanted
    uint64_t first_unit = 0;  // number in the stream
  };
  struct FrameKey {
    uint64_t leaf = 0;
    uint32_t frame = 0;
    auto operator<=>(const FrameKey&) const = default;
  };
  using Window = std::map<FrameKey, std::shared_ptr<const FrameUnits>>;
  // A window whose missing frames are on their way.
  struct ComingWindow {
    Window window;
    std::vector<FrameKey> missing;
    std::unique_ptr<FrameBatch> batch;  // null if nothing is missing
  };

  Result<std::shared_ptr<const MapLeaf>> Leaf(uint64_t number);
  Result<bool> ReadLeaf(uint64_t number, uint32_t first, uint32_t count, const Visitor& visit);
  Result<bool> ReadWholeLeaf(uint64_t number, const MapLeaf& leaf, const Visitor& visit);
  Result<bool> ReadPart(uint64_t number, const MapLeaf& leaf, uint32_t first, uint32_t count,
                        const Visitor& visit);
  static std::vector<Step> Steps(const LeafNode& leaf, uint64_t leaf_first_unit, uint32_t first,
                                 uint32_t count);
  size_t WindowEnd(const LeafNode& leaf, std::span<const Step> steps, size_t begin) const;
  ComingWindow StartWindow(uint64_t number, const LeafNode& leaf, std::span<const Step> steps);
  Status TakeWindow(ComingWindow coming);
  Result<bool> VisitStep(uint64_t number, const MapLeaf& leaf, const Step& step,
                         const Visitor& visit);
  Result<bool> VisitHoles(const Step& step, const Visitor& visit);
  Result<bool> VisitRun(uint64_t number, const Step& step, const Visitor& visit);
  Result<bool> VisitBlob(const LeafBlob& blob, uint64_t unit, const Visitor& visit);

  NodeStore& nodes_;
  FrameFetcher& frames_;
  StreamMap map_;
  uint64_t leaf_number_ = 0;
  std::shared_ptr<const MapLeaf> leaf_;  // that was read last
  Window window_;
};

}  // namespace pgkeep::repository

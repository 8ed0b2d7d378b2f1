#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "repository/fingerprint_node.h"
#include "repository/leaf_node.h"
#include "repository/stream_map.h"
#include "repository/writer_session.h"

namespace pgkeep::repository {

// Goes through a leaf of the base unit by unit, beside the units that are delivered, and tells
// which of them are the same. One thread at a time; borrows the session.
class BaseCursor {
 public:
  // A unit of the base's leaf.
  struct Place {
    uint32_t frame = 0;  // index in the leaf's frames
    uint32_t first = 0;  // unit in the frame
  };

  // `leaf` may be null: then nothing is the same.
  BaseCursor(WriterSession& session, std::shared_ptr<const MapLeaf> leaf);

  // Where the base has the current unit, if its fingerprint is this one, its pack may be reused,
  // and its frame is not nearly dead (kSparseFrameUnits). Errors: those of
  // WriterSession::BaseFingerprints.
  Result<std::optional<Place>> Match(uint64_t fingerprint);

  // The base's big unit at the current place, or null.
  const LeafBlob* Blob() const;

  // To the next unit.
  void Advance(uint32_t count = 1);

 private:
  const Extent* Current() const;
  bool IsSparse(const Extent& extent) const;
  Status LoadFingerprints(const Extent& extent);

  WriterSession& session_;
  const std::shared_ptr<const MapLeaf> leaf_;
  std::vector<uint16_t> live_;  // units in use, of each frame of the leaf
  size_t extent_ = 0;
  uint32_t within_ = 0;  // units of the extent that are behind
  std::shared_ptr<const FingerprintTable> table_;
  PackName table_pack_;
  bool table_known_ = false;  // table_ is that of table_pack_, even if null
  bool extent_loaded_ = false;
  std::span<const uint64_t> fingerprints_;  // of the current extent's frame; empty: none to trust
};

}  // namespace pgkeep::repository

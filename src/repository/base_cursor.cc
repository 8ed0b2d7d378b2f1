#include "repository/base_cursor.h"

#include <utility>

#include "repository/limits.h"

namespace pgkeep::repository {

BaseCursor::BaseCursor(WriterSession& session, std::shared_ptr<const MapLeaf> leaf)
    : session_(session), leaf_(std::move(leaf)) {
  if (!leaf_) return;
  live_.resize(leaf_->node.frames.size());
  for (const Extent& extent : leaf_->node.extents) {
    if (extent.type != Extent::Type::kRun) continue;
    live_[extent.index] = static_cast<uint16_t>(live_[extent.index] + extent.count);
  }
}

bool BaseCursor::IsSparse(const Extent& extent) const {
  return live_[extent.index] * kSparseFrameUnits <= leaf_->node.frames[extent.index].units;
}

const Extent* BaseCursor::Current() const {
  if (!leaf_ || extent_ >= leaf_->node.extents.size()) return nullptr;
  return &leaf_->node.extents[extent_];
}

Result<std::optional<BaseCursor::Place>> BaseCursor::Match(uint64_t fingerprint) {
  const Extent* extent = Current();
  if (extent == nullptr || extent->type != Extent::Type::kRun) return std::optional<Place>();
  if (!extent_loaded_) PGK_TRY(LoadFingerprints(*extent));
  const uint32_t unit = extent->first + within_;
  if (unit >= fingerprints_.size() || fingerprints_[unit] != fingerprint) {
    return std::optional<Place>();
  }
  return std::optional<Place>({extent->index, unit});
}

Status BaseCursor::LoadFingerprints(const Extent& extent) {
  const LeafFrame& frame = leaf_->node.frames[extent.index];
  const PackName pack = leaf_->node.packs[frame.pack].name();
  if (!table_known_ || pack != table_pack_) {
    PGK_ASSIGN_OR_RETURN(table_, session_.BaseFingerprints(pack));
    table_pack_ = pack;
    table_known_ = true;
  }
  fingerprints_ =
      table_ && !IsSparse(extent) ? table_->Find(frame.offset) : std::span<const uint64_t>();
  // A node that disagrees with the map about the frame is not to be trusted about its units.
  if (fingerprints_.size() != frame.units) fingerprints_ = {};
  extent_loaded_ = true;
  return Ok();
}

const LeafBlob* BaseCursor::Blob() const {
  const Extent* extent = Current();
  if (extent == nullptr || extent->type != Extent::Type::kBig) return nullptr;
  return &leaf_->node.blobs[extent->index + within_];
}

void BaseCursor::Advance(uint32_t count) {
  while (count > 0) {
    const Extent* extent = Current();
    if (extent == nullptr) return;
    const uint32_t left = extent->count - within_;
    if (count < left) {
      within_ += count;
      return;
    }
    count -= left;
    ++extent_;
    within_ = 0;
    extent_loaded_ = false;
  }
}

}  // namespace pgkeep::repository

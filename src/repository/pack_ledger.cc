#include "repository/pack_ledger.h"

#include <algorithm>
#include <utility>

#include "base/hex.h"

namespace pgkeep::repository {

namespace {

constexpr size_t kFullAt = size_t{1} << 20;

}  // namespace

void PackLedger::Add(const PackName& pack, std::vector<Frame> frames) {
  frames_ += frames.size();
  packs_.insert_or_assign(pack, std::move(frames));
}

bool PackLedger::full() const { return frames_ >= kFullAt; }

bool PackLedger::ConcernsAny(const ReferenceList& references) const {
  return std::ranges::any_of(
      references.entries(), [this](const PackEntry& entry) { return packs_.contains(entry.name); });
}

Status PackLedger::Compare(const PackName& pack, const LeafFrame& frame) const {
  const auto found = packs_.find(pack);
  if (found == packs_.end()) return Ok();
  const std::vector<Frame>& frames = found->second;
  const auto it = std::ranges::lower_bound(frames, frame.offset, {}, &Frame::offset);
  if (it == frames.end() || it->offset != frame.offset) {
    return Err(ErrorCode::kCorruption, "a map names a frame at {} of {}, where none begins",
               frame.offset, pack.Key());
  }
  if (it->clen == frame.clen && it->rlen == frame.rlen && it->units == frame.units &&
      it->hash == frame.hash) {
    return Ok();
  }
  return Err(
      ErrorCode::kCorruption,
      "a map expects {} units, {} bytes ({} stored) and content {} in the frame at {} of {}, "
      "which has {}, {} ({}) and {}",
      frame.units, frame.rlen, frame.clen, HexEncode(frame.hash), frame.offset, pack.Key(),
      it->units, it->rlen, it->clen, HexEncode(it->hash));
}

}  // namespace pgkeep::repository

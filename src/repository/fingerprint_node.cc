#include "repository/fingerprint_node.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/wire.h"
#include "repository/node.h"

namespace pgkeep::repository {

namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kFrameBytesMin = 2;
constexpr uint64_t kMinFrameBytes = kFrameOverheadBytes + 1;

uint64_t CountUnits(std::span<const FingerprintFrame> frames) {
  uint64_t units = 0;
  for (const FingerprintFrame& frame : frames) units += frame.units;
  return units;
}

Status CheckFrames(std::span<const FingerprintFrame> frames) {
  uint64_t end = kPackHeaderBytes;
  for (const FingerprintFrame& frame : frames) {
    const bool first = &frame == frames.data();
    if ((first ? frame.offset != end : frame.offset < end) || frame.units < 1 ||
        frame.units > kMaxUnitsPerFrame) {
      return Err(ErrorCode::kCorruption, "fingerprints are of {} units at offset {}", frame.units,
                 frame.offset);
    }
    end = frame.offset + kMinFrameBytes;
  }
  if (frames.empty() || frames.size() > kMaxFramesPerPack || end > kMaxPackBytes) {
    return Err(ErrorCode::kCorruption, "fingerprints are of {} frames up to offset {}",
               frames.size(), end);
  }
  return Ok();
}

}  // namespace

Bytes EncodeFingerprints(const FingerprintNode& node) {
  PGK_CHECK(ValidateFingerprints(node).ok());
  Bytes payload;
  payload.reserve(16 + node.frames.size() * 5 + node.fingerprints.size() * sizeof(uint64_t));
  ByteWriter out(payload);
  out.U8(kVersion);
  out.U32(node.data_seq);
  out.Varint(node.frames.size());
  uint32_t before = 0;
  for (const FingerprintFrame& frame : node.frames) {
    out.Varint(frame.offset - before);
    out.Varint(frame.units);
    before = frame.offset;
  }
  for (const uint64_t fingerprint : node.fingerprints) out.U64(fingerprint);
  return payload;
}

Result<FingerprintNode> DecodeFingerprints(ByteSpan payload) {
  ByteReader in(payload);
  PGK_TRY(CheckNodeVersion(in, kVersion));
  FingerprintNode node;
  PGK_ASSIGN_OR_RETURN(node.data_seq, in.U32());
  PGK_ASSIGN_OR_RETURN(const uint64_t frames, in.VarintMax(kMaxFramesPerPack, "number of frames"));
  node.frames.reserve(std::min<uint64_t>(frames, in.remaining() / kFrameBytesMin));
  uint32_t before = 0;
  for (uint64_t i = 0; i < frames; ++i) {
    PGK_ASSIGN_OR_RETURN(const uint64_t distance,
                         in.VarintMax(kMaxPackBytes - before, "distance of a frame"));
    PGK_ASSIGN_OR_RETURN(const uint64_t units, in.VarintMax(kMaxUnitsPerFrame, "units of a frame"));
    before += static_cast<uint32_t>(distance);
    node.frames.push_back({.offset = before, .units = static_cast<uint8_t>(units)});
  }
  const uint64_t units = CountUnits(node.frames);
  if (in.remaining() != units * sizeof(uint64_t)) {
    return Err(ErrorCode::kCorruption, "{} bytes of fingerprints are there for {} units",
               in.remaining(), units);
  }
  node.fingerprints.resize(units);
  for (uint64_t& fingerprint : node.fingerprints) {
    PGK_ASSIGN_OR_RETURN(fingerprint, in.U64());
  }
  PGK_TRY(ValidateFingerprints(node));
  return node;
}

Status ValidateFingerprints(const FingerprintNode& node) {
  PGK_TRY(CheckFrames(node.frames));
  const uint64_t units = CountUnits(node.frames);
  if (node.data_seq > kMaxPackSeq || units > kMaxUnitsPerPack ||
      units != node.fingerprints.size()) {
    return Err(ErrorCode::kCorruption, "{} fingerprints are there for {} units of data pack {}",
               node.fingerprints.size(), units, node.data_seq);
  }
  return Ok();
}

std::vector<FingerprintFrame> FingerprintFrames(std::span<const FooterFrame> frames) {
  std::vector<FingerprintFrame> out;
  out.reserve(frames.size());
  for (const FooterFrame& frame : frames) {
    out.push_back({.offset = frame.offset, .units = frame.units});
  }
  return out;
}

FingerprintTable::FingerprintTable(FingerprintNode node) : node_(std::move(node)) {
  PGK_CHECK(CountUnits(node_.frames) == node_.fingerprints.size());
  first_.reserve(node_.frames.size());
  uint32_t first = 0;
  for (const FingerprintFrame& frame : node_.frames) {
    first_.push_back(first);
    first += frame.units;
  }
}

std::span<const uint64_t> FingerprintTable::Find(uint32_t offset) const {
  const auto found = std::ranges::lower_bound(node_.frames, offset, {}, &FingerprintFrame::offset);
  if (found == node_.frames.end() || found->offset != offset) return {};
  const auto index = static_cast<size_t>(found - node_.frames.begin());
  return std::span(node_.fingerprints).subspan(first_[index], found->units);
}

}  // namespace pgkeep::repository

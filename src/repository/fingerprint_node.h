#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "repository/pack_format.h"

namespace pgkeep::repository {

// One frame of the data pack that fingerprints are of.
struct FingerprintFrame {
  uint32_t offset = 0;
  uint8_t units = 0;  // 1..16

  friend bool operator==(const FingerprintFrame&, const FingerprintFrame&) = default;
};

// SipHash-2-4 fingerprints of all units of one data pack, frame by frame. A plain value.
struct FingerprintNode {
  uint32_t data_seq = 0;  // of the same writer as the pack that holds the node
  std::vector<FingerprintFrame> frames;
  std::vector<uint64_t> fingerprints;  // of the units of frames[0], then frames[1], ...

  friend bool operator==(const FingerprintNode&, const FingerprintNode&) = default;
};

// The payload of a fingerprint frame. REQUIRES: ValidateFingerprints(node).
Bytes EncodeFingerprints(const FingerprintNode& node);

// Errors: kCorruption when the bytes break any rule, kUnsupportedVersion for another version byte.
Result<FingerprintNode> DecodeFingerprints(ByteSpan payload);

// kCorruption unless `node` obeys every rule: the first frame follows the pack header, offsets
// ascend by at least a frame, 1..32,768 frames with 1..16 units each, at most 65,536 units, and as
// many fingerprints as units.
Status ValidateFingerprints(const FingerprintNode& node);

// The frames of a finished data pack, for the node about it.
std::vector<FingerprintFrame> FingerprintFrames(std::span<const FooterFrame> frames);

// A decoded fingerprint node that finds the fingerprints of a frame. Constant after construction;
// any number of threads.
class FingerprintTable {
 public:
  // REQUIRES: ValidateFingerprints(node).
  explicit FingerprintTable(FingerprintNode node);

  // The fingerprints of the units of the frame at `offset`; empty if there is no such frame. Valid
  // while this lives. Logarithmic in the number of frames.
  std::span<const uint64_t> Find(uint32_t offset) const;

  const FingerprintNode& node() const { return node_; }

 private:
  FingerprintNode node_;
  std::vector<uint32_t> first_;  // index of each frame's first fingerprint
};

}  // namespace pgkeep::repository

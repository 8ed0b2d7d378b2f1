// The limits of format version 1 (docs/format). Every length from an object is checked against
// these before anything is allocated, and nothing larger is ever written.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pgkeep::repository {

inline constexpr uint16_t kFormatMajor = 1;

// Packs and frames (pack.md).
inline constexpr uint32_t kMaxPackSeq = 99'999'999;  // eight decimal digits
inline constexpr size_t kMaxPackBytes = 67'108'864;
inline constexpr size_t kDefaultPackBytes = 33'554'432;
inline constexpr size_t kMinPackTargetBytes = 65'536;  // smallest size at which packs are closed
inline constexpr size_t kPackHeaderBytes = 96;
inline constexpr size_t kPackTrailerBytes = 24;
inline constexpr size_t kFrameHeaderBytes = 32;
inline constexpr size_t kFrameTagBytes = 16;
inline constexpr size_t kFrameOverheadBytes = kFrameHeaderBytes + kFrameTagBytes;
inline constexpr uint32_t kMaxFramesPerPack = 32'768;  // without the footer
inline constexpr uint32_t kMaxUnitsPerPack = 65'536;
inline constexpr uint32_t kMaxUnitsPerFrame = 16;
inline constexpr size_t kMaxUnitBytes = 1'048'576;  // of one unit in a units frame
// A frame is closed before its units would pass this.
inline constexpr size_t kFrameUnitsBytesTarget = 262'144;
inline constexpr uint32_t kMaxUnitsFrameRlen = 1'048'576 + 64;
inline constexpr uint32_t kMaxNodeFrameRlen = 4'194'304;

// Maps (map.md).
inline constexpr uint32_t kUnitsPerLeaf = 16'384;
inline constexpr uint32_t kIndexFanout = 256;
inline constexpr size_t kMaxInlinePayloadBytes = 256;
inline constexpr size_t kMaxStreamNameBytes = 4'096;
inline constexpr size_t kMaxStreamIdentityBytes = 262'144;
inline constexpr size_t kMaxStreamAttributesBytes = 262'144;
inline constexpr size_t kDirectoryNodeBytesTarget = 262'144;
inline constexpr uint32_t kMaxBlobFrames = 65'536;
inline constexpr uint32_t kMaxInlineBlobBytesPerLeaf = 3'145'728;  // writers only
// A frame of the base of whose units at most one in so many is still in use is left for good: that
// bounds what a reader decodes in vain, and what dead units cost.
inline constexpr uint32_t kSparseFrameUnits = 16;

// Control objects (control.md): whole objects, envelope included. Pass these to ObjectStore::Get.
inline constexpr size_t kMaxConfigObjectBytes = 65'536;
inline constexpr size_t kMaxKeySlotObjectBytes = 65'536;
inline constexpr size_t kMaxSessionObjectBytes = 65'536;
inline constexpr size_t kMaxPinObjectBytes = 4'096;
inline constexpr size_t kMaxDecisionObjectBytes = 4'096;
inline constexpr size_t kMaxExpiryObjectBytes = 4'096;
inline constexpr size_t kMaxLeaseObjectBytes = 4'096;
inline constexpr size_t kMaxGcPlanObjectBytes = 67'108'864;
inline constexpr size_t kMaxManifestObjectBytes = 67'108'864;
inline constexpr size_t kMaxReferenceListObjectBytes = 268'435'456;

inline constexpr size_t kMaxReferencedPacks = 4'194'304;
inline constexpr size_t kMaxEtagBytes = 128;
inline constexpr size_t kMaxBases = 16;
inline constexpr size_t kMaxRecipients = 64;
inline constexpr size_t kMaxSigners = 1'024;
inline constexpr size_t kMaxTextBytes = 1'024;  // labels, versions, host names, reasons
inline constexpr size_t kMaxSubtrees = 65'536;
inline constexpr size_t kMaxSubtreeNameBytes = 4'096;
inline constexpr size_t kMaxSubtreeAttributesBytes = 1'048'576;
inline constexpr size_t kMaxManifestAttributesBytes = 1'048'576;
inline constexpr size_t kMaxGcPlanEntries = 1'048'576;

// Keys (keys.md).
inline constexpr size_t kMaxKeyFileBytes = 65'536;
inline constexpr size_t kKeyBytes = 32;  // every symmetric key, seed and private key
inline constexpr size_t kMaxDataPrivateKeys = 64;

}  // namespace pgkeep::repository

// The fixed parts of a pack as bytes: pack header, frame header, footer table and trailer
// (docs/format/pack.md). Pure functions; who writes or reads whole packs uses PackBuilder,
// FrameOpener and pack_scanner.h.
//
// Every decoder refuses what the document does not allow, so that encoding a decoded value gives
// the same bytes again. Errors of decoders: kCorruption for wrong lengths, magics, checksums and
// values that break a rule; kUnsupportedVersion for an intact structure (checksum right) that says
// it is of another version, suite, kind, codec or has unknown flags. Encoders abort on values that
// break a rule: those are programmer errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/array.h"
#include "base/bytes.h"
#include "base/result.h"
#include "codec/codec.h"
#include "repository/ids.h"
#include "repository/limits.h"

namespace pgkeep::repository {

// What a frame holds. The values are bytes of the format.
enum class FrameKind : uint8_t {
  kUnits = 1,
  kLeaf = 2,
  kIndex = 3,
  kDirectory = 4,
  kFingerprints = 5,
  kBlob = 6,
  kFooter = 255,
};

// "units", "leaf", ...; "unknown" for other values.
const char* FrameKindName(FrameKind kind);

// True if frames of `kind` may stand in packs of `pack`: units in data packs, nodes in metadata
// packs, a footer in both.
bool KindBelongsInto(FrameKind kind, PackKind pack);

// First 16 bytes of HMAC-SHA-256(content key, payload): the name of a units frame's content.
using ContentHash = ByteArray<16>;

using PackHeaderBytes = ByteArray<kPackHeaderBytes>;
using FrameHeaderBytes = ByteArray<kFrameHeaderBytes>;
using PackTrailerBytes = ByteArray<kPackTrailerBytes>;

// The variable fields of a pack header.
struct PackHeader {
  PackKind kind = PackKind::kData;
  RepositoryId repository;
  WriterId writer;
  uint32_t seq = 0;
  ByteArray<16> salt{};
  ByteArray<16> commitment{};

  PackName name() const { return {writer, kind, seq}; }
  friend bool operator==(const PackHeader&, const PackHeader&) = default;
};

// REQUIRES: seq <= kMaxPackSeq.
PackHeaderBytes EncodePackHeader(const PackHeader& header);

// `bytes` is exactly the header.
Result<PackHeader> DecodePackHeader(ByteSpan bytes);

// The variable fields of a frame header.
struct FrameHeader {
  uint32_t number = 0;
  codec::CodecId codec = codec::CodecId::kNone;
  FrameKind kind = FrameKind::kUnits;
  uint16_t units = 0;
  uint32_t clen = 0;
  uint32_t rlen = 0;
  ByteArray<8> nonce_tail{};

  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

// REQUIRES: CheckFrameHeader(header).
FrameHeaderBytes EncodeFrameHeader(const FrameHeader& header);

// `bytes` may be longer than a header; only its first 32 bytes are looked at. Checks the limits of
// the kind: clen 1..rlen, rlen within the kind's limit, units 1..16 for kUnits and 0 otherwise,
// clen equal to rlen without codec and smaller with one.
Result<FrameHeader> DecodeFrameHeader(ByteSpan bytes);

// What DecodeFrameHeader checks about the numbers, for who makes a header: kCorruption if one
// breaks a rule.
Status CheckFrameHeader(const FrameHeader& header);

// Most bytes that a payload of this kind may have.
uint32_t PayloadBytesMax(FrameKind kind);

// Bytes of a whole frame with header and tag.
constexpr size_t FrameBytes(uint32_t clen) { return kFrameOverheadBytes + size_t{clen}; }

// kCorruption unless a frame with these numbers can be in a pack: offset not inside the header, end
// not beyond the largest pack, clen 1..rlen, rlen 1..rlen_max. For numbers that come from a map.
Status CheckFramePlace(uint64_t offset, uint64_t clen, uint64_t rlen, uint32_t rlen_max);

// One line of the footer: a frame as its writer remembers it.
struct FooterFrame {
  FrameKind kind = FrameKind::kUnits;
  uint32_t offset = 0;
  uint8_t units = 0;   // 0 for nodes
  ContentHash hash{};  // zeros for nodes

  friend bool operator==(const FooterFrame&, const FooterFrame&) = default;
};

// Most bytes that one frame adds to the footer's payload.
inline constexpr size_t kFooterFrameBytesMax = 1 + 4 + 1 + 16;
// Most bytes of the footer's payload beside its frames.
inline constexpr size_t kFooterCountBytesMax = 3;

// The payload of a footer frame. REQUIRES: 1..32,768 frames, ascending by offset.
Bytes EncodeFooter(std::span<const FooterFrame> frames);

// The inverse. Also kCorruption when the frames cannot be in a pack of this kind.
Result<std::vector<FooterFrame>> DecodeFooter(ByteSpan payload, PackKind pack);

// The end of a pack.
struct PackTrailer {
  uint64_t footer_offset = 0;
  uint32_t frames = 0;  // including the footer

  friend bool operator==(const PackTrailer&, const PackTrailer&) = default;
};

// REQUIRES: numbers that DecodePackTrailer accepts.
PackTrailerBytes EncodePackTrailer(const PackTrailer& trailer);

// `bytes` is exactly the trailer. Checks the checksum and that the numbers can be in any pack.
Result<PackTrailer> DecodePackTrailer(ByteSpan bytes);

}  // namespace pgkeep::repository

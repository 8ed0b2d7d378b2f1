#include "repository/pack_format.h"

#include <algorithm>
#include <string_view>

#include "base/check.h"
#include "base/endian.h"
#include "base/wire.h"
#include "codec/crc32c.h"

namespace pgkeep::repository {

namespace {

constexpr std::string_view kPackMagic = "PGKPACK1";
constexpr std::string_view kFrameMagic = "PGKF";
constexpr std::string_view kTrailerMagic = "PGKEND01";
constexpr uint8_t kSuite = 1;
// A frame has at least one byte of ciphertext.
constexpr uint32_t kMinFrameBytes = kFrameOverheadBytes + 1;

void Place(uint8_t* to, ByteSpan bytes) { std::ranges::copy(bytes, to); }

template <size_t N>
void Take(ByteArray<N>& to, ByteSpan bytes, size_t offset) {
  std::ranges::copy(bytes.subspan(offset, N), to.begin());
}

bool HasMagic(ByteSpan bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && BytesEqual(bytes.first(magic.size()), AsBytes(magic));
}

bool IsZero(ByteSpan bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

Status CheckUnits(FrameKind kind, uint32_t units) {
  const bool allowed =
      kind == FrameKind::kUnits ? units >= 1 && units <= kMaxUnitsPerFrame : units == 0;
  if (allowed) return Ok();
  return Err(ErrorCode::kCorruption, "a frame of kind {} says that it has {} units",
             FrameKindName(kind), units);
}

Status CheckFooterFrames(std::span<const FooterFrame> frames, PackKind pack) {
  uint64_t end = kPackHeaderBytes;
  uint64_t units = 0;
  for (const FooterFrame& frame : frames) {
    if (frame.kind == FrameKind::kFooter || !KindBelongsInto(frame.kind, pack)) {
      return Err(ErrorCode::kCorruption, "the footer names a frame of kind {}",
                 static_cast<unsigned>(frame.kind));
    }
    PGK_TRY(CheckUnits(frame.kind, frame.units));
    const bool first = &frame == frames.data();
    if (first ? frame.offset != end : frame.offset < end) {
      return Err(ErrorCode::kCorruption, "the footer names a frame at offset {}", frame.offset);
    }
    if (frame.kind != FrameKind::kUnits && !IsZero(frame.hash)) {
      return Err(ErrorCode::kCorruption, "the footer has a content hash for a {} frame",
                 FrameKindName(frame.kind));
    }
    end = uint64_t{frame.offset} + kMinFrameBytes;
    units += frame.units;
  }
  if (frames.empty() || frames.size() > kMaxFramesPerPack || units > kMaxUnitsPerPack ||
      end > kMaxPackBytes) {
    return Err(ErrorCode::kCorruption, "the footer names {} frames with {} units up to offset {}",
               frames.size(), units, end);
  }
  return Ok();
}

}  // namespace

const char* FrameKindName(FrameKind kind) {
  switch (kind) {
    case FrameKind::kUnits:
      return "units";
    case FrameKind::kLeaf:
      return "leaf";
    case FrameKind::kIndex:
      return "index";
    case FrameKind::kDirectory:
      return "directory";
    case FrameKind::kFingerprints:
      return "fingerprints";
    case FrameKind::kBlob:
      return "blob";
    case FrameKind::kFooter:
      return "footer";
  }
  return "unknown";
}

bool KindBelongsInto(FrameKind kind, PackKind pack) {
  if (kind == FrameKind::kFooter) return true;
  return (kind == FrameKind::kUnits) == (pack == PackKind::kData);
}

PackHeaderBytes EncodePackHeader(const PackHeader& header) {
  PGK_CHECK(header.seq <= kMaxPackSeq);
  PackHeaderBytes out{};
  Place(&out[0], AsBytes(kPackMagic));
  out[10] = kSuite;
  out[11] = static_cast<uint8_t>(header.kind);
  StoreLe32(&out[12], kPackHeaderBytes);
  Place(&out[16], header.repository.bytes);
  Place(&out[32], header.writer.bytes);
  StoreLe32(&out[48], header.seq);
  Place(&out[56], header.salt);
  Place(&out[72], header.commitment);
  StoreLe32(&out[92], codec::Crc32c(ByteSpan(out).first(92)));
  return out;
}

Result<PackHeader> DecodePackHeader(ByteSpan bytes) {
  if (bytes.size() != kPackHeaderBytes || !HasMagic(bytes, kPackMagic)) {
    return Err(ErrorCode::kCorruption, "this is not the header of a pack");
  }
  if (LoadLe32(&bytes[92]) != codec::Crc32c(bytes.first(92))) {
    return Err(ErrorCode::kCorruption, "the checksum of the pack header differs");
  }
  const uint16_t minor = LoadLe16(&bytes[8]);
  const uint8_t kind = bytes[11];
  const uint32_t flags = LoadLe32(&bytes[88]);
  if (minor != 0 || bytes[10] != kSuite || kind < 1 || kind > 2 || flags != 0) {
    return Err(ErrorCode::kUnsupportedVersion,
               "the pack is of minor version {}, suite {}, kind {}, flags {:#x}", minor, bytes[10],
               kind, flags)
        .WithHint("read this repository with a newer version of pgkeep");
  }
  PackHeader header;
  header.kind = static_cast<PackKind>(kind);
  Take(header.repository.bytes, bytes, 16);
  Take(header.writer.bytes, bytes, 32);
  header.seq = LoadLe32(&bytes[48]);
  Take(header.salt, bytes, 56);
  Take(header.commitment, bytes, 72);
  if (LoadLe32(&bytes[12]) != kPackHeaderBytes || LoadLe32(&bytes[52]) != 0 ||
      header.seq > kMaxPackSeq) {
    return Err(ErrorCode::kCorruption, "the pack header breaks the rules of the format");
  }
  return header;
}

Status CheckFrameHeader(const FrameHeader& header) {
  if (header.number > kMaxFramesPerPack) {
    return Err(ErrorCode::kCorruption, "frame number {} is above the limit", header.number);
  }
  PGK_TRY(CheckUnits(header.kind, header.units));
  const uint32_t rlen_max = PayloadBytesMax(header.kind);
  if (header.rlen < 1 || header.rlen > rlen_max) {
    return Err(ErrorCode::kCorruption, "a {} frame says that its payload has {} bytes",
               FrameKindName(header.kind), header.rlen);
  }
  const bool plain = header.codec == codec::CodecId::kNone;
  if (header.clen < 1 || (plain ? header.clen != header.rlen : header.clen >= header.rlen)) {
    return Err(ErrorCode::kCorruption, "a frame with codec {} holds {} bytes for {}",
               codec::CodecName(header.codec), header.clen, header.rlen);
  }
  return Ok();
}

uint32_t PayloadBytesMax(FrameKind kind) {
  return kind == FrameKind::kUnits ? kMaxUnitsFrameRlen : kMaxNodeFrameRlen;
}

FrameHeaderBytes EncodeFrameHeader(const FrameHeader& header) {
  PGK_CHECK(CheckFrameHeader(header).ok());
  FrameHeaderBytes out{};
  Place(&out[0], AsBytes(kFrameMagic));
  StoreLe32(&out[4], header.number);
  out[8] = static_cast<uint8_t>(header.codec);
  out[9] = static_cast<uint8_t>(header.kind);
  StoreLe16(&out[10], header.units);
  StoreLe32(&out[12], header.clen);
  StoreLe32(&out[16], header.rlen);
  Place(&out[20], header.nonce_tail);
  StoreLe32(&out[28], codec::Crc32c(ByteSpan(out).first(28)));
  return out;
}

Result<FrameHeader> DecodeFrameHeader(ByteSpan bytes) {
  if (bytes.size() < kFrameHeaderBytes || !HasMagic(bytes, kFrameMagic)) {
    return Err(ErrorCode::kCorruption, "this is not the header of a frame");
  }
  if (LoadLe32(&bytes[28]) != codec::Crc32c(bytes.first(28))) {
    return Err(ErrorCode::kCorruption, "the checksum of the frame header differs");
  }
  const uint8_t codec = bytes[8];
  const uint8_t kind = bytes[9];
  const bool kind_known = (kind >= static_cast<uint8_t>(FrameKind::kUnits) &&
                           kind <= static_cast<uint8_t>(FrameKind::kBlob)) ||
                          kind == static_cast<uint8_t>(FrameKind::kFooter);
  if (codec > static_cast<uint8_t>(codec::CodecId::kZstd) || !kind_known) {
    return Err(ErrorCode::kUnsupportedVersion, "the frame is of kind {} with codec {}", kind, codec)
        .WithHint("read this repository with a newer version of pgkeep");
  }
  FrameHeader header;
  header.number = LoadLe32(&bytes[4]);
  header.codec = static_cast<codec::CodecId>(codec);
  header.kind = static_cast<FrameKind>(kind);
  header.units = LoadLe16(&bytes[10]);
  header.clen = LoadLe32(&bytes[12]);
  header.rlen = LoadLe32(&bytes[16]);
  Take(header.nonce_tail, bytes, 20);
  PGK_TRY(CheckFrameHeader(header));
  return header;
}

Status CheckFramePlace(uint64_t offset, uint64_t clen, uint64_t rlen, uint32_t rlen_max) {
  // Behind every frame there is a footer frame and the trailer.
  constexpr uint64_t kEndMax = kMaxPackBytes - kPackTrailerBytes - kMinFrameBytes;
  if (rlen < 1 || rlen > rlen_max || clen < 1 || clen > rlen || offset < kPackHeaderBytes ||
      offset > kEndMax || offset + kFrameOverheadBytes + clen > kEndMax) {
    return Err(ErrorCode::kCorruption,
               "no frame can be at offset {} with {} bytes for a payload of {}", offset, clen,
               rlen);
  }
  return Ok();
}

Bytes EncodeFooter(std::span<const FooterFrame> frames) {
  PGK_CHECK(!frames.empty());
  const PackKind pack =
      frames.front().kind == FrameKind::kUnits ? PackKind::kData : PackKind::kMeta;
  PGK_CHECK(CheckFooterFrames(frames, pack).ok());
  Bytes out;
  out.reserve(kFooterCountBytesMax + frames.size() * kFooterFrameBytesMax);
  ByteWriter writer(out);
  writer.Varint(frames.size());
  uint32_t before = 0;
  for (const FooterFrame& frame : frames) {
    writer.U8(static_cast<uint8_t>(frame.kind));
    writer.Varint(frame.offset - before);
    writer.U8(frame.units);
    writer.Raw(frame.hash);
    before = frame.offset;
  }
  return out;
}

Result<std::vector<FooterFrame>> DecodeFooter(ByteSpan payload, PackKind pack) {
  ByteReader in(payload);
  PGK_ASSIGN_OR_RETURN(const uint64_t count, in.VarintMax(kMaxFramesPerPack, "number of frames"));
  constexpr size_t kLineBytesMin = kFooterFrameBytesMax - 3;
  if (count > in.remaining() / kLineBytesMin) {
    return Err(ErrorCode::kCorruption, "the footer is too short for {} frames", count);
  }
  std::vector<FooterFrame> frames(static_cast<size_t>(count));
  uint32_t before = 0;
  for (FooterFrame& frame : frames) {
    PGK_ASSIGN_OR_RETURN(const uint8_t kind, in.U8());
    PGK_ASSIGN_OR_RETURN(const uint64_t distance,
                         in.VarintMax(kMaxPackBytes - before, "distance of a frame"));
    PGK_ASSIGN_OR_RETURN(frame.units, in.U8());
    PGK_ASSIGN_OR_RETURN(const ByteSpan hash, in.Raw(frame.hash.size()));
    frame.kind = static_cast<FrameKind>(kind);
    if (std::string_view(FrameKindName(frame.kind)) == "unknown") {
      return Err(ErrorCode::kCorruption, "the footer names a frame of kind {}", kind);
    }
    frame.offset = before + static_cast<uint32_t>(distance);
    std::ranges::copy(hash, frame.hash.begin());
    before = frame.offset;
  }
  PGK_TRY(in.ExpectEnd());
  PGK_TRY(CheckFooterFrames(frames, pack));
  return frames;
}

PackTrailerBytes EncodePackTrailer(const PackTrailer& trailer) {
  PackTrailerBytes out{};
  StoreLe64(&out[0], trailer.footer_offset);
  StoreLe32(&out[8], trailer.frames);
  StoreLe32(&out[12], codec::Crc32c(ByteSpan(out).first(12)));
  Place(&out[16], AsBytes(kTrailerMagic));
  PGK_CHECK(DecodePackTrailer(out).ok());
  return out;
}

Result<PackTrailer> DecodePackTrailer(ByteSpan bytes) {
  if (bytes.size() != kPackTrailerBytes || !HasMagic(bytes.subspan(16), kTrailerMagic)) {
    return Err(ErrorCode::kCorruption, "the pack does not end with a trailer")
        .WithHint("the object was cut short or is not a pack");
  }
  if (LoadLe32(&bytes[12]) != codec::Crc32c(bytes.first(12))) {
    return Err(ErrorCode::kCorruption, "the checksum of the pack trailer differs");
  }
  const PackTrailer trailer{.footer_offset = LoadLe64(&bytes[0]), .frames = LoadLe32(&bytes[8])};
  if (trailer.frames < 2 || trailer.frames > kMaxFramesPerPack + 1 ||
      trailer.footer_offset < kPackHeaderBytes + uint64_t{trailer.frames - 1} * kMinFrameBytes ||
      trailer.footer_offset > kMaxPackBytes - kPackTrailerBytes - kMinFrameBytes) {
    return Err(ErrorCode::kCorruption, "the trailer says {} frames and a footer at offset {}",
               trailer.frames, trailer.footer_offset);
  }
  return trailer;
}

}  // namespace pgkeep::repository

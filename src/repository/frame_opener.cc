#include "repository/frame_opener.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "base/check.h"
#include "repository/units_payload.h"

namespace pgkeep::repository {

namespace {

MutableByteSpan Scratch(Bytes& scratch, size_t size) {
  if (scratch.size() < size) scratch.resize(size);
  return MutableByteSpan(scratch).first(size);
}

std::string Where(const PackKeys& pack, const FrameExpectation& expected) {
  return fmt::format("{} frame at offset {} of pack {}", FrameKindName(expected.kind),
                     expected.offset, pack.name().Key());
}

Status CheckHeader(const FrameHeader& header, const FrameExpectation& expected) {
  if (header.kind != expected.kind || header.clen != expected.clen ||
      header.rlen != expected.rlen || header.units != expected.units) {
    return Err(ErrorCode::kCorruption,
               "the frame is another one: kind {}, {} bytes for {}, {} units; expected kind {}, {} "
               "bytes for {}, {} units",
               FrameKindName(header.kind), header.clen, header.rlen, header.units,
               FrameKindName(expected.kind), expected.clen, expected.rlen, expected.units);
  }
  if (expected.number.has_value() && header.number != *expected.number) {
    return Err(ErrorCode::kCorruption, "the frame has number {} where {} belongs", header.number,
               *expected.number);
  }
  return Ok();
}

Status CheckHash(const crypto::HmacSha256Key& content_key, ByteSpan payload,
                 const ContentHash& hash) {
  if (ComputeContentHash(content_key, payload) == hash) return Ok();
  return Err(ErrorCode::kCorruption, "the content differs from its hash");
}

}  // namespace

struct FrameOpener::State {
  // The cipher has the key of the pack with this header. A header commits to its key.
  std::optional<crypto::Aes256Gcm> cipher;
  PackHeaderBytes keyed_for{};
  std::unique_ptr<codec::BlockCodec> zstd = codec::MakeZstd(codec::kZstdLevelDefault);
  Bytes cipher_scratch;
  Bytes payload_scratch;

  void SetKey(const PackKeys& pack) {
    if (cipher.has_value() && keyed_for == pack.header()) return;
    if (cipher.has_value()) {
      cipher->SetKey(pack.ExposeKey());
    } else {
      cipher.emplace(pack.ExposeKey());
    }
    keyed_for = pack.header();
  }

  // Header, cipher and decompression. `payload` holds anything after an error.
  Status OpenUnchecked(const PackKeys& pack, ByteSpan frame, const FrameExpectation& expected,
                       MutableByteSpan payload) {
    if (frame.size() != FrameBytes(expected.clen)) {
      return Err(ErrorCode::kCorruption, "the frame has {} bytes, {} belong to it", frame.size(),
                 FrameBytes(expected.clen));
    }
    PGK_ASSIGN_OR_RETURN(const FrameHeader header, DecodeFrameHeader(frame));
    PGK_TRY(CheckHeader(header, expected));
    SetKey(pack);
    const bool plain = header.codec == codec::CodecId::kNone;
    const MutableByteSpan opened = plain ? payload : Scratch(cipher_scratch, header.clen);
    PGK_TRY(cipher->Open(FrameNonce(header), FrameAad(pack.header(), frame),
                         frame.subspan(kFrameHeaderBytes), opened));
    return plain ? Ok() : zstd->Decompress(opened, payload);
  }

  Result<MutableByteSpan> OpenScratch(const PackKeys& pack, ByteSpan frame,
                                      const FrameExpectation& expected) {
    if (expected.rlen > PayloadBytesMax(expected.kind)) {
      return Err(ErrorCode::kCorruption, "a payload of {} bytes is above the limit", expected.rlen)
          .WithContext(Where(pack, expected));
    }
    const MutableByteSpan payload = Scratch(payload_scratch, expected.rlen);
    PGK_TRY_CONTEXT(Where(pack, expected), OpenUnchecked(pack, frame, expected, payload));
    return payload;
  }
};

FrameOpener::FrameOpener() : state_(std::make_unique<State>()) {}
FrameOpener::~FrameOpener() = default;
FrameOpener::FrameOpener(FrameOpener&&) noexcept = default;
FrameOpener& FrameOpener::operator=(FrameOpener&&) noexcept = default;

Result<ByteSpan> FrameOpener::Open(const PackKeys& pack, ByteSpan frame,
                                   const FrameExpectation& expected) {
  PGK_ASSIGN_OR_RETURN(const MutableByteSpan payload, state_->OpenScratch(pack, frame, expected));
  return ByteSpan(payload);
}

Status FrameOpener::OpenInto(const PackKeys& pack, ByteSpan frame, const FrameExpectation& expected,
                             MutableByteSpan payload) {
  PGK_CHECK(payload.size() == expected.rlen);
  Status opened = state_->OpenUnchecked(pack, frame, expected, payload);
  if (opened.ok()) return opened;
  std::ranges::fill(payload, uint8_t{0});
  return std::move(opened).error().WithContext(Where(pack, expected));
}

Result<ByteSpan> FrameOpener::OpenUnits(const PackKeys& pack, ByteSpan frame,
                                        const FrameExpectation& expected,
                                        const crypto::HmacSha256Key& content_key,
                                        const ContentHash& hash) {
  PGK_ASSIGN_OR_RETURN(const ByteSpan payload, Open(pack, frame, expected));
  PGK_TRY_CONTEXT(Where(pack, expected), CheckHash(content_key, payload, hash));
  return payload;
}

Status FrameOpener::OpenUnitsInto(const PackKeys& pack, ByteSpan frame,
                                  const FrameExpectation& expected,
                                  const crypto::HmacSha256Key& content_key, const ContentHash& hash,
                                  MutableByteSpan payload) {
  PGK_TRY(OpenInto(pack, frame, expected, payload));
  Status same = CheckHash(content_key, payload, hash);
  if (same.ok()) return same;
  std::ranges::fill(payload, uint8_t{0});
  return std::move(same).error().WithContext(Where(pack, expected));
}

Result<ByteSpan> FrameOpener::OpenNode(const PackKeys& pack, ByteSpan frame, FrameKind kind,
                                       const NodeRef& ref, const crypto::HmacSha256Key& node_key) {
  if (pack.name() != ref.pack()) {
    return Err(ErrorCode::kInternal, "a node of pack {} cannot be read with the key of {}",
               ref.pack().Key(), pack.name().Key());
  }
  const FrameExpectation expected{.kind = kind,
                                  .offset = ref.offset,
                                  .clen = ref.clen,
                                  .rlen = ref.rlen,
                                  .units = 0,
                                  .number = std::nullopt};
  PGK_ASSIGN_OR_RETURN(const ByteSpan payload, Open(pack, frame, expected));
  if (ComputeNodeId(kind, payload, node_key) != ref.id) {
    return Err(ErrorCode::kCorruption, "the node is not the one that its parent names")
        .WithContext(Where(pack, expected));
  }
  return payload;
}

}  // namespace pgkeep::repository

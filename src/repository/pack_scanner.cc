#include "repository/pack_scanner.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace pgkeep::repository {

namespace {

constexpr std::string_view kFrameMagic = "PGKF";

Result<ScannedFrame> ReadFrame(ByteSpan pack, size_t offset, size_t end) {
  PGK_ASSIGN_OR_RETURN(const FrameHeader header,
                       DecodeFrameHeader(pack.subspan(offset, end - offset)));
  if (FrameBytes(header.clen) > end - offset) {
    return Err(ErrorCode::kCorruption, "the frame is longer than what is left of the pack");
  }
  return ScannedFrame{.offset = static_cast<uint32_t>(offset), .header = header};
}

Result<PackHeader> ReadHeader(ByteSpan pack, const PackName& expected,
                              const RepositoryId& repository) {
  if (pack.size() > kMaxPackBytes) {
    return Err(ErrorCode::kCorruption, "the pack has {} bytes, the limit is {}", pack.size(),
               kMaxPackBytes);
  }
  PGK_ASSIGN_OR_RETURN(const PackHeader header,
                       DecodePackHeader(pack.first(std::min(pack.size(), kPackHeaderBytes))));
  if (header.repository != repository || header.name() != expected) {
    return Err(ErrorCode::kCorruption, "the header says that this is pack {} of repository {}",
               header.name().Key(), header.repository.Hex());
  }
  return header;
}

Result<PackLayout> ReadLayout(ByteSpan pack, const PackName& expected,
                              const RepositoryId& repository) {
  PackLayout layout;
  PGK_ASSIGN_OR_RETURN(layout.header, ReadHeader(pack, expected, repository));
  if (pack.size() < kPackHeaderBytes + kPackTrailerBytes) {
    return Err(ErrorCode::kCorruption, "the pack ends early");
  }
  const size_t end = pack.size() - kPackTrailerBytes;
  PGK_ASSIGN_OR_RETURN(const PackTrailer trailer, DecodePackTrailer(pack.subspan(end)));
  layout.frames.reserve(std::min<size_t>(trailer.frames, end / (kFrameOverheadBytes + 1)));
  size_t offset = kPackHeaderBytes;
  uint64_t units = 0;
  for (uint32_t number = 0; number < trailer.frames; ++number) {
    PGK_ASSIGN_OR_RETURN(const ScannedFrame frame, ReadFrame(pack, offset, end));
    const bool last = number + 1 == trailer.frames;
    if (frame.header.number != number || !KindBelongsInto(frame.header.kind, expected.kind) ||
        (frame.header.kind == FrameKind::kFooter) != last) {
      return Err(ErrorCode::kCorruption, "frame {} at offset {} says that it is {} frame {}",
                 number, offset, FrameKindName(frame.header.kind), frame.header.number);
    }
    units += frame.header.units;
    offset = frame.end();
    if (last) {
      layout.footer = frame;
    } else {
      layout.frames.push_back(frame);
    }
  }
  if (offset != end || layout.footer.offset != trailer.footer_offset || units > kMaxUnitsPerPack) {
    return Err(ErrorCode::kCorruption,
               "{} frames with {} units end at offset {}; the trailer says {} with a footer at {}",
               trailer.frames, units, offset, end, trailer.footer_offset);
  }
  return layout;
}

ByteSpan BytesOf(ByteSpan pack, const ScannedFrame& frame) {
  return pack.subspan(frame.offset, FrameBytes(frame.header.clen));
}

FrameExpectation Expect(const ScannedFrame& frame, uint32_t number) {
  return {.kind = frame.header.kind,
          .offset = frame.offset,
          .clen = frame.header.clen,
          .rlen = frame.header.rlen,
          .units = frame.header.units,
          .number = number};
}

}  // namespace

Result<PackLayout> ReadPackLayout(ByteSpan pack, const PackName& expected,
                                  const RepositoryId& repository) {
  Result<PackLayout> layout = ReadLayout(pack, expected, repository);
  if (!layout.ok()) {
    return std::move(layout).error().WithContext(fmt::format("pack {}", expected.Key()));
  }
  return layout;
}

Result<std::vector<FooterFrame>> ReadPackFooter(ByteSpan pack, const PackLayout& layout,
                                                const PackKeys& keys, FrameOpener& opener) {
  const auto number = static_cast<uint32_t>(layout.frames.size());
  PGK_ASSIGN_OR_RETURN(const ByteSpan payload, opener.Open(keys, BytesOf(pack, layout.footer),
                                                           Expect(layout.footer, number)));
  PGK_ASSIGN_OR_RETURN(std::vector<FooterFrame> entries, DecodeFooter(payload, keys.name().kind));
  const bool agree = std::ranges::equal(
      entries, layout.frames, [](const FooterFrame& entry, const ScannedFrame& frame) {
        return entry.kind == frame.header.kind && entry.offset == frame.offset &&
               entry.units == frame.header.units;
      });
  if (!agree) {
    return Err(ErrorCode::kCorruption, "the footer of pack {} does not describe its frames",
               keys.name().Key());
  }
  return entries;
}

Status WalkPack(ByteSpan pack, const PackKeys& keys, const RepositoryId& repository,
                FrameOpener& opener, const crypto::HmacSha256Key* content_key,
                const FrameVisitor& visit) {
  PGK_ASSIGN_OR_RETURN(const PackLayout layout, ReadPackLayout(pack, keys.name(), repository));
  PGK_ASSIGN_OR_RETURN(const std::vector<FooterFrame> entries,
                       ReadPackFooter(pack, layout, keys, opener));
  for (uint32_t number = 0; number < entries.size(); ++number) {
    const ScannedFrame& frame = layout.frames[number];
    const FooterFrame& entry = entries[number];
    const FrameExpectation expected = Expect(frame, number);
    const ByteSpan bytes = BytesOf(pack, frame);
    const bool hashed = entry.kind == FrameKind::kUnits && content_key != nullptr;
    PGK_ASSIGN_OR_RETURN(const ByteSpan payload,
                         hashed ? opener.OpenUnits(keys, bytes, expected, *content_key, entry.hash)
                                : opener.Open(keys, bytes, expected));
    if (visit) PGK_TRY(visit(frame, entry, payload));
  }
  return Ok();
}

std::vector<ScannedFrame> SalvageFrames(ByteSpan pack) {
  std::vector<ScannedFrame> found;
  size_t offset = 0;
  while (offset < pack.size()) {
    const void* hit =
        memmem(pack.data() + offset, pack.size() - offset, kFrameMagic.data(), kFrameMagic.size());
    if (hit == nullptr) break;
    offset = static_cast<size_t>(static_cast<const uint8_t*>(hit) - pack.data());
    const Result<ScannedFrame> frame = ReadFrame(pack, offset, pack.size());
    if (frame.ok()) {
      found.push_back(*frame);
      offset = frame->end();
    } else {
      ++offset;
    }
  }
  return found;
}

}  // namespace pgkeep::repository

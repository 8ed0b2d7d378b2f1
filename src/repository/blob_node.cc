#include "repository/blob_node.h"

#include <utility>

#include "base/check.h"
#include "base/wire.h"
#include "repository/node.h"
#include "repository/units_payload.h"

namespace pgkeep::repository {

namespace {

constexpr uint8_t kVersion = 1;

}  // namespace

Bytes EncodeBlob(const BlobNode& blob) {
  PGK_CHECK(ValidateBlob(blob).ok());
  Bytes payload;
  ByteWriter out(payload);
  out.U8(kVersion);
  EncodeFrameTable(blob.packs, blob.frames, out);
  return payload;
}

Result<BlobNode> DecodeBlob(ByteSpan payload) {
  ByteReader in(payload);
  PGK_TRY(CheckNodeVersion(in, kVersion));
  PGK_ASSIGN_OR_RETURN(FrameTable table, DecodeFrameTable(in, kMaxBlobFrames, FrameOrder::kFree));
  PGK_TRY(in.ExpectEnd());
  BlobNode blob{.packs = std::move(table.packs), .frames = std::move(table.frames)};
  PGK_TRY(ValidateBlob(blob));
  return blob;
}

Status ValidateBlob(const BlobNode& blob) {
  if (blob.frames.size() < 2 || blob.frames.size() > kMaxBlobFrames) {
    return Err(ErrorCode::kCorruption, "a big unit has {} pieces", blob.frames.size());
  }
  PGK_TRY(CheckFrameTable(blob.packs, blob.frames, FrameOrder::kFree));
  for (const LeafFrame& frame : blob.frames) {
    const bool last = &frame == &blob.frames.back();
    const auto piece = SingleUnitBytes(frame.rlen);
    if (frame.units != 1 || !piece.has_value() || (!last && *piece != kMaxUnitBytes)) {
      return Err(ErrorCode::kCorruption, "a piece of a big unit has {} units in {} bytes",
                 frame.units, frame.rlen);
    }
  }
  return Ok();
}

uint64_t BlobBytes(const BlobNode& blob) {
  PGK_CHECK(!blob.frames.empty());
  const auto last = SingleUnitBytes(blob.frames.back().rlen);
  PGK_CHECK(last.has_value());
  return (blob.frames.size() - 1) * uint64_t{kMaxUnitBytes} + *last;
}

}  // namespace pgkeep::repository

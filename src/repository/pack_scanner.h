// Walking a whole pack: for verification, and for recovery of what a lost map knew
// (docs/format/pack.md). All functions take the complete object in memory (at most kMaxPackBytes).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/hmac.h"
#include "repository/frame_opener.h"
#include "repository/pack_format.h"
#include "repository/pack_keys.h"

namespace pgkeep::repository {

// A frame found in a pack.
struct ScannedFrame {
  uint32_t offset = 0;
  FrameHeader header;

  size_t end() const { return size_t{offset} + FrameBytes(header.clen); }
};

// What the plain parts of a pack say. Nothing of it is authenticated yet.
struct PackLayout {
  PackHeader header;
  std::vector<ScannedFrame> frames;  // without the footer, in order
  ScannedFrame footer;
};

// Reads the plain structure, without keys: header, trailer, and every frame header; the frames must
// fill the pack without a gap, be numbered in order, belong into this kind of pack and end with the
// footer. Errors: kCorruption, kUnsupportedVersion; they name the pack and the offset.
Result<PackLayout> ReadPackLayout(ByteSpan pack, const PackName& expected,
                                  const RepositoryId& repository);

// Opens the footer and compares it with the layout: kinds, offsets and units must agree. The result
// has one entry per frame of the layout, now authenticated, and adds the content hashes.
Result<std::vector<FooterFrame>> ReadPackFooter(ByteSpan pack, const PackLayout& layout,
                                                const PackKeys& keys, FrameOpener& opener);

// Called for each frame with its payload, which is valid during the call. An error ends the walk.
using FrameVisitor =
    std::function<Status(const ScannedFrame& frame, const FooterFrame& entry, ByteSpan payload)>;

// Opens every frame in order: layout, footer, cipher, decompression, and for units the content hash
// (with `content_key`; null leaves that check out, for a metadata pack). `visit` may be empty.
Status WalkPack(ByteSpan pack, const PackKeys& keys, const RepositoryId& repository,
                FrameOpener& opener, const crypto::HmacSha256Key* content_key,
                const FrameVisitor& visit);

// Every intact frame header of a damaged pack, in order of offset, without keys: where the walk
// meets anything else it goes on at the next bytes that are an intact header whose frame lies
// inside `pack`. Needs neither pack header nor footer nor trailer. A hit may still be chance or
// forgery; opening the frame tells. Never fails; linear in the size of the pack.
std::vector<ScannedFrame> SalvageFrames(ByteSpan pack);

}  // namespace pgkeep::repository

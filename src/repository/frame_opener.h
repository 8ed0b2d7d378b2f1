#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/codec.h"
#include "crypto/aead.h"
#include "crypto/hmac.h"
#include "repository/node.h"
#include "repository/pack_format.h"
#include "repository/pack_keys.h"

namespace pgkeep::repository {

// What the map (or the footer) says about a frame; anything else is refused.
struct FrameExpectation {
  FrameKind kind = FrameKind::kUnits;
  uint32_t offset = 0;  // for messages
  uint32_t clen = 0;
  uint32_t rlen = 0;
  uint16_t units = 0;
  std::optional<uint32_t> number;  // its place in the order of frames, where known
};

// Opens frames: header, cipher, decompression. Holds the cipher with the key of the pack opened
// last, the decompressor and scratch memory, so reading frames of one pack after another allocates
// nothing and computes each key schedule once. One thread at a time; keep one per worker.
//
// `frame` is exactly the FrameBytes(clen) bytes at the place. Nothing is released unless every
// check passed. Errors: kCorruption when anything about the frame differs (it was damaged,
// exchanged or cut short); kUnsupportedVersion for an intact header with an unknown kind or codec.
// Every error names the pack and the offset. kWrongKey is never one of them: PackKeys settles that.
class FrameOpener {
 public:
  FrameOpener();
  ~FrameOpener();
  FrameOpener(FrameOpener&&) noexcept;
  FrameOpener& operator=(FrameOpener&&) noexcept;

  // The payload, in scratch memory: valid until the next call or the end of this object. It is what
  // some holder of the pack's key sealed as this frame; whether it is the content that the map
  // means is told by its hash only, so readers call OpenUnits and OpenNode instead.
  Result<ByteSpan> Open(const PackKeys& pack, ByteSpan frame, const FrameExpectation& expected);

  // The same into `payload`, which has exactly expected.rlen bytes and is all zero after an error.
  Status OpenInto(const PackKeys& pack, ByteSpan frame, const FrameExpectation& expected,
                  MutableByteSpan payload);

  // Opens a units frame and compares its content hash. The payload as from Open; split it with
  // SplitUnits.
  Result<ByteSpan> OpenUnits(const PackKeys& pack, ByteSpan frame, const FrameExpectation& expected,
                             const crypto::HmacSha256Key& content_key, const ContentHash& hash);

  // The same into `payload`, as OpenInto.
  Status OpenUnitsInto(const PackKeys& pack, ByteSpan frame, const FrameExpectation& expected,
                       const crypto::HmacSha256Key& content_key, const ContentHash& hash,
                       MutableByteSpan payload);

  // Opens the node that `ref` names and compares its id. `pack` must be the metadata pack
  // {ref.writer, ref.seq}, else kInternal. The payload as from Open.
  Result<ByteSpan> OpenNode(const PackKeys& pack, ByteSpan frame, FrameKind kind,
                            const NodeRef& ref, const crypto::HmacSha256Key& node_key);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pgkeep::repository

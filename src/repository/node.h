// How maps name their nodes (docs/format/map.md).
#pragma once

#include <compare>
#include <cstdint>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "base/wire.h"
#include "crypto/hash.h"
#include "crypto/hmac.h"
#include "repository/frame_place.h"
#include "repository/ids.h"
#include "repository/pack_format.h"

namespace pgkeep::repository {

// HMAC-SHA-256(node key, kind | payload): what a node is, wherever it stands.
using NodeId = crypto::Digest32;

// Thread-safe, never fails.
NodeId ComputeNodeId(FrameKind kind, ByteSpan payload, const crypto::HmacSha256Key& node_key);

// Takes the version byte that every node's payload begins with. kUnsupportedVersion if it is
// another than `version`, kCorruption if there is none.
Status CheckNodeVersion(ByteReader& in, uint8_t version);

// A node in a metadata pack: where it is and what it must be.
struct NodeRef {
  WriterId writer;
  uint32_t seq = 0;
  uint32_t offset = 0;
  uint32_t clen = 0;
  uint32_t rlen = 0;
  NodeId id{};

  PackName pack() const { return {writer, PackKind::kMeta, seq}; }
  FramePlace place() const { return {pack(), offset, clen, rlen}; }
  friend bool operator==(const NodeRef&, const NodeRef&) = default;
};

// Names a child from its parent: nothing, the child's payload itself (1..256 bytes), or a
// reference. A plain value.
class NodePointer {
 public:
  // Nothing.
  NodePointer() = default;

  // The payload itself. REQUIRES: 1..256 bytes.
  static NodePointer Inline(Bytes payload);

  static NodePointer Reference(const NodeRef& ref);

  // True if a payload of this length may stand inline. Inline is the better choice for it: a frame
  // of its own costs 48 bytes more and a request to read.
  static bool MayBeInline(size_t payload_bytes) {
    return payload_bytes >= 1 && payload_bytes <= kMaxInlinePayloadBytes;
  }

  bool empty() const { return std::holds_alternative<std::monostate>(value_); }
  // Null unless this is a reference.
  const NodeRef* reference() const { return std::get_if<NodeRef>(&value_); }
  // Null unless the payload is inline.
  const Bytes* inline_payload() const { return std::get_if<Bytes>(&value_); }

  // Bytes that Encode appends.
  size_t EncodedBytes() const;
  void Encode(ByteWriter& out) const;

  // Errors: kCorruption for an unknown tag, an inline length outside 1..256, or a place where no
  // frame of a node can be.
  static Result<NodePointer> Decode(ByteReader& in);

  friend bool operator==(const NodePointer&, const NodePointer&) = default;

 private:
  std::variant<std::monostate, Bytes, NodeRef> value_;
};

}  // namespace pgkeep::repository

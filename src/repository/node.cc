#include "repository/node.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace pgkeep::repository {

namespace {

constexpr uint8_t kTagNothing = 0;
constexpr uint8_t kTagInline = 1;
constexpr uint8_t kTagReference = 2;
constexpr size_t kReferenceBytes = 16 + 4 * 4 + 32;

Result<NodeRef> DecodeReference(ByteReader& in) {
  NodeRef ref;
  PGK_ASSIGN_OR_RETURN(const ByteSpan writer, in.Raw(ref.writer.bytes.size()));
  PGK_ASSIGN_OR_RETURN(ref.seq, in.U32());
  PGK_ASSIGN_OR_RETURN(ref.offset, in.U32());
  PGK_ASSIGN_OR_RETURN(ref.clen, in.U32());
  PGK_ASSIGN_OR_RETURN(ref.rlen, in.U32());
  PGK_ASSIGN_OR_RETURN(const ByteSpan id, in.Raw(ref.id.size()));
  std::ranges::copy(writer, ref.writer.bytes.begin());
  std::ranges::copy(id, ref.id.begin());
  if (ref.seq > kMaxPackSeq) {
    return Err(ErrorCode::kCorruption, "a node is said to be in metadata pack {}", ref.seq);
  }
  PGK_TRY(CheckFramePlace(ref.offset, ref.clen, ref.rlen, kMaxNodeFrameRlen));
  return ref;
}

}  // namespace

NodeId ComputeNodeId(FrameKind kind, ByteSpan payload, const crypto::HmacSha256Key& node_key) {
  const ByteArray<1> prefix{static_cast<uint8_t>(kind)};
  return node_key.Mac2(prefix, payload);
}

Status CheckNodeVersion(ByteReader& in, uint8_t version) {
  PGK_ASSIGN_OR_RETURN(const uint8_t found, in.U8());
  if (found == version) return Ok();
  return Err(ErrorCode::kUnsupportedVersion, "a node is of version {}", found)
      .WithHint("read this repository with a newer version of pgkeep");
}

NodePointer NodePointer::Inline(Bytes payload) {
  PGK_CHECK(MayBeInline(payload.size()));
  NodePointer pointer;
  pointer.value_ = std::move(payload);
  return pointer;
}

NodePointer NodePointer::Reference(const NodeRef& ref) {
  NodePointer pointer;
  pointer.value_ = ref;
  return pointer;
}

size_t NodePointer::EncodedBytes() const {
  if (reference() != nullptr) return 1 + kReferenceBytes;
  const Bytes* payload = inline_payload();
  if (payload == nullptr) return 1;
  return 1 + (payload->size() < 0x80 ? 1 : 2) + payload->size();
}

void NodePointer::Encode(ByteWriter& out) const {
  if (const NodeRef* ref = reference()) {
    out.U8(kTagReference);
    out.Raw(ref->writer.bytes);
    out.U32(ref->seq);
    out.U32(ref->offset);
    out.U32(ref->clen);
    out.U32(ref->rlen);
    out.Raw(ref->id);
  } else if (const Bytes* payload = inline_payload()) {
    out.U8(kTagInline);
    out.VarBytes(*payload);
  } else {
    out.U8(kTagNothing);
  }
}

Result<NodePointer> NodePointer::Decode(ByteReader& in) {
  PGK_ASSIGN_OR_RETURN(const uint8_t tag, in.U8());
  if (tag == kTagNothing) return NodePointer();
  if (tag == kTagInline) {
    PGK_ASSIGN_OR_RETURN(const ByteSpan payload,
                         in.VarBytes(kMaxInlinePayloadBytes, "length of an inline node"));
    if (payload.empty()) return Err(ErrorCode::kCorruption, "an inline node is empty");
    return Inline(ToBytes(payload));
  }
  if (tag != kTagReference) {
    return Err(ErrorCode::kCorruption, "a node pointer has the unknown tag {}", tag);
  }
  PGK_ASSIGN_OR_RETURN(const NodeRef ref, DecodeReference(in));
  return Reference(ref);
}

}  // namespace pgkeep::repository

#include "repository/node_writer.h"

#include "repository/limits.h"
#include "repository/pack_format.h"

namespace pgkeep::repository {

NodeWriter::NodeWriter(PackSink& sink, ObjectPool<codec::BlockCodec>& codecs,
                       const crypto::HmacSha256Key& node_key)
    : sink_(sink), codecs_(codecs), node_key_(node_key) {}

Result<NodePointer> NodeWriter::Write(FrameKind kind, ByteSpan payload) {
  if (NodePointer::MayBeInline(payload.size())) return NodePointer::Inline(ToBytes(payload));
  return WriteReference(kind, payload);
}

Result<NodePointer> NodeWriter::WriteReference(FrameKind kind, ByteSpan payload) {
  PGK_ASSIGN_OR_RETURN(const FramePlace place, WriteAlways(kind, payload));
  return NodePointer::Reference({place.pack.writer, place.pack.seq, place.offset, place.clen,
                                 place.rlen, ComputeNodeId(kind, payload, node_key_)});
}

Result<FramePlace> NodeWriter::WriteAlways(FrameKind kind, ByteSpan payload) {
  if (payload.size() > kMaxNodeFrameRlen) {
    return Err(ErrorCode::kLimitExceeded, "a {} node of {} bytes passes the limit of {}",
               FrameKindName(kind), payload.size(), kMaxNodeFrameRlen);
  }
  PGK_ASSIGN_OR_RETURN(const PackSink::Lease pack, sink_.Borrow(payload.size(), 0));
  const auto codec = codecs_.Borrow();
  return pack->builder->Store(*codec, kind, 0, payload, ContentHash{});
}

}  // namespace pgkeep::repository

#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "codec/codec.h"
#include "crypto/hmac.h"
#include "repository/node.h"
#include "repository/object_pool.h"
#include "repository/pack_sink.h"

namespace pgkeep::repository {

// Writes nodes into metadata packs. Thread-safe; borrows everything it is given.
class NodeWriter {
 public:
  NodeWriter(PackSink& sink, ObjectPool<codec::BlockCodec>& codecs,
             const crypto::HmacSha256Key& node_key);

  // Stores a node and returns how its parent names it: inline if it is small. Errors:
  // kLimitExceeded when the payload is longer than a node may be; those of PackSink.
  Result<NodePointer> Write(FrameKind kind, ByteSpan payload);

  // The same, but never inline.
  Result<NodePointer> WriteReference(FrameKind kind, ByteSpan payload);

  // Stores a node that is found by its place alone.
  Result<FramePlace> WriteAlways(FrameKind kind, ByteSpan payload);

 private:
  PackSink& sink_;
  ObjectPool<codec::BlockCodec>& codecs_;
  const crypto::HmacSha256Key& node_key_;
};

}  // namespace pgkeep::repository

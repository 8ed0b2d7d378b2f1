#include "repository/node_store.h"

#include <memory>
#include <utility>

#include "base/check.h"
#include "repository/key_ring.h"
#include "repository/pack_format.h"

namespace pgkeep::repository {

NodeStore::NodeStore(const RepositoryContext& context, LocalPackCache* local)
    : context_(context),
      windows_(context, local),
      keys_(context),
      openers_([] { return std::make_unique<FrameOpener>(); }) {}

Result<Bytes> NodeStore::ReadNode(FrameKind kind, const NodePointer& pointer) {
  PGK_CHECK(!pointer.empty(), "an empty pointer names no node");
  if (pointer.inline_payload() != nullptr) return *pointer.inline_payload();
  const NodeRef& ref = *pointer.reference();
  return ReadFrame(ref.place(), [&](FrameOpener& opener, const PackKeys& pack, ByteSpan frame) {
    return opener.OpenNode(pack, frame, kind, ref, context_.keys->node_hmac());
  });
}

Result<Bytes> NodeStore::ReadFingerprints(const PackName& data_pack,
                                          const FingerprintPlace& place) {
  const FramePlace frame_place{
      {data_pack.writer, PackKind::kMeta, place.meta_seq}, place.offset, place.clen, place.rlen};
  return ReadFrame(frame_place, [&](FrameOpener& opener, const PackKeys& pack, ByteSpan frame) {
    return opener.Open(pack, frame,
                       {.kind = FrameKind::kFingerprints,
                        .offset = place.offset,
                        .clen = place.clen,
                        .rlen = place.rlen,
                        .units = 0,
                        .number = {}});
  });
}

Result<Bytes> NodeStore::ReadFrame(const FramePlace& place, const Open& open) {
  bool from_local = false;
  Result<Bytes> payload = TryReadFrame(place, open, &from_local);
  if (payload.ok()) return payload;
  // Even a right copy may have been read a moment before it was damaged, so the second look is
  // always at the store's bytes; a failure that did not involve a copy is final.
  windows_.Forget(place.pack);
  if (!from_local) return payload;
  return TryReadFrame(place, open, &from_local);
}

Result<Bytes> NodeStore::TryReadFrame(const FramePlace& place, const Open& open, bool* from_local) {
  PGK_ASSIGN_OR_RETURN(const std::shared_ptr<const PackKeys> pack,
                       keys_.Get(place.pack, [&](const PackName& name, MutableByteSpan out) {
                         return windows_.Read(name, 0, out, from_local);
                       }));
  Bytes frame(FrameBytes(place.clen));
  PGK_TRY_CONTEXT("reading " + place.pack.Key(),
                  windows_.Read(place.pack, place.offset, frame, from_local));
  const auto opener = openers_.Borrow();
  PGK_ASSIGN_OR_RETURN(const ByteSpan payload, open(*opener, *pack, frame));
  return ToBytes(payload);
}

}  // namespace pgkeep::repository

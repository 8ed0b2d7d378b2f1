#include "repository/node_store.h"

#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"
#include "repository/control_access.h"
#include "repository/key_ring.h"
#include "repository/pack_format.h"

namespace pgkeep::repository {

namespace {

constexpr size_t kDamagedMax = 4'096;

}  // namespace

NodeStore::NodeStore(const RepositoryContext& context, LocalPackCache* local)
    : context_(context),
      windows_(context, local),
      keys_(context),
      openers_([] { return std::make_unique<FrameOpener>(); }) {}

Result<Bytes> NodeStore::ReadNode(FrameKind kind, const NodePointer& pointer) {
  PGK_CHECK(!pointer.empty(), "an empty pointer names no node");
  if (pointer.inline_payload() != nullptr) return *pointer.inline_payload();
  const NodeRef& ref = *pointer.reference();
  if (remember_damage_) {
    const MutexLock lock(mutex_);
    const auto found = damaged_.find(ref.id);
    if (found != damaged_.end()) return found->second;
  }
  Result<Bytes> payload =
      ReadFrame(ref.place(), [&](FrameOpener& opener, const PackKeys& pack, ByteSpan frame) {
        return opener.OpenNode(pack, frame, kind, ref, context_.keys->node_hmac());
      });
  if (!payload.ok() && remember_damage_ && IsDamage(payload.error())) {
    const MutexLock lock(mutex_);
    if (damaged_.size() < kDamagedMax) damaged_.try_emplace(ref.id, payload.error());
  }
  return payload;
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
  std::optional<Error> first;  // of what the store delivered
  while (true) {
    bool from_local = false;
    Result<Bytes> payload = TryReadFrame(place, open, &from_local);
    if (payload.ok() && first) WarnOfSecondReading(*context_.store, *first);
    if (payload.ok() || !IsDamage(payload.error())) return payload;
    if (from_local) {
      windows_.DistrustCopy(place.pack);
      continue;
    }
    windows_.Forget(place.pack);
    if (first || !IsWrongContent(payload.error())) return payload;
    first = payload.error();
  }
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

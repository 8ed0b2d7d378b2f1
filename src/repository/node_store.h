#pragma once

#include <functional>
#include <map>

#include "base/bytes.h"
#include "base/mutex.h"
#include "base/result.h"
#include "repository/frame_opener.h"
#include "repository/local_pack_cache.h"
#include "repository/node.h"
#include "repository/object_pool.h"
#include "repository/pack_key_cache.h"
#include "repository/pack_windows.h"
#include "repository/reference_list.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// Reads nodes of maps: from their parent, the local cache or the store, authenticated in any case.
//
// A local copy that does not authenticate is discarded and the store is asked instead; only what
// the store itself delivers, twice, can be an error. Thread-safe. Memory: that of PackWindows and
// PackKeyCache, and what RememberDamage says.
class NodeStore {
 public:
  // Copies the context. `local` may be null and must outlive this. REQUIRES: context.keys.
  NodeStore(const RepositoryContext& context, LocalPackCache* local);

  // From now on a node that was found damaged is not read again; its error is. For a writer, which
  // meets the same node of its base for every leaf below. Up to 4,096 of them, about 500 bytes
  // each. Not while other threads read.
  void RememberDamage() { remember_damage_ = true; }

  // Tells which packs nodes will be read from; makes reading faster.
  void AddPacks(const ReferenceList& references) { windows_.AddPacks(references); }

  // The payload of the node that `pointer` names. Errors: those of OpenPackHeader,
  // FrameOpener::OpenNode and ObjectStore::GetRange, with the pack's key. REQUIRES: not empty.
  Result<Bytes> ReadNode(FrameKind kind, const NodePointer& pointer) PGK_EXCLUDES(mutex_);

  // The payload of the fingerprint node of a data pack.
  Result<Bytes> ReadFingerprints(const PackName& data_pack, const FingerprintPlace& place);

 private:
  using Open =
      std::function<Result<ByteSpan>(FrameOpener& opener, const PackKeys& pack, ByteSpan frame)>;

  Result<Bytes> ReadFrame(const FramePlace& place, const Open& open);
  Result<Bytes> TryReadFrame(const FramePlace& place, const Open& open, bool* from_local);

  const RepositoryContext context_;
  PackWindows windows_;
  PackKeyCache keys_;
  ObjectPool<FrameOpener> openers_;
  bool remember_damage_ = false;
  Mutex mutex_;
  std::map<NodeId, Error> damaged_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::repository

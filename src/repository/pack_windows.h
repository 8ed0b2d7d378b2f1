#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "base/mutex.h"
#include "base/result.h"
#include "repository/ids.h"
#include "repository/local_pack_cache.h"
#include "repository/reference_list.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// Bytes of metadata packs, read in windows: nodes that were written one after the other are read
// with one request.
//
// Nothing here is trusted; readers authenticate what they get. Thread-safe. Holds at most 16
// windows of 256 KiB (or of one node, if that is larger), and 40 bytes for each pack of the lists
// given.
class PackWindows {
 public:
  // Copies the context. `local` may be null and must outlive this.
  PackWindows(const RepositoryContext& context, LocalPackCache* local);

  // Tells the sizes of packs: a window never reaches beyond a pack's end. Packs that nobody told
  // are read exactly as asked for.
  void AddPacks(const ReferenceList& references) PGK_EXCLUDES(mutex_);

  // Fills `out` from the pack at `offset`. Sets `*from_local` when the bytes came from the local
  // copy. Errors as ObjectStore::GetRange.
  Status Read(const PackName& pack, uint64_t offset, MutableByteSpan out, bool* from_local)
      PGK_EXCLUDES(mutex_);

  // Drops what is held of a pack after it failed its authentication: the next Read reads anew.
  void Forget(const PackName& pack) PGK_EXCLUDES(mutex_);

  // The same after bytes of the local copy failed: the copy is removed, and never asked again even
  // if that does not succeed. Reads that begin later get the store's bytes.
  void DistrustCopy(const PackName& pack) PGK_EXCLUDES(mutex_);

 private:
  struct Window {
    PackName pack;
    uint64_t offset = 0;
    std::shared_ptr<const Bytes> bytes;
    bool local = false;
  };

  std::optional<Window> Find(const PackName& pack, uint64_t offset, size_t size)
      PGK_EXCLUDES(mutex_);
  size_t WindowSize(const PackName& pack, uint64_t offset, size_t size) PGK_EXCLUDES(mutex_);
  bool MayUseCopy(const PackName& pack) PGK_EXCLUDES(mutex_);
  Result<Window> Load(const PackName& pack, uint64_t offset, size_t size) PGK_EXCLUDES(mutex_);
  void Insert(const Window& window) PGK_EXCLUDES(mutex_);

  const RepositoryContext context_;
  LocalPackCache* const local_;
  Mutex mutex_;
  std::list<Window> windows_ PGK_GUARDED_BY(mutex_);  // newest first
  std::map<PackName, uint64_t> sizes_ PGK_GUARDED_BY(mutex_);
  std::set<PackName> distrusted_ PGK_GUARDED_BY(mutex_);  // packs with a bad local copy
};

}  // namespace pgkeep::repository

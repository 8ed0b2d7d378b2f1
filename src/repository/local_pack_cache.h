#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/file.h"
#include "repository/ids.h"

namespace pgkeep::repository {

// Copies of metadata packs on the local disk, so that the next backup need not fetch maps and
// fingerprints from a distant store.
//
// The copies are the sealed bytes and are authenticated by their readers exactly like the
// originals. A copy that is missing, stale, of another repository or damaged costs one read from
// the store and nothing else; so nothing here is synced to disk and no failure is reported.
// Thread-safe.
class LocalPackCache {
 public:
  // `directory` is created when the first pack is kept; an empty one turns the cache off. `files`
  // must outlive this.
  LocalPackCache(FileSystem& files, std::string directory);

  // Keeps a copy of a whole pack.
  void Keep(const PackName& pack, ByteSpan bytes);

  // Fills `out` from the copy of a pack; false when there is none, or it is too short.
  bool Read(const PackName& pack, uint64_t offset, MutableByteSpan out);

  // Forgets a copy that failed its authentication.
  void Discard(const PackName& pack);

  // Removes all copies but those that `wanted` approves of.
  void Retain(const std::function<bool(const PackName&)>& wanted);

 private:
  std::string PathOf(const PackName& pack) const;

  FileSystem& files_;
  const std::string directory_;
};

}  // namespace pgkeep::repository

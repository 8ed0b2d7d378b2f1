#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/secret.h"
#include "repository/ids.h"
#include "repository/pack_keys.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// The keys of the packs that were read last, so that a frame costs one request and not two.
//
// Thread-safe. Bounded: about 300 bytes for each of the newest 4,096 packs, and one key per writer.
class PackKeyCache {
 public:
  // Reads the 96 bytes of a pack's header into `out`.
  using HeaderReader = std::function<Status(const PackName& pack, MutableByteSpan out)>;

  // Copies the context, which needs keys before anything is asked for.
  explicit PackKeyCache(const RepositoryContext& context);

  // The keys of `pack`, whose header `read_header` fetches if it is not known yet. Errors: those of
  // OpenPackHeader and `read_header`; for a data pack also those of reading and opening `ses/<S>`
  // (kRefused with a host key).
  Result<std::shared_ptr<const PackKeys>> Get(const PackName& pack, const HeaderReader& read_header)
      PGK_EXCLUDES(mutex_);

 private:
  Result<std::shared_ptr<const SecretBytes>> WriterKey(const WriterId& writer) PGK_EXCLUDES(mutex_);
  void Insert(const PackName& pack, std::shared_ptr<const PackKeys> keys) PGK_EXCLUDES(mutex_);

  using Entry = std::pair<PackName, std::shared_ptr<const PackKeys>>;

  const RepositoryContext context_;
  Mutex mutex_;
  std::list<Entry> order_ PGK_GUARDED_BY(mutex_);  // newest use first
  std::map<PackName, std::list<Entry>::iterator> packs_ PGK_GUARDED_BY(mutex_);
  std::map<WriterId, std::shared_ptr<const SecretBytes>> writers_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::repository

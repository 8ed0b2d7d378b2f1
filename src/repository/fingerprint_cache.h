#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "base/mutex.h"
#include "base/result.h"
#include "repository/fingerprint_node.h"
#include "repository/node_store.h"
#include "repository/reference_list.h"

namespace pgkeep::repository {

// The fingerprints of the packs that base backups stand on, one decoded node per pack.
//
// Thread-safe. Bounded: the tables used last, up to 16 MiB (the one in use may exceed it).
class FingerprintCache {
 public:
  // `nodes` must outlive this.
  explicit FingerprintCache(NodeStore& nodes) : nodes_(nodes) {}

  // The fingerprints of the data pack that `entry` describes. Errors: those of NodeStore, and
  // kCorruption when the node is about another pack. REQUIRES: entry.fingerprints.
  Result<std::shared_ptr<const FingerprintTable>> Get(const PackEntry& entry) PGK_EXCLUDES(mutex_);

 private:
  using Table = std::shared_ptr<const FingerprintTable>;
  struct Entry {
    PackName pack;
    Table table;
    size_t bytes = 0;
  };

  void Insert(const PackName& pack, const Table& table) PGK_EXCLUDES(mutex_);

  NodeStore& nodes_;
  Mutex mutex_;
  std::list<Entry> order_ PGK_GUARDED_BY(mutex_);  // newest use first
  std::map<PackName, std::list<Entry>::iterator> tables_ PGK_GUARDED_BY(mutex_);
  size_t bytes_ PGK_GUARDED_BY(mutex_) = 0;
};

}  // namespace pgkeep::repository

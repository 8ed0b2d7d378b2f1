// Which packs the maps of a backup need, and how much of each: the source of its reference list.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "base/mutex.h"
#include "repository/ids.h"
#include "repository/node.h"

namespace pgkeep::repository {

// Counts, for each pack, the units that maps name. Metadata packs count nothing but are remembered.
// Thread-safe. Memory grows with the number of packs named, about 100 bytes each.
class PackUsage {
 public:
  // Adds `units` of a data pack.
  void AddUnits(const PackName& pack, uint64_t units) PGK_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    units_[pack] += units;
  }

  // Remembers the pack that holds a node, if the pointer is a reference.
  void AddNode(const NodePointer& pointer) PGK_EXCLUDES(mutex_) {
    const NodeRef* ref = pointer.reference();
    if (ref == nullptr) return;
    const MutexLock lock(mutex_);
    units_.try_emplace(PackName{ref->writer, PackKind::kMeta, ref->seq}, 0);
  }

  // Adds what another one counted.
  void Add(const std::map<PackName, uint64_t>& counted) PGK_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    for (const auto& [pack, units] : counted) units_[pack] += units;
  }

  // Everything counted so far, ascending by pack; the object is empty afterwards.
  std::map<PackName, uint64_t> Take() PGK_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return std::exchange(units_, {});
  }

 private:
  Mutex mutex_;
  std::map<PackName, uint64_t> units_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::repository

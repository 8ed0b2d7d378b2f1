#include "archive/toc_index.h"

#include <algorithm>

#include "base/check.h"

namespace pgkeep::archive {

TocIndex::TocIndex(const Toc& toc) : toc_(toc) {
  positions_.reserve(toc.entries.size());
  for (uint32_t i = 0; i < toc.entries.size(); ++i) {
    const TocEntry& entry = toc.entries[i];
    const bool added = positions_.emplace(entry.dump_id, i).second;
    PGK_CHECK(added, "dump ids are unique");
    for (const int32_t dependency : entry.dependencies) {
      std::vector<uint32_t>& dependents = dependents_[dependency];
      if (dependents.empty() || dependents.back() != i) dependents.push_back(i);
    }
  }
}

const TocEntry* TocIndex::Find(int32_t dump_id) const {
  const auto found = positions_.find(dump_id);
  return found == positions_.end() ? nullptr : &toc_.entries[found->second];
}

size_t TocIndex::PositionOf(int32_t dump_id) const {
  const auto found = positions_.find(dump_id);
  PGK_CHECK(found != positions_.end(), "the entry is in the archive");
  return found->second;
}

std::span<const uint32_t> TocIndex::DependentsOf(int32_t dump_id) const {
  const auto found = dependents_.find(dump_id);
  if (found == dependents_.end()) return {};
  return found->second;
}

}  // namespace pgkeep::archive

// Looking things up in a table of contents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "archive/toc.h"

namespace pgkeep::archive {

// Finds entries by dump id, and who depends on them. Borrows the table, which must not change.
// Thread-safe once built. Costs about 50 bytes an entry.
class TocIndex {
 public:
  // REQUIRES: dump ids are unique, as those of a table that was read are.
  explicit TocIndex(const Toc& toc);

  const Toc& toc() const { return toc_; }

  // The entry with this dump id, or null: dependencies may name what is not in the archive.
  const TocEntry* Find(int32_t dump_id) const;

  // Position in toc().entries of an entry that is there. REQUIRES: Find(dump_id) is not null.
  size_t PositionOf(int32_t dump_id) const;

  // Positions of the entries that name this dump id among their dependencies, in order, each once.
  std::span<const uint32_t> DependentsOf(int32_t dump_id) const;

 private:
  const Toc& toc_;
  std::unordered_map<int32_t, uint32_t> positions_;
  std::unordered_map<int32_t, std::vector<uint32_t>> dependents_;
};

}  // namespace pgkeep::archive

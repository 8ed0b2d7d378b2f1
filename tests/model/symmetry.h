// Maps a state to the representative of all states that behave alike.
#pragma once

#include <vector>

#include "tests/model/state.h"

namespace pgkeep::model {

// Writers are interchangeable, collectors too, and some fields are dead once nobody will read them.
// Thread-safe after construction.
class Canonicalizer {
 public:
  explicit Canonicalizer(const Config& config);

  // The state without what the reductions forget, under the same names.
  State Clean(const State& state) const;

  // The smallest key over all renamings of the writers, after dead fields are cleared.
  Key Canonical(const State& state) const;

 private:
  struct Renaming {
    std::array<std::uint8_t, kMaxIds> id{};
    std::array<Mask, 256> ids{};    // mask of ids -> mask of renamed ids
    std::array<Mask, 256> packs{};  // mask of packs -> mask of renamed packs
  };

  State Renamed(const State& state, const Renaming& renaming) const;
  // The renaming that sorts the writers by what is written on them alone, or null if some look the
  // same.
  const Renaming* SortingRenaming(const State& state) const;

  Config config_;
  std::vector<Renaming> renamings_;  // the identity comes first
};

}  // namespace pgkeep::model

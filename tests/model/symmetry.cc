#include "tests/model/symmetry.h"

#include <algorithm>
#include <numeric>

#include "tests/model/reduction.h"

namespace pgkeep::model {
Canonicalizer::Canonicalizer(const Config& config) : config_(config) {
  std::array<std::uint8_t, kMaxIds> order{};
  std::iota(order.begin(), order.end(), std::uint8_t{0});
  const auto first = order.begin() + 1;
  const auto last = order.begin() + config.Ids();
  do {
    Renaming renaming;
    renaming.id = order;
    for (unsigned mask = 0; mask < 256; ++mask) {
      for (int id = 0; id < config.Ids(); ++id) {
        const int to = order[static_cast<std::size_t>(id)];
        if (HasBit(mask, id)) Set(renaming.ids[mask], Bit(to));
        for (int pack = 0; pack < config.packs_per_id; ++pack) {
          if (HasBit(mask, id * config.packs_per_id + pack)) {
            Set(renaming.packs[mask], Bit(to * config.packs_per_id + pack));
          }
        }
      }
    }
    renamings_.push_back(renaming);
  } while (std::next_permutation(first, last));
}

State Canonicalizer::Renamed(const State& state, const Renaming& renaming) const {
  State to = state;
  for (Mask State::*mask : {&State::ses, &State::pin, &State::man, &State::ref, &State::committed,
                            &State::aborted, &State::expired}) {
    to.*mask = renaming.ids[state.*mask];
  }
  to.packs = renaming.packs[state.packs];
  for (int id = 1; id < config_.Ids(); ++id) {
    const Writer& from = state.writer[static_cast<std::size_t>(id)];
    Writer& writer = to.writer[renaming.id[static_cast<std::size_t>(id)]];
    writer = from;
    writer.bases = renaming.ids[from.bases];
    writer.unlooked = renaming.ids[from.unlooked];
    writer.content = renaming.packs[from.content];
  }
  for (Gc& gc : to.gc) {
    for (Mask Gc::*mask :
         {&Gc::todo, &Gc::expired, &Gc::decided1, &Gc::pins, &Gc::decided2, &Gc::committed,
          &Gc::plan_manifests, &Gc::plan_ses, &Gc::plan_pins, &Gc::plan_tombstones}) {
      gc.*mask = renaming.ids[gc.*mask];
    }
    gc.plan_packs = renaming.packs[gc.plan_packs];
    gc.abort_in_flight = renaming.id[gc.abort_in_flight];
  }
  return to;
}

const Canonicalizer::Renaming* Canonicalizer::SortingRenaming(const State& state) const {
  std::array<std::uint32_t, kMaxIds> looks{};
  for (int id = 1; id < config_.Ids(); ++id) {
    const Writer& writer = state.writer[static_cast<std::size_t>(id)];
    std::uint32_t look = static_cast<std::uint32_t>(writer.pc);
    look = look * 2 + (writer.bases == 0 ? 1U : 0U);
    look = look * 2 + (HasBit(writer.bases, 0) ? 1U : 0U);
    for (const Mask mask : {state.ses, state.pin, state.man, state.ref, state.committed,
                            state.aborted, state.expired, Owners(config_, state.packs)}) {
      look = look * 2 + (HasBit(mask, id) ? 1U : 0U);
    }
    looks[static_cast<std::size_t>(id)] = look;
  }
  const Renaming* found = nullptr;
  for (const Renaming& renaming : renamings_) {
    std::array<std::uint32_t, kMaxIds> sorted{};
    for (std::size_t id = 1; id < kMaxIds; ++id) sorted[renaming.id[id]] = looks[id];
    const auto last = sorted.begin() + config_.Ids();
    if (!std::is_sorted(sorted.begin() + 1, last)) continue;
    if (found != nullptr) return nullptr;
    found = &renaming;
  }
  return found;
}

State Canonicalizer::Clean(const State& state) const {
  State clean = state;
  if (config_.reduced) {
    ForgetGarbage(config_, clean);
  } else {
    ClearDeadFields(config_, clean);
  }
  return clean;
}

Key Canonicalizer::Canonical(const State& state) const {
  const State clean = Clean(state);
  if (const Renaming* sorting = SortingRenaming(clean); sorting != nullptr) {
    const bool identity = sorting == renamings_.data();
    return Pack(config_, identity ? clean : Renamed(clean, *sorting));
  }
  Key best = Pack(config_, clean);
  for (const Renaming& renaming : renamings_) {
    if (&renaming == renamings_.data()) continue;
    best = std::min(best, Pack(config_, Renamed(clean, renaming)));
  }
  return best;
}

}  // namespace pgkeep::model

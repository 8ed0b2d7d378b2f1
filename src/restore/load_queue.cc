#include "restore/load_queue.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace pgkeep::restore {

LoadQueue::LoadQueue(std::vector<LoadItem> items, uint64_t chunk_bytes)
    : items_(std::move(items)), states_(items_.size()) {
  chunk_units_.reserve(items_.size());
  for (const LoadItem& item : items_) {
    // Evenly, as if all units were of one size.
    const uint64_t chunks = item.shared ? std::max<uint64_t>(1, item.bytes / chunk_bytes) : 1;
    chunk_units_.push_back(std::max<uint64_t>(1, (item.units + chunks - 1) / chunks));
  }
}

uint64_t LoadQueue::UnitsLeft(size_t item) const {
  return items_[item].units - states_[item].next_unit;
}

bool LoadQueue::MayBegin(size_t item) const {
  return std::ranges::all_of(items_[item].after, [this](size_t other) PGK_REQUIRES(mutex_) {
    return states_[other].done;
  });
}

std::optional<size_t> LoadQueue::Choose() const {
  std::optional<size_t> waits;
  for (size_t item = first_open_; item < items_.size(); ++item) {
    if (states_[item].begun) continue;
    if (MayBegin(item)) return item;
    if (!waits) waits = item;
  }
  // Helping pays where at least one chunk is left for the helper and one for who is at work.
  std::optional<size_t> most;
  uint64_t most_bytes = 0;
  for (size_t item = 0; item < items_.size(); ++item) {
    const State& state = states_[item];
    if (!state.begun || state.done || state.failed || !items_[item].shared) continue;
    if (UnitsLeft(item) <= chunk_units_[item]) continue;
    const uint64_t bytes =
        items_[item].bytes / std::max<uint64_t>(1, items_[item].units) * UnitsLeft(item);
    if (most && bytes <= most_bytes) continue;
    most = item;
    most_bytes = bytes;
  }
  if (most) return most;
  // Items that wait for each other in a circle: somebody has to be the first.
  return workers_ == 0 ? waits : std::nullopt;
}

std::optional<size_t> LoadQueue::Join(std::stop_token stop) {
  const MutexLock lock(mutex_);
  std::optional<size_t> item;
  changed_.Wait(mutex_, stop, [&]() PGK_REQUIRES(mutex_) {
    item = Choose();
    // Where all was begun and nobody needs help, there will be nothing for this worker any more.
    return item.has_value() || first_open_ == states_.size();
  });
  if (stop.stop_requested() || !item) return std::nullopt;
  states_[*item].begun = true;
  ++states_[*item].workers;
  ++workers_;
  while (first_open_ < states_.size() && states_[first_open_].begun) ++first_open_;
  return item;
}

std::optional<LoadChunk> LoadQueue::NextChunk(size_t item) {
  const MutexLock lock(mutex_);
  State& state = states_[item];
  if (state.failed || UnitsLeft(item) == 0) return std::nullopt;
  const LoadChunk chunk{.first_unit = state.next_unit,
                        .units = std::min(chunk_units_[item], UnitsLeft(item))};
  state.next_unit += chunk.units;
  return chunk;
}

bool LoadQueue::HasFailed(size_t item) const {
  const MutexLock lock(mutex_);
  return states_[item].failed;
}

bool LoadQueue::Leave(size_t item, bool ok) {
  const MutexLock lock(mutex_);
  State& state = states_[item];
  PGK_CHECK(state.workers > 0, "who leaves has joined");
  --state.workers;
  --workers_;
  if (!ok) state.failed = true;
  const bool last = state.workers == 0 && !state.done && (state.failed || UnitsLeft(item) == 0);
  if (last) state.done = true;
  changed_.NotifyAll();
  return last;
}

}  // namespace pgkeep::restore

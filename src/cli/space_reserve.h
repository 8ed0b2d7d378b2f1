// Cleaning up a store that is full.
#pragma once

#include "base/error.h"
#include "storage/object_store.h"

namespace pgkeep::cli {

// Runs `work`, which frees space, now or for the next one who does, and is safe to repeat. If the
// store is full its reserve is given up for that (ObjectStore::ReleaseReserve), before or when it
// turns out. Returns what `work` does.
template <class Work>
auto WithSpaceReserve(storage::ObjectStore& store, Work work) -> decltype(work()) {
  const auto free = store.FreeBytes();
  if (free.ok() && *free && **free < storage::kReserveBytes) PGK_TRY(store.ReleaseReserve());
  auto done = work();
  if (done.ok() || done.error().code() != ErrorCode::kOutOfSpace) return done;
  PGK_TRY(store.ReleaseReserve());
  return work();
}

}  // namespace pgkeep::cli

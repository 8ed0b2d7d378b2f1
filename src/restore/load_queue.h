// Which rows a worker loads next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/mutex.h"

namespace pgkeep::restore {

// The rows of one table, in units of its stream.
struct LoadItem {
  uint64_t units = 0;
  uint64_t bytes = 0;
  // Positions of items whose rows have to be there before.
  std::vector<size_t> after = {};
  // False: only one worker may load it.
  bool shared = true;
};

// A part of an item.
struct LoadChunk {
  uint64_t first_unit = 0;
  uint64_t units = 0;
};

// Shares out the rows of many tables among workers. Each takes a table for itself as long as there
// are some, so that its rows keep their order; then they help each other: a table that is being
// loaded is handed out in chunks, one after the other, to all who have joined it. So all of them
// end at about the same time, however large the largest table is.
//
// A worker joins an item, takes chunks until there are none, and leaves it. Thread-safe.
class LoadQueue {
 public:
  // Items in the order in which they are to begin. A chunk has about `chunk_bytes`.
  LoadQueue(std::vector<LoadItem> items, uint64_t chunk_bytes);

  // The item that this worker shall work on now. Waits while all that is left has to wait for
  // others. Nothing: all is done, or `stop` was requested.
  std::optional<size_t> Join(std::stop_token stop) PGK_EXCLUDES(mutex_);

  // The next part of an item that the caller has joined; nothing when all of it is handed out, or
  // it has failed.
  std::optional<LoadChunk> NextChunk(size_t item) PGK_EXCLUDES(mutex_);

  // Whether somebody has failed with the item: then others need not go on.
  bool HasFailed(size_t item) const PGK_EXCLUDES(mutex_);

  // The caller is done with the item; `ok` false: it has failed. True for the last who leaves, when
  // nothing is left of it: whoever waits for it may begin then.
  bool Leave(size_t item, bool ok) PGK_EXCLUDES(mutex_);

 private:
  struct State {
    uint64_t next_unit = 0;
    size_t workers = 0;
    bool begun = false;
    bool failed = false;
    bool done = false;
  };

  uint64_t UnitsLeft(size_t item) const PGK_REQUIRES(mutex_);
  bool MayBegin(size_t item) const PGK_REQUIRES(mutex_);
  std::optional<size_t> Choose() const PGK_REQUIRES(mutex_);

  const std::vector<LoadItem> items_;
  std::vector<uint64_t> chunk_units_;  // constant after construction
  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<State> states_ PGK_GUARDED_BY(mutex_);
  size_t first_open_ PGK_GUARDED_BY(mutex_) = 0;  // all items before were begun
  size_t workers_ PGK_GUARDED_BY(mutex_) = 0;     // that work on an item
};

}  // namespace pgkeep::restore

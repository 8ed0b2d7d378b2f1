// What an archive must get, and has got. Internal to the room.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "archive/toc.h"
#include "base/mutex.h"
#include "base/result.h"

namespace pgkeep::archive {

// Keeps the books of one archive that is written: every table and every large object is begun once
// and finished once. Thread-safe.
class DataLedger {
 public:
  // Reads the table of contents, which has been checked (see PrepareExport()).
  explicit DataLedger(const Toc& toc);

  // Dump ids of the entries with data, in order.
  const std::vector<int32_t>& entries() const { return entries_; }
  // The BLOBS entry, if there are large objects.
  const std::optional<int32_t>& large_object_entry() const { return large_object_entry_; }

  // kInvalidArgument for what has no data in this archive, or was begun before.
  Status BeginTable(int32_t dump_id);
  Status BeginLargeObject(uint32_t oid);

  // REQUIRES: begun.
  void FinishTable(int32_t dump_id);
  void FinishLargeObject(uint32_t oid);

  // kInvalidArgument, naming one, if anything is not finished.
  Status CheckComplete() const;
  // The same for large objects alone.
  Status CheckLargeObjects() const;

 private:
  enum class State { kMissing, kBegun, kFinished };

  std::vector<int32_t> entries_;
  std::optional<int32_t> large_object_entry_;

  mutable Mutex mutex_;
  std::unordered_map<int32_t, State> tables_ PGK_GUARDED_BY(mutex_);
  std::unordered_map<uint32_t, State> large_objects_ PGK_GUARDED_BY(mutex_);
  size_t tables_left_ PGK_GUARDED_BY(mutex_) = 0;
  size_t large_objects_left_ PGK_GUARDED_BY(mutex_) = 0;
};

}  // namespace pgkeep::archive

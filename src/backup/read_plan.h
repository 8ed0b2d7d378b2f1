// Who reads which table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "backup/table_info.h"

namespace pgkeep::backup {

// How the rows of one table are read.
enum class ReadMode {
  // By one sequential scan, which keeps to a small part of the server's buffers. Several tables at
  // the same time.
  kGentle,
  // Large tables in several ranges of blocks at the same time (PostgreSQL 14 and newer). Faster
  // with few large tables, but such scans go through all of the server's buffers.
  kParallel,
};

// One table, or a range of its blocks, for one worker.
struct ReadTask {
  size_t table = 0;  // place in the list of tables
  uint64_t first_block = 0;
  // Nothing: to the end, wherever that is.
  std::optional<uint64_t> end_block;
  uint64_t disk_bytes = 0;  // about; largest tasks go first

  friend bool operator==(const ReadTask&, const ReadTask&) = default;
};

// Tasks for a number of workers. Whoever reads a table must have locked it before reading began (a
// lock taken later may have to wait behind somebody who waits for us). So the large tables are
// locked by all workers, and any worker may read them; the many small ones are dealt out, since
// the server has room for a limited number of locks.
struct ReadPlan {
  std::vector<ReadTask> shared;            // largest first
  std::vector<std::vector<ReadTask>> own;  // of each worker
  // Tables that each worker locks, as places in the list.
  std::vector<std::vector<size_t>> locks;
};

// Tables that all workers lock.
inline constexpr size_t kSharedTablesMax = 512;

// Plans the reading of the tables that have rows (kind 'r'). Ranges begin at multiples of 16,384
// blocks, as those of a repository's streams do. REQUIRES: at least one worker.
ReadPlan MakeReadPlan(std::span<const TableInfo> tables, unsigned workers, ReadMode mode,
                      int server_version_num);

}  // namespace pgkeep::backup

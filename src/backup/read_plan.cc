#include "backup/read_plan.h"

#include <algorithm>

#include "base/check.h"
#include "repository/limits.h"

namespace pgkeep::backup {
namespace {

// The oldest server that scans a range of ctids without looking at the rest of the table.
constexpr int kTidRangeScanVersion = 140000;
// Ranges of one table for each worker: enough that nobody waits long for the last one.
constexpr uint64_t kRangesPerWorker = 4;

// Appends the ranges of one table.
void AddRanges(std::span<const TableInfo> tables, size_t place, unsigned workers,
               std::vector<ReadTask>& tasks) {
  const TableInfo& table = tables[place];
  const uint64_t leaves =
      (table.blocks + repository::kUnitsPerLeaf - 1) / repository::kUnitsPerLeaf;
  const uint64_t most = uint64_t{workers} * kRangesPerWorker;
  const uint64_t step = (leaves + most - 1) / most * repository::kUnitsPerLeaf;
  for (uint64_t first = 0; first < table.blocks; first += step) {
    ReadTask task{.table = place, .first_block = first, .end_block = first + step, .disk_bytes = 0};
    const uint64_t blocks = std::min(step, table.blocks - first);
    task.disk_bytes = table.bytes / table.blocks * blocks;
    if (first + step >= table.blocks) task.end_block.reset();
    tasks.push_back(task);
  }
}

bool Larger(const ReadTask& left, const ReadTask& right) {
  return left.disk_bytes > right.disk_bytes;
}

}  // namespace

ReadPlan MakeReadPlan(std::span<const TableInfo> tables, unsigned workers, ReadMode mode,
                      int server_version_num) {
  PGK_CHECK(workers > 0, "somebody has to read");
  std::vector<size_t> places;
  for (size_t i = 0; i < tables.size(); ++i) {
    if (tables[i].kind == 'r') places.push_back(i);
  }
  std::ranges::stable_sort(places, [&tables](size_t left, size_t right) {
    return tables[left].bytes > tables[right].bytes;
  });

  ReadPlan plan;
  plan.own.resize(workers);
  plan.locks.resize(workers);
  const bool ranges =
      mode == ReadMode::kParallel && workers > 1 && server_version_num >= kTidRangeScanVersion;
  std::vector<uint64_t> load(workers);
  for (size_t i = 0; i < places.size(); ++i) {
    const size_t place = places[i];
    const TableInfo& table = tables[place];
    const ReadTask whole{
        .table = place, .first_block = 0, .end_block = std::nullopt, .disk_bytes = table.bytes};
    if (i >= kSharedTablesMax) {
      // To the one with the least to do; a table without rows is work too.
      const auto worker = static_cast<size_t>(std::ranges::min_element(load) - load.begin());
      load[worker] += table.bytes + 1;
      plan.own[worker].push_back(whole);
      plan.locks[worker].push_back(place);
      continue;
    }
    for (std::vector<size_t>& locks : plan.locks) locks.push_back(place);
    if (ranges && table.has_blocks() && table.blocks > repository::kUnitsPerLeaf) {
      AddRanges(tables, place, workers, plan.shared);
    } else {
      plan.shared.push_back(whole);
    }
  }
  std::ranges::stable_sort(plan.shared, Larger);
  return plan;
}

}  // namespace pgkeep::backup

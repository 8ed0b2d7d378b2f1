// Statistics for the planner, after the rows are there.
#pragma once

#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "postgres/connection_params.h"

namespace pgkeep::restore {

// Schema and name of tables, as in the target.
using TableNames = std::set<std::pair<std::string, std::string>>;

// Runs ANALYZE on those of `tables` that are there, over several connections, largest first. A
// partitioned table stands for its partitions. What the server refuses comes back, one line each.
Result<std::vector<std::string>> AnalyzeTables(const postgres::ConnectionParams& params,
                                               const std::string& encoding,
                                               const TableNames& tables, unsigned workers,
                                               Progress& progress, std::stop_token stop);

}  // namespace pgkeep::restore

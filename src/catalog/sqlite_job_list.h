// The queries on the history. For SqliteCatalog, which knows what they promise; each is called in a
// read transaction where it makes several queries.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/history.h"
#include "catalog/sqlite_connection.h"

namespace pgkeep::catalog {

// See Catalog::FindJob().
Result<JobRecord> FindJobRow(SqliteConnection& connection, const std::string& id);

// See Catalog::ListPhases().
Result<std::vector<JobPhase>> ListPhaseRows(SqliteConnection& connection, const std::string& id);

// See Catalog::ListJobs().
Result<JobPage> ListJobRows(SqliteConnection& connection, const JobQuery& query);

// See Catalog::ListActiveJobs().
Result<std::vector<JobRecord>> ListActiveRows(SqliteConnection& connection);

// See Catalog::ListLastSuccesses().
Result<std::vector<LastSuccess>> ListLastSuccessRows(SqliteConnection& connection, JobKind kind);

}  // namespace pgkeep::catalog

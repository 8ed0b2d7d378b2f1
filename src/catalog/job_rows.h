// Rows of `backup_history` and of the tables beside it, as values. For SqliteCatalog.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "catalog/history.h"
#include "catalog/sqlite_connection.h"

namespace pgkeep::catalog {

// The columns that ReadJob() expects, first in a SELECT on backup_history.
extern const std::string_view kJobColumns;

// The job in the current row of a query, with its databases. kCorruption for what this program
// would not have written.
Result<JobRecord> ReadJob(SqliteConnection& connection, const SqliteStatement& row);

// All jobs of a query that begins with kJobColumns.
Result<std::vector<JobRecord>> ReadJobs(SqliteConnection& connection, SqliteStatement& query);

// A column with microseconds since 1970; kCorruption for a time outside of the years 1970 to 9999.
Result<Timestamp> ReadTime(const SqliteConnection& connection, const SqliteStatement& row, int i);

// The same, where there may be none.
Result<std::optional<Timestamp>> ReadOptionalTime(const SqliteConnection& connection,
                                                  const SqliteStatement& row, int i);

// Writes what is known of the databases of a job, in place of what was recorded before.
Status WriteDatabases(SqliteConnection& connection, const std::string& job_id,
                      const std::vector<DatabaseOutcome>& databases);

}  // namespace pgkeep::catalog

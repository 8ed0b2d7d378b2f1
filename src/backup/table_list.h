// The tables of a database, as a snapshot sees them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "backup/table_filter.h"
#include "backup/table_info.h"
#include "base/result.h"
#include "postgres/connection.h"

namespace pgkeep::backup {

// Lists the tables that pg_dump may want data of or lock: the users' tables, partitioned ones too,
// and the configuration tables of extensions. Without columns and sizes. In order of the OIDs.
//   kPermission  tables that are wanted, but may not be read, or of which row security hides rows;
//                the message names some, and how many there are
// REQUIRES: a connection with the backup's settings, inside the transaction of the snapshot.
Result<std::vector<TableInfo>> ListTables(postgres::Connection& leader, const TableFilter& filter);

// Adds the columns, from the snapshot, and the sizes, of now, of tables that are locked.
// Also compares each table with the snapshot: kConflict, or the server's own error, if one was
// truncated, rewritten, renamed or lost a column in between, since reading it would give other rows
// than those of the snapshot.
// The order is a measured trap: the snapshot's relfilenode stays what it was, only
// pg_relation_filenode() shows what is there now; and only behind the lock it stays so.
Status DescribeLockedTables(postgres::Connection& leader, std::span<TableInfo> tables);

// Compares the names of tables and columns with the snapshot once more, when everything was read by
// them: the locks on tables do not keep their schemas from being renamed. kConflict if something
// has another name now.
Status ConfirmNames(postgres::Connection& leader, std::span<const TableInfo> tables);

// pg_largeobject as a table with columns loid, pageno, data, with its sizes.
Result<TableInfo> DescribeLargeObjects(postgres::Connection& leader);

// Whether the user may read pg_largeobject itself; otherwise each object is asked for alone.
Result<bool> MayReadLargeObjectTable(postgres::Connection& connection);

// A list of OIDs as the text of an oid[]: "{1,2}".
std::string OidArray(std::span<const TableInfo> tables);

}  // namespace pgkeep::backup

// The settings with which our sessions run, so that neither the server's configuration nor ALTER
// ROLE and ALTER DATABASE ... SET can change what a backup holds.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "postgres/connection.h"

namespace pgkeep::postgres {

// Prepares a connection for reading data: everything pg_dump sets (sources of PostgreSQL 13 to 18:
// setup_connection in pg_dump.c), and what else changes the text of a value. client_encoding
// becomes the database's own, so that nothing is converted and SQL_ASCII passes through; rows that
// row security hides are an error instead of missing; all time limits are off, as a backup has no
// fixed length; search_path is empty, so every name in later statements has to be qualified.
// `role`, if not empty, is taken on with SET ROLE.
Status ApplyBackupSettings(Connection& connection, std::string_view role = {});

// Prepares a connection for loading what ApplyBackupSettings() made the server write: the same
// reading of values, nothing checked that belongs to a later step (function bodies), no time
// limits. `encoding` is that of the data, the source database's. `role` as above.
Status ApplyRestoreSettings(Connection& connection, std::string_view encoding,
                            std::string_view role = {});

// The statements behind them, for a server version such as 150018; exposed for tests.
std::string BackupSettingsSql(int server_version, std::string_view encoding);
std::string RestoreSettingsSql(int server_version, std::string_view encoding);

}  // namespace pgkeep::postgres

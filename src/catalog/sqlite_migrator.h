// Brings a SQLite catalog to the schema of this program.
#pragma once

#include <span>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/migration.h"
#include "catalog/sqlite_connection.h"

namespace pgkeep::catalog {

// kRefused if the file belongs to another program: then nothing in it may be touched. An empty file
// is nobody's.
Status CheckOwner(SqliteConnection& connection);

// Applies what is missing, each migration in a transaction of its own together with its entry in
// `schema_migration`, and compares the checksums of what is there. Takes no lock when there is
// nothing to do. Two processes may do this at once, and either may die at any moment.
//
// kRefused: the file belongs to another program. kCorruption: an applied migration is not the one
// that this program knows. kUnsupportedVersion: there is a migration that this program does not
// know; nothing is changed then.
Status MigrateSqlite(SqliteConnection& connection, std::span<const Migration> migrations,
                     Clock& clock);

}  // namespace pgkeep::catalog

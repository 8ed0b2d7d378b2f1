// The catalog in one SQLite file.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "catalog/migration.h"

namespace pgkeep::catalog {

// Where and how. The pointers outlive the catalog.
struct SqliteCatalogOptions {
  std::string path;  // absolute
  FileSystem* files = &PosixFileSystem();
  Clock* clock = &SystemClock();
  // How long to wait for another process.
  Duration busy_timeout = std::chrono::seconds(10);
  std::span<const Migration> migrations = SqliteMigrations();
};

// Opens or creates (mode 0600, as its journal files; by root in the directory of another user: for
// that user) and migrates. kNotFound: no such directory.
// kCorruption: damaged, not a database, or an applied migration was changed. kRefused: a database
// of some other program. kUnsupportedVersion: made by a newer pgkeep. kUnsupported: a file system
// without shared memory maps. Else as every call of Catalog. Safe against other processes that do
// the same, and against their death at any moment.
Result<std::unique_ptr<Catalog>> OpenSqliteCatalog(const SqliteCatalogOptions& options);

}  // namespace pgkeep::catalog

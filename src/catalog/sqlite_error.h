// What SQLite reports, as errors.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

struct sqlite3;

namespace pgkeep::catalog {

// The error of the last call on this connection, which failed with `code` (extended) while `doing`
// ("recording a job"): kBusy, kOutOfSpace, kPermission, kNotFound, kCorruption, kIo, kAlreadyExists
// for a key that is taken, else kInternal. `database` may be null.
Error SqliteError(sqlite3* database, int code, const std::string& path, std::string_view doing);

}  // namespace pgkeep::catalog

// From the name of a source to its server.
#pragma once

#include <string>

#include "backup/database_list.h"
#include "backup/locked_database.h"
#include "backup/table_filter.h"
#include "base/result.h"
#include "cli/environment.h"
#include "cli/repository_access.h"
#include "config/configuration.h"
#include "logical/client_programs.h"
#include "postgres/connection_params.h"

namespace pgkeep::cli {

// The source with this name. kConfig without a configuration or sources in it, kInvalidArgument,
// with the nearest name, for one that is not there. Borrows.
Result<const config::SourceSettings*> FindSource(const Setup& setup, const std::string& name);

// How to connect to it: as configured; where neither that nor the environment names a database, the
// database postgres, as the one with the name of the user may not exist.
postgres::ConnectionParams ParamsOf(const config::SourceSettings& source,
                                    const Environment& environment);

// A connection that the user gave in an argument. kInvalidArgument if it is not understood, and if
// it holds a password, which everybody could see; `option` is for the message.
Result<postgres::ConnectionParams> ParseTarget(const std::string& text, const std::string& option);

// What the configuration says, in the words of the room that does it.
backup::DatabaseSelection SelectionOf(const config::SourceSettings& source);
backup::TableFilter FilterOf(const config::LogicalSettings& logical);
backup::ReadMode ReadModeOf(const config::LogicalSettings& logical);

// Where to look for PostgreSQL's programs: in `directory` only, if it is not empty.
logical::ProgramSearch ProgramsIn(const std::string& directory, const Environment& environment);

}  // namespace pgkeep::cli

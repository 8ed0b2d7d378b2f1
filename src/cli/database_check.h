// Looking at one database before it is backed up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/check_list.h"
#include "config/configuration.h"
#include "postgres/connection.h"
#include "postgres/connection_params.h"

namespace pgkeep::cli {

// Which database. Borrows the source for one call.
struct DatabaseToCheck {
  const config::SourceSettings& source;
  postgres::ConnectionParams params;  // with its name
  std::string name;
  postgres::ConnectOptions connect;
};

// Adds one line about what the role may read, and others for what is in the way: tables, sequences
// and large objects that it may not read, rows that row security hides, room for locks. Returns the
// database's size where the server tells it.
std::optional<uint64_t> CheckDatabase(const DatabaseToCheck& database, CheckList& list);

}  // namespace pgkeep::cli

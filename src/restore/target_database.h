// The side of a restore that it goes to: what is there before it begins.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "postgres/connection.h"
#include "postgres/connection_params.h"
#include "postgres/server_info.h"

namespace pgkeep::restore {

// An object by what it is and what it is called, to tell whether the target has it. `what` is one
// of "schema", "relation", "type", "function", "extension", "collation", "statistics", "server",
// "wrapper", "access method"; for functions `name` is the whole signature as SQL, with the schema.
struct ObjectName {
  std::string what;
  std::string schema;
  std::string name;

  friend auto operator<=>(const ObjectName&, const ObjectName&) = default;
};

// What was found.
struct TargetDatabase {
  std::string name;
  bool exists = false;
  postgres::ConnectionParams params;  // that lead to it, on the very server
  postgres::ServerInfo server;        // seen from it, or if it does not exist from another database
  bool may_create_databases = false;
  std::string wal_level;

  // Of the database, if it exists.
  bool empty = true;  // holds nothing but what belongs to extensions
  bool is_template = false;
  uint64_t bytes = 0;
  std::string half_restored;        // what a restore that never ended says (half_restored.h)
  std::vector<std::string> others;  // who else is connected, one line each
  std::set<ObjectName> objects;     // if they were asked for

  // Of the cluster.
  std::set<std::string> roles;
  std::set<std::string> tablespaces;
  std::set<std::string> extensions;    // that can be created
  std::set<std::string> collations;    // of the operating system, normalised
  std::optional<uint64_t> free_bytes;  // where the server keeps its data, if that is here
};

// Connects and looks; the connections are closed again. `encoding` is that of names in the backup.
// `list_objects`: also ask what is in the database.
// A database that is not there is no error. Errors as connecting; kRefused behind a pooler that
// gives every transaction another session.
Result<TargetDatabase> LookAtTarget(const postgres::ConnectionParams& target,
                                    const std::string& encoding, bool list_objects,
                                    const postgres::ConnectOptions& connect);

// A connection to a database of the server that is not `not_this`, which may have to go:
// "postgres", or "template1".
Result<std::unique_ptr<postgres::Connection>> ConnectElsewhere(
    const postgres::ConnectionParams& params, const std::string& not_this,
    const postgres::ConnectOptions& connect);

// A locale of the operating system in one spelling: "en_US.UTF-8" and "en_US.utf8" are equal.
std::string NormalLocale(std::string_view locale);

}  // namespace pgkeep::restore

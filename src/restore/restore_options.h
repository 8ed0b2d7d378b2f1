// What a restore is asked to do.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "archive/selection.h"
#include "base/clock.h"
#include "logical/client_programs.h"
#include "postgres/connection_params.h"
#include "repository/ids.h"

namespace pgkeep::restore {

// Objects that belonged to `from` in the backup, or were granted to it, belong to `to` in the copy.
struct RoleMapping {
  std::string from;
  std::string to;

  friend bool operator==(const RoleMapping&, const RoleMapping&) = default;
};

// A restore of one database of one backup. Names of tables, schemas and roles are as in the
// catalog: exact case, without quotes, in the encoding of the database.
struct RestoreOptions {
  repository::BackupId backup;
  // Which database of the backup. Empty: the only one; if there are several, kInvalidArgument names
  // them.
  std::string source_database;

  // Leads to the server; dbname is the database to restore into, which other settings of a session
  // may not replace.
  postgres::ConnectionParams target;
  // Make the database, with encoding and collation as in the backup. It must not be there, unless
  // `clean` is set too.
  bool create = false;
  // Drop a database of that name if it is there, with everything in it, and make it anew. Not with
  // `tables` or `schemas`.
  bool clean = false;

  // What to restore; both empty: all.
  std::vector<archive::TableName> tables;
  std::vector<std::string> schemas;
  // With `tables` or `schemas` of one schema: they are made in this schema instead, which is made
  // if it is not there. Empty: under their own name.
  std::string into_schema;

  bool owners = true;      // false: all belongs to the role that restores
  bool privileges = true;  // false: nothing is granted
  bool analyze = true;     // gather the planner's statistics in the end
  std::vector<RoleMapping> map_roles;

  // Sessions that load at the same time, and jobs of pg_restore.
  unsigned jobs = 2;
  logical::ProgramSearch programs;
  // Where a directory for the archive of definitions is made (mode 0700) and removed again. Empty:
  // /tmp.
  std::string scratch_directory;
  // For connecting and for asking questions before the restore begins, not for the work itself.
  Duration connect_timeout = std::chrono::seconds(30);
};

}  // namespace pgkeep::restore

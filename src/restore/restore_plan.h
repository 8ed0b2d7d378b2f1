// What a restore would do, and what stands in its way.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "repository/ids.h"
#include "repository/repository.h"
#include "restore/restore_options.h"

namespace pgkeep::restore {

// A value, for people and for JSON. Texts of databases are bytes in their encoding: whoever prints
// them replaces what cannot be shown.
struct RestorePlan {
  // From where.
  repository::BackupId backup;
  Timestamp snapshot_time;
  std::string source;           // its name in the repository
  std::string source_database;  // the sub-tree
  std::string source_server_version;
  std::string source_encoding;
  bool whole_database = true;  // nothing was selected

  // To where.
  std::string target_database;
  std::string target_server_version;
  std::string target_user;        // that restores
  std::string program;            // the pg_restore that will be used: path and version
  bool database_exists = false;   // now
  bool database_empty = true;     // nobody's objects are in it
  bool drops_database = false;    // it will be dropped first
  bool creates_database = false;  // it will be made
  uint64_t database_bytes = 0;    // of the one that is there: what --clean would drop
  // Free space where the target keeps its data, if that can be told: the directory is on this
  // machine.
  std::optional<uint64_t> free_bytes;

  // What.
  uint64_t tables = 0;      // with rows to load, or empty
  uint64_t rows = 0;        // of them
  uint64_t text_bytes = 0;  // of the rows, in COPY text; large objects too
  uint64_t large_objects = 0;
  uint64_t sequences = 0;  // values to set
  uint64_t indexes = 0;
  uint64_t constraints = 0;  // foreign keys too
  uint64_t views = 0;        // materialized ones too
  uint64_t functions = 0;
  uint64_t definitions = 0;  // entries of all kinds that are run as SQL

  // What the target lacks. Each is also a problem or a warning below, in words.
  std::vector<std::string> missing_roles;
  std::vector<std::string> missing_extensions;  // that the server does not offer
  std::vector<std::string> missing_tablespaces;
  std::vector<std::string> missing_collations;  // of the operating system, that creating needs

  // One line each, for people.
  std::vector<std::string> left_out;  // not restored, and why
  std::vector<std::string> needed;    // what the selection uses and the target lacks: made too
  std::vector<std::string> warnings;  // the restore works, but
  // Each forbids the restore, with a hint: kRefused for a target that is not empty or in use,
  // kUnsupportedVersion, kNotFound for missing roles, extensions and tablespaces, ...
  std::vector<Error> problems;

  bool possible() const { return problems.empty(); }
};

// Looks at the backup and at the target and changes nothing in either. Errors are for what keeps it
// from looking: no such backup or database in it, a selection that names nothing, options that
// contradict each other (kInvalidArgument), a server that cannot be reached. What merely forbids
// the restore is in `problems`.
Result<RestorePlan> PlanRestore(repository::Repository& repository, const RestoreOptions& options,
                                std::stop_token stop);

}  // namespace pgkeep::restore

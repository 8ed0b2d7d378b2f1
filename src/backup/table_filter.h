// Which tables of a database are wanted.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "postgres/connection.h"

namespace pgkeep::backup {

// Patterns with pg_dump's meaning: -n, -N, -t, -T and --exclude-table-data. All empty: everything.
struct TableFilter {
  std::vector<std::string> schemas = {};
  std::vector<std::string> exclude_schemas = {};
  std::vector<std::string> tables = {};
  std::vector<std::string> exclude_tables = {};
  std::vector<std::string> exclude_table_data = {};

  bool empty() const {
    return schemas.empty() && exclude_schemas.empty() && tables.empty() && exclude_tables.empty() &&
           exclude_table_data.empty();
  }
};

// The options that hand the filter to pg_dump.
std::vector<std::string> DumpArguments(const TableFilter& filter);

// A condition on pg_class c and pg_namespace n that holds for the tables whose data pg_dump will
// want under this filter, and perhaps some more; for choosing which tables to lock. Patterns
// without a schema are looked up here and now, in the search path that the user would have, as
// pg_dump does. kConfig for a pattern that cannot be read.
// REQUIRES: an open transaction, whose search path is the secure one; it is so again afterwards.
Result<std::string> TableCondition(postgres::Connection& connection, const TableFilter& filter);

}  // namespace pgkeep::backup

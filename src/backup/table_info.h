#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pgkeep::backup {

// What the snapshot's catalogs say about one table, and how large its files are now. A value. Names
// are bytes in the database's encoding.
struct TableInfo {
  uint32_t oid = 0;
  std::string schema;
  std::string name;
  char kind = 'r';            // pg_class.relkind: 'r' table, 'p' partitioned table (without rows)
  uint32_t file_node = 0;     // pg_class.relfilenode in the snapshot
  std::string access_method;  // "heap"; empty for a partitioned table
  // Of an extension's configuration table: which rows belong to the user, as text after the table's
  // name in a SELECT; empty for all of them.
  std::string condition;
  // Columns that COPY takes, in order, and those that the server computes.
  std::vector<std::string> columns;
  std::vector<std::string> generated_columns;
  uint64_t blocks = 0;  // of the main fork
  uint64_t bytes = 0;   // with TOAST, without indexes

  // Whether rows are told apart by the block they are in. Other access methods have no blocks, and
  // a filter may change the order.
  bool has_blocks() const { return access_method == "heap" && condition.empty(); }
};

// `"schema"."name"`, for statements and messages.
std::string QualifiedName(const TableInfo& table);

}  // namespace pgkeep::backup

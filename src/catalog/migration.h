// Schema changes: numbered SQL files, compiled in.
#pragma once

#include <span>
#include <string_view>

namespace pgkeep::catalog {

// One step of the schema, from a file "NNNN_name.sql". Never edited after a release: what is
// recorded about it in a catalog must stay true.
struct Migration {
  int number;                 // from 1, without gaps
  std::string_view name;      // "backup_history"
  std::string_view checksum;  // SHA-256 of the file, hexadecimal
  std::string_view sql;       // statements without BEGIN and COMMIT
};

// The files of src/catalog/migrations/sqlite in order.
std::span<const Migration> SqliteMigrations();

}  // namespace pgkeep::catalog

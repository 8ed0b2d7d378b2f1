// Making the database that is restored into.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "archive/toc.h"
#include "base/result.h"
#include "logical/stream_format.h"
#include "postgres/connection.h"
#include "restore/target_database.h"

namespace pgkeep::restore {

// A database that is to be made.
struct NewDatabase {
  std::string name;
  std::string owner;       // empty: whoever makes it
  std::string tablespace;  // empty: that of the template
  std::string icu_rules;   // what changes the order of its ICU locale (16 and newer); mostly empty
};

// The statement that makes it, empty, with the encoding and the sorting rules of the one in the
// backup. kUnsupportedVersion if a server of this version has no such rules.
Result<std::string> CreateDatabaseSql(const NewDatabase& database,
                                      const logical::DatabaseAttributes& attributes,
                                      int server_version_num);

// The tablespace that the entry of a database names; "" for the default one and other entries.
std::string TablespaceOfDatabase(const archive::TocEntry& entry, bool standard_strings);

// The rules that the entry of a database adds to its ICU locale; "" for none and other entries.
// kCorruption if they are not written as pg_dump writes them.
Result<std::string> IcuRulesOfDatabase(const archive::TocEntry& entry, bool standard_strings);

// What an entry about the source's database says, about the database `name` instead: its comment,
// privileges and settings. "" for entries that say nothing of that kind.
std::string DatabaseEntrySql(const archive::TocEntry& entry, std::string_view name,
                             bool standard_strings);

// Drops the target if `drop`, and runs `create_sql`, from another database of the server. The
// server waits some seconds for sessions that are about to end; kBusy names those that stay.
// Nothing of the target may be connected from here.
Status RemakeDatabase(const TargetDatabase& target, bool drop, const std::string& create_sql,
                      const postgres::ConnectOptions& connect);

}  // namespace pgkeep::restore

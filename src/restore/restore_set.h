// What a restore restores: the entries of the table of contents, as the target shall get them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "archive/contents.h"
#include "archive/toc.h"
#include "base/error.h"
#include "base/result.h"
#include "restore/backup_source.h"
#include "restore/restore_options.h"
#include "restore/target_database.h"

namespace pgkeep::restore {

// The rows of one table and where they go.
struct TableLoad {
  int32_t dump_id = 0;
  std::string schema;  // where it goes
  std::string name;
  std::string copy_statement;
  RowStream rows;
  // Dump ids of other tables whose rows have to be there before: foreign keys of extensions.
  std::vector<int32_t> after;
  bool made_here = false;     // its definition is restored too
  bool through_root = false;  // its rows go to the root of its partitions
};

// A value.
struct RestoreSet {
  // In order; roles are mapped, the schema is renamed, tablespaces that are not there are left out.
  archive::Toc toc;
  // Of the database itself: its comment, privileges and settings.
  std::vector<archive::TocEntry> database_entries;
  std::vector<TableLoad> tables;
  std::vector<archive::SequenceValue> sequences;
  std::vector<uint32_t> large_objects;
  // Of the database, if the target has it; "" for the default one.
  std::string database_tablespace;
  // Of the database, beside its ICU locale; "" for none.
  std::string database_icu_rules;
  // False: a backslash escapes in every literal of the archive.
  bool standard_strings = true;

  // For RestorePlan.
  std::vector<std::string> left_out;
  std::vector<std::string> needed;
  std::vector<std::string> missing_tablespaces;
  std::vector<Error> problems;
};

// Chooses. kInvalidArgument for options that contradict each other, kNotFound for a selection that
// names nothing, kCorruption for a backup that does not fit together. What only the target forbids
// is among the problems.
Result<RestoreSet> ChooseEntries(const BackupSource& source, const TargetDatabase& target,
                                 const RestoreOptions& options);

// "TABLE shop.order", for people.
std::string ObjectText(const archive::TocEntry& entry);

}  // namespace pgkeep::restore

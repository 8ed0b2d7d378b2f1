// Which entries make up one table, or one schema, with everything that belongs to it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "archive/toc.h"
#include "archive/toc_index.h"
#include "base/result.h"

namespace pgkeep::archive {

// A table by name, as in the catalog (not quoted).
struct TableName {
  std::string schema;
  std::string name;

  friend auto operator<=>(const TableName&, const TableName&) = default;
};

// What to restore: the union of both lists.
struct SelectionRequest {
  std::vector<TableName> tables;  // tables, foreign tables, views, materialized views
  std::vector<std::string> schemas;
};

// Why an entry that touches the selection is not in it.
enum class LeftOutReason {
  kForeignKeyToOther,    // of a selected table, to one that is not selected
  kForeignKeyFromOther,  // of a table that is not selected, to one that is
  kPartitionOfOther,     // attaches a selected table or index to a parent that is not selected
  kPublication,
  kExtensionData,  // of a configuration table in a selected schema: its extension is not selected
  kDependent,      // a view, function or other object that uses a selected one
};

// An entry that is not selected, and why.
struct LeftOut {
  int32_t dump_id = 0;
  LeftOutReason reason = LeftOutReason::kDependent;
};

// One sentence part for people: "foreign key to a table that is not restored".
std::string DescribeReason(LeftOutReason reason);

// The answer. All lists are in the order of the table of contents.
struct Selection {
  // Dump ids of what is selected, without the preamble.
  std::vector<int32_t> entries;
  // What the selected definitions use and nobody selected: types, functions, parents, schemas,
  // extensions, and what those use in turn. The target must have them, or they are restored too.
  std::vector<int32_t> needed;
  std::vector<LeftOut> left_out;
};

// Selects. A table brings its data, columns' defaults, indexes, constraints, statistics, triggers,
// rules, policies, comments, labels, privileges, owned sequences with their values, and its
// partitions with all of theirs; not tables that inherit from it. A schema brings what is in it and
// the schema itself. Foreign keys come along when both sides are selected.
//
// What joins a selected table or index to one that `exists` says is in the target already comes
// along too: its own foreign keys, and that it is a partition. Not what joins others to it.
//
// Goes by dependencies and names, so it needs an archive with definitions. kNotFound for a name
// that is not there. Threads: only reads the index.
using ExistsInTarget = std::function<bool(const TocEntry&)>;
Result<Selection> Select(const TocIndex& index, const SelectionRequest& request,
                         const ExistsInTarget& exists = nullptr);

// The preamble and the entries with these dump ids, in order. Dependencies on others stay; they do
// no harm in pg_restore.
Toc Subset(const Toc& toc, const std::vector<int32_t>& dump_ids);

// A file for `pg_restore --use-list` that restores exactly these entries, in this order. Only the
// numbers count; what each line says besides is for people, with control characters replaced.
std::string FormatUseList(const TocIndex& index, const std::vector<int32_t>& dump_ids);

}  // namespace pgkeep::archive

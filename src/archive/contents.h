// What an archive holds besides definitions: the data of tables, values of sequences, large objects
// and materialized views.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "archive/toc.h"
#include "archive/toc_index.h"
#include "base/result.h"

namespace pgkeep::archive {

// One TABLE DATA entry. Identified by OID; names are those of the entry, not of the COPY statement,
// which names another table when data is loaded through the partition root.
struct TableData {
  int32_t dump_id = 0;
  uint32_t table_oid = 0;
  std::string schema;
  std::string name;
  // The column list of the COPY statement as it stands there, without parentheses:
  // `id, "odd name"`. None if the table has no column that COPY takes. Do not take it apart:
  // columns are in the server's catalog.
  OptionalText columns;
  // For a partition whose rows are loaded through the root of its tree (always so for hash
  // partitions on an enum, whose hash values differ between servers): the root's qualified name,
  // for people, with odd characters replaced.
  OptionalText root;
  // The entry that creates the table. Missing for the configuration tables of extensions, which
  // their extension creates, and in archives without definitions.
  std::optional<int32_t> table_entry;
};

// All TABLE DATA entries, in order. kCorruption if one has no data, no schema, no OID, a COPY
// statement of a form that pg_dump does not write, or shares its table with another (rows of such
// a table would be lost by a parallel restore). A missing COPY statement (INSERT mode) is
// kUnsupported.
Result<std::vector<TableData>> ListTableData(const TocIndex& index);

// One SEQUENCE SET entry. Its statement is `SELECT pg_catalog.setval(...)`.
struct SequenceValue {
  int32_t dump_id = 0;
  std::string schema;
  std::string name;
  std::string statement;
  std::optional<int32_t> sequence_entry;  // that creates the sequence
};

// All SEQUENCE SET entries, in order. kCorruption if one has no statement or schema.
Result<std::vector<SequenceValue>> ListSequenceValues(const TocIndex& index);

// The large objects of an archive, of any version.
struct LargeObjects {
  std::vector<uint32_t> oids;         // of all BLOB and BLOB METADATA entries, in order
  std::vector<int32_t> data_entries;  // dump ids of the BLOBS entries
};

// The OIDs that one BLOB or BLOB METADATA entry creates, in order. kCorruption if the definition of
// a group is not a list of numbers.
Result<std::vector<uint32_t>> LargeObjectsOf(const TocEntry& entry);

// Finds them all. kCorruption if an OID is not a number, zero or there twice.
Result<LargeObjects> ListLargeObjects(const Toc& toc);

// Dump ids of the entries that refresh materialized views, in order: only populated views have one.
std::vector<int32_t> ListMaterializedViewRefreshes(const Toc& toc);

}  // namespace pgkeep::archive

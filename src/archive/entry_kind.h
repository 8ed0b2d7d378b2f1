// What an entry is, by the format's own word for it.
#pragma once

#include <string_view>
#include <vector>

#include "archive/toc.h"

namespace pgkeep::archive {

// The kinds of entries that backup, export and restore treat in their own way. Everything else is
// kOther: SQL to run in its section.
enum class EntryKind {
  kPreamble,  // ENCODING, STDSTRINGS, SEARCHPATH: settings, in every restore
  kDatabase,  // DATABASE, DATABASE PROPERTIES: only with --create
  kSchema,
  kExtension,
  kTable,  // also partitioned
  kForeignTable,
  kView,
  kMaterializedView,
  kSequence,
  kSequenceOwnedBy,
  kTableAttach,  // a partition to its parent
  kDefault,      // of a column
  kTableData,
  kSequenceSet,       // the value of a sequence; counts as data, but is SQL
  kLargeObject,       // BLOB: creates one large object (up to 1.15)
  kLargeObjectGroup,  // BLOB METADATA: creates up to 1000 (1.16)
  kLargeObjectData,   // BLOBS: the bytes of all of them, or of one group
  kIndex,
  kIndexAttach,
  kConstraint,  // CONSTRAINT, CHECK CONSTRAINT: of a table or domain
  kForeignKey,
  kTrigger,
  kRule,
  kPolicy,
  kRowSecurity,
  kStatistics,            // CREATE STATISTICS
  kStatisticsData,        // planner statistics (18)
  kPublicationTable,      // a table, or a schema with its tables, in a publication
  kMaterializedViewData,  // REFRESH
  kComment,
  kSecurityLabel,
  kAcl,
  kDefaultAcl,
  kEventTrigger,
  kOther,
};

// The kind of a format word such as "TABLE DATA".
EntryKind KindOf(std::string_view kind);

// The kind of an entry.
inline EntryKind KindOf(const TocEntry& entry) { return KindOf(entry.kind); }

// True for what a table can be to a user: TABLE, FOREIGN TABLE, VIEW, MATERIALIZED VIEW.
bool IsTableLike(EntryKind kind);

// For each entry, in order, the section it runs in: its own, or for kNone that of the last entry
// before it that has one (kPreData at the start). This is what pg_restore --section goes by.
std::vector<Section> EffectiveSections(const Toc& toc);

}  // namespace pgkeep::archive

#include "archive/contents.h"

#include <unordered_set>
#include <utility>

#include "archive/decimal.h"
#include "archive/entry_kind.h"
#include "archive/sql_scanner.h"
#include "base/error.h"

namespace pgkeep::archive {
namespace {

constexpr std::string_view kRootComment = "-- load via partition root ";

Error Damaged(const TocEntry& entry, const char* what) {
  return Err(ErrorCode::kCorruption, "{} {} (dump id {}) {}", entry.kind, entry.tag, entry.dump_id,
             what)
      .WithHint("the archive was not made by pg_dump, or is damaged: make the dump again");
}

// The dump id of the first dependency, if that entry is there.
std::optional<int32_t> FirstDependency(const TocIndex& index, const TocEntry& entry) {
  if (entry.dependencies.empty() || index.Find(entry.dependencies.front()) == nullptr) return {};
  return entry.dependencies.front();
}

Result<OptionalText> ColumnsOf(const TocEntry& entry) {
  SqlScanner scanner(*entry.copy_statement);
  if (!scanner.Skip("COPY ") || !scanner.Qualified() || !scanner.Skip(" ")) {
    return Damaged(entry, "has a COPY statement of an unknown form");
  }
  const auto columns = scanner.NameList();
  if (scanner.rest() != " FROM stdin;\n") {
    return Damaged(entry, "has a COPY statement of an unknown form");
  }
  if (!columns) return OptionalText();
  return OptionalText(std::string(*columns));
}

Result<TableData> DescribeTableData(const TocIndex& index, const TocEntry& entry) {
  if (!entry.has_data) return Damaged(entry, "has no data");
  if (!entry.schema) return Damaged(entry, "has no schema");
  if (entry.oid == 0) return Damaged(entry, "has no table OID");
  if (!entry.copy_statement) {
    return Err(ErrorCode::kUnsupported, "table {} was dumped as INSERT statements", entry.tag)
        .WithHint("make the dump without --inserts");
  }
  TableData data{.dump_id = entry.dump_id,
                 .table_oid = entry.oid,
                 .schema = *entry.schema,
                 .name = entry.tag,
                 .columns = {},
                 .root = {},
                 .table_entry = FirstDependency(index, entry)};
  PGK_ASSIGN_OR_RETURN(data.columns, ColumnsOf(entry));
  if (entry.definition && entry.definition->starts_with(kRootComment)) {
    data.root = entry.definition->substr(kRootComment.size());
  }
  return data;
}

}  // namespace

Result<std::vector<TableData>> ListTableData(const TocIndex& index) {
  std::vector<TableData> list;
  std::unordered_set<uint32_t> tables;
  for (const TocEntry& entry : index.toc().entries) {
    if (KindOf(entry) != EntryKind::kTableData) continue;
    PGK_ASSIGN_OR_RETURN(TableData data, DescribeTableData(index, entry));
    if (!tables.insert(data.table_oid).second) {
      return Damaged(entry, "is the second of its table: a parallel restore would lose rows");
    }
    list.push_back(std::move(data));
  }
  return list;
}

Result<std::vector<SequenceValue>> ListSequenceValues(const TocIndex& index) {
  std::vector<SequenceValue> list;
  for (const TocEntry& entry : index.toc().entries) {
    if (KindOf(entry) != EntryKind::kSequenceSet) continue;
    if (!entry.schema || !entry.definition) return Damaged(entry, "has no schema or statement");
    list.push_back({.dump_id = entry.dump_id,
                    .schema = *entry.schema,
                    .name = entry.tag,
                    .statement = *entry.definition,
                    .sequence_entry = FirstDependency(index, entry)});
  }
  return list;
}

namespace {

// The lines of a BLOB METADATA entry, each an OID.
Result<std::vector<uint32_t>> GroupOids(const TocEntry& entry) {
  std::vector<uint32_t> oids;
  std::string_view rest = entry.definition ? std::string_view(*entry.definition) : "";
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const auto oid = ParseDecimal<uint32_t>(rest.substr(0, end));
    if (end == std::string_view::npos || !oid) return Damaged(entry, "is not a list of OIDs");
    oids.push_back(*oid);
    rest.remove_prefix(end + 1);
  }
  if (oids.empty()) return Damaged(entry, "is not a list of OIDs");
  return oids;
}

}  // namespace

Result<std::vector<uint32_t>> LargeObjectsOf(const TocEntry& entry) {
  if (KindOf(entry) == EntryKind::kLargeObjectGroup) return GroupOids(entry);
  return std::vector<uint32_t>{entry.oid};
}

Result<LargeObjects> ListLargeObjects(const Toc& toc) {
  LargeObjects list;
  std::unordered_set<uint32_t> seen;
  for (const TocEntry& entry : toc.entries) {
    const EntryKind kind = KindOf(entry);
    if (kind == EntryKind::kLargeObjectData) list.data_entries.push_back(entry.dump_id);
    if (kind != EntryKind::kLargeObject && kind != EntryKind::kLargeObjectGroup) continue;
    PGK_ASSIGN_OR_RETURN(const std::vector<uint32_t> oids, LargeObjectsOf(entry));
    for (const uint32_t oid : oids) {
      if (oid == 0 || !seen.insert(oid).second) {
        return Damaged(entry, "names a large object without OID, or one that was there already");
      }
      list.oids.push_back(oid);
    }
  }
  return list;
}

std::vector<int32_t> ListMaterializedViewRefreshes(const Toc& toc) {
  std::vector<int32_t> list;
  for (const TocEntry& entry : toc.entries) {
    if (KindOf(entry) == EntryKind::kMaterializedViewData) list.push_back(entry.dump_id);
  }
  return list;
}

}  // namespace pgkeep::archive

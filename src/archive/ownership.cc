#include "archive/ownership.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "archive/entry_kind.h"
#include "archive/sql_scanner.h"

namespace pgkeep::archive {
namespace {

// How an entry names what it belongs to.
enum class Link { kNone, kFirstDependency, kTable, kTableWithTag };

Link LinkOf(EntryKind kind) {
  switch (kind) {
    case EntryKind::kComment:
    case EntryKind::kSecurityLabel:
    case EntryKind::kAcl:
    case EntryKind::kTableData:
    case EntryKind::kSequenceSet:
    case EntryKind::kSequenceOwnedBy:
    case EntryKind::kRowSecurity:
    case EntryKind::kStatisticsData:
      return Link::kFirstDependency;
    // A sequence depends on a table only if a column owns it.
    case EntryKind::kSequence:
    case EntryKind::kIndex:
    case EntryKind::kStatistics:
    case EntryKind::kMaterializedViewData:
      return Link::kTable;
    case EntryKind::kDefault:
    case EntryKind::kConstraint:
    case EntryKind::kForeignKey:
    case EntryKind::kTrigger:
    case EntryKind::kRule:
    case EntryKind::kPolicy:
      return Link::kTableWithTag;
    default:
      return Link::kNone;
  }
}

std::vector<const TocEntry*> TableDependencies(const TocIndex& index, const TocEntry& entry) {
  std::vector<const TocEntry*> tables;
  for (const int32_t dependency : entry.dependencies) {
    const TocEntry* table = index.Find(dependency);
    if (table == nullptr || !IsTableLike(KindOf(*table))) continue;
    if (std::ranges::find(tables, table) == tables.end()) tables.push_back(table);
  }
  return tables;
}

bool TagBeginsWith(const TocEntry& entry, const TocEntry& table) {
  return entry.schema == table.schema && entry.tag.size() > table.tag.size() &&
         entry.tag.starts_with(table.tag) && entry.tag[table.tag.size()] == ' ';
}

// The first of the tables that the definition names where a statement names its table.
const TocEntry* FirstNamed(const TocEntry& entry, const std::vector<const TocEntry*>& tables) {
  const std::string_view text = entry.definition ? std::string_view(*entry.definition) : "";
  for (size_t at = 0; at < text.size(); ++at) {
    SqlScanner scanner(text.substr(at));
    const bool found = scanner.Skip(" ON ") || scanner.Skip(" TABLE ") || scanner.Skip(" FROM ") ||
                       scanner.Skip(" TO ");
    if (!found) continue;
    scanner.Skip("ONLY ");
    const auto name = scanner.Qualified();
    if (!name) continue;
    const auto table = std::ranges::find_if(tables, [&](const TocEntry* candidate) {
      return candidate->schema == name->schema && candidate->tag == name->name;
    });
    if (table != tables.end()) return *table;
  }
  return nullptr;
}

}  // namespace

std::optional<int32_t> OwnerOf(const TocIndex& index, const TocEntry& entry) {
  const Link link = LinkOf(KindOf(entry));
  if (link == Link::kNone || entry.dependencies.empty()) return {};
  if (link == Link::kFirstDependency) {
    const TocEntry* object = index.Find(entry.dependencies.front());
    if (object == nullptr) return {};
    return object->dump_id;
  }
  std::vector<const TocEntry*> tables = TableDependencies(index, entry);
  if (link == Link::kTableWithTag) {
    std::erase_if(tables, [&](const TocEntry* table) { return !TagBeginsWith(entry, *table); });
  }
  if (tables.empty()) return {};
  if (tables.size() == 1) return tables.front()->dump_id;
  const TocEntry* named = FirstNamed(entry, tables);
  return named == nullptr ? tables.front()->dump_id : named->dump_id;
}

std::optional<Attachment> AttachmentOf(const TocIndex& index, const TocEntry& entry) {
  if (KindOf(entry) != EntryKind::kTableAttach) return {};
  const std::vector<const TocEntry*> tables = TableDependencies(index, entry);
  if (tables.size() != 2) return {};
  const bool first = tables[0]->schema == entry.schema && tables[0]->tag == entry.tag;
  return Attachment{.partition = tables[first ? 0 : 1]->dump_id,
                    .parent = tables[first ? 1 : 0]->dump_id};
}

}  // namespace pgkeep::archive

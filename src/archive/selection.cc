#include "archive/selection.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "archive/entry_kind.h"
#include "archive/ownership.h"
#include "base/error.h"

namespace pgkeep::archive {
namespace {

// Joins objects that both have to be there.
bool JoinsObjects(EntryKind kind) {
  return kind == EntryKind::kForeignKey || kind == EntryKind::kTableAttach ||
         kind == EntryKind::kIndexAttach || kind == EntryKind::kPublicationTable;
}

// One selection in the making. Works with positions in the table of contents.
class Selector {
 public:
  Selector(const TocIndex& index, const ExistsInTarget& exists)
      : index_(index), exists_(exists), selected_(index.toc().entries.size(), false) {
    for (uint32_t i = 0; i < selected_.size(); ++i) {
      const TocEntry& entry = EntryAt(i);
      if (const auto owner = OwnerOf(index, entry)) {
        owned_[*owner].push_back(i);
        owners_[entry.dump_id] = *owner;
      }
      if (const auto attachment = AttachmentOf(index, entry)) {
        parents_[attachment->partition] = attachment->parent;
        const size_t partition = index.PositionOf(attachment->partition);
        partitions_[attachment->parent].push_back(static_cast<uint32_t>(partition));
      }
    }
  }

  Status AddTable(const TableName& table) {
    bool found = false;
    for (uint32_t i = 0; i < selected_.size(); ++i) {
      const TocEntry& entry = EntryAt(i);
      if (!IsTableLike(KindOf(entry)) || entry.schema != table.schema || entry.tag != table.name) {
        continue;
      }
      Add(i);
      found = true;
    }
    if (found) return Ok();
    return Err(ErrorCode::kNotFound, "no table {}.{} in the backup", table.schema, table.name)
        .WithHint(
            "names with capital letters or special characters need double quotes within the "
            "shell's quotes: '\"My Table\"'");
  }

  Status AddSchema(const std::string& schema) {
    bool found = false;
    for (uint32_t i = 0; i < selected_.size(); ++i) {
      const TocEntry& entry = EntryAt(i);
      const EntryKind kind = KindOf(entry);
      const bool is_schema = kind == EntryKind::kSchema && entry.tag == schema;
      if (!is_schema && entry.schema != schema) continue;
      found = true;
      // These come with others, or not at all.
      if (JoinsObjects(kind) || owners_.contains(entry.dump_id)) continue;
      // Of a table or sequence that the archive does not create.
      if (kind == EntryKind::kTableData || kind == EntryKind::kSequenceSet) {
        left_out_.emplace(i, LeftOutReason::kExtensionData);
        continue;
      }
      Add(i);
    }
    if (found) return Ok();
    return Err(ErrorCode::kNotFound, "nothing in schema {} in the backup", schema)
        .WithHint(
            "names with capital letters or special characters need double quotes within the "
            "shell's quotes: '\"My Table\"'");
  }

  Selection Finish() {
    SettleJoins();
    FindDependents();
    Selection selection;
    const std::vector<bool> needed = FindNeeded();
    for (uint32_t i = 0; i < selected_.size(); ++i) {
      const int32_t dump_id = EntryAt(i).dump_id;
      if (selected_[i]) selection.entries.push_back(dump_id);
      if (needed[i]) selection.needed.push_back(dump_id);
    }
    for (const auto& [position, reason] : left_out_) {
      selection.left_out.push_back({EntryAt(position).dump_id, reason});
    }
    return selection;
  }

 private:
  const TocEntry& EntryAt(size_t position) const { return index_.toc().entries[position]; }

  bool IsSelected(int32_t dump_id) const {
    return index_.Find(dump_id) != nullptr && selected_[index_.PositionOf(dump_id)];
  }

  // Selects an entry and all that belongs to it, but what joins it to others.
  void Add(uint32_t position) {
    std::vector<uint32_t> pending{position};
    while (!pending.empty()) {
      const uint32_t next = pending.back();
      pending.pop_back();
      if (selected_[next]) continue;
      selected_[next] = true;
      left_out_.erase(next);
      const int32_t dump_id = EntryAt(next).dump_id;
      for (const auto* parts : {&owned_, &partitions_}) {
        const auto found = parts->find(dump_id);
        if (found == parts->end()) continue;
        for (const uint32_t part : found->second) {
          if (!JoinsObjects(KindOf(EntryAt(part)))) pending.push_back(part);
        }
      }
    }
  }

  // What joins objects comes along if all of them are selected.
  void SettleJoins() {
    for (uint32_t i = 0; i < selected_.size(); ++i) {
      const TocEntry& entry = EntryAt(i);
      const EntryKind kind = KindOf(entry);
      if (!JoinsObjects(kind)) continue;
      bool any = false;
      bool all = true;
      const bool to_target = LeadsToTarget(entry, kind);
      for (const int32_t dependency : entry.dependencies) {
        if (index_.Find(dependency) == nullptr) continue;
        any = any || IsSelected(dependency);
        all = all && (IsSelected(dependency) || (to_target && IsInTarget(dependency)));
      }
      if (any && all) {
        Add(i);
      } else if (any) {
        left_out_.emplace(i, ReasonOfJoin(entry, kind));
      }
    }
  }

  // Whether it is something selected that the entry joins to others, and not the other way round.
  bool LeadsToTarget(const TocEntry& entry, EntryKind kind) const {
    if (!exists_ || kind == EntryKind::kPublicationTable) return false;
    if (kind == EntryKind::kForeignKey) {
      const auto owner = OwnerOf(index_, entry);
      return owner && IsSelected(*owner);
    }
    // The partitions of what is selected are selected: so it is the partition, not the parent.
    return true;
  }

  bool IsInTarget(int32_t dump_id) const {
    // A primary key is there with its table.
    const TocEntry* entry = index_.Find(TableOf(dump_id));
    return entry != nullptr && exists_(*entry);
  }

  LeftOutReason ReasonOfJoin(const TocEntry& entry, EntryKind kind) const {
    if (kind == EntryKind::kPublicationTable) return LeftOutReason::kPublication;
    if (kind != EntryKind::kForeignKey) return LeftOutReason::kPartitionOfOther;
    const auto owner = OwnerOf(index_, entry);
    return owner && IsSelected(*owner) ? LeftOutReason::kForeignKeyToOther
                                       : LeftOutReason::kForeignKeyFromOther;
  }

  void FindDependents() {
    for (uint32_t i = 0; i < selected_.size(); ++i) {
      if (!selected_[i]) continue;
      for (const uint32_t dependent : index_.DependentsOf(EntryAt(i).dump_id)) {
        if (!selected_[dependent]) left_out_.emplace(dependent, LeftOutReason::kDependent);
      }
    }
  }

  // The table that an entry is, or belongs to.
  int32_t TableOf(int32_t dump_id) const {
    const auto owner = owners_.find(dump_id);
    return owner == owners_.end() ? dump_id : owner->second;
  }

  // True if one is a partition below the other, or they belong to such. Partitions and their
  // indexes are made apart and joined later: a dependency between them only keeps an order.
  bool IsPartOf(int32_t dump_id, int32_t other) const {
    const int32_t ancestor = TableOf(other);
    size_t steps = 0;  // a damaged archive may have circles
    for (auto found = parents_.find(TableOf(dump_id));
         found != parents_.end() && steps <= parents_.size(); ++steps) {
      if (found->second == ancestor) return true;
      found = parents_.find(found->second);
    }
    return false;
  }

  std::vector<bool> FindNeeded() const {
    std::vector<bool> needed(selected_.size(), false);
    std::vector<uint32_t> pending;
    for (uint32_t i = 0; i < selected_.size(); ++i) {
      if (selected_[i]) pending.push_back(i);
    }
    while (!pending.empty()) {
      const uint32_t next = pending.back();
      pending.pop_back();
      const TocEntry& entry = EntryAt(next);
      for (const int32_t dependency : entry.dependencies) {
        if (index_.Find(dependency) == nullptr || IsPartOf(entry.dump_id, dependency)) continue;
        const auto position = static_cast<uint32_t>(index_.PositionOf(dependency));
        if (selected_[position] || needed[position]) continue;
        needed[position] = true;
        pending.push_back(position);
      }
    }
    return needed;
  }

  const TocIndex& index_;
  const ExistsInTarget& exists_;
  std::vector<bool> selected_;
  std::map<uint32_t, LeftOutReason> left_out_;
  // By dump id: positions of what belongs to it, and of its partitions; its owner, its parent.
  std::unordered_map<int32_t, std::vector<uint32_t>> owned_;
  std::unordered_map<int32_t, std::vector<uint32_t>> partitions_;
  std::unordered_map<int32_t, int32_t> owners_;
  std::unordered_map<int32_t, int32_t> parents_;
};

}  // namespace

std::string DescribeReason(LeftOutReason reason) {
  switch (reason) {
    case LeftOutReason::kForeignKeyToOther:
      return "foreign key to a table that is not restored";
    case LeftOutReason::kForeignKeyFromOther:
      return "foreign key of a table that is not restored";
    case LeftOutReason::kPartitionOfOther:
      return "attaches to a partitioned table that is not restored";
    case LeftOutReason::kPublication:
      return "part of a publication";
    case LeftOutReason::kExtensionData:
      return "data of an extension's table";
    case LeftOutReason::kDependent:
      break;
  }
  return "uses what is restored, but does not belong to it";
}

Result<Selection> Select(const TocIndex& index, const SelectionRequest& request,
                         const ExistsInTarget& exists) {
  Selector selector(index, exists);
  for (const std::string& schema : request.schemas) PGK_TRY(selector.AddSchema(schema));
  for (const TableName& table : request.tables) PGK_TRY(selector.AddTable(table));
  return selector.Finish();
}

}  // namespace pgkeep::archive

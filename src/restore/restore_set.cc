#include "restore/restore_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include "archive/entry_kind.h"
#include "archive/selection.h"
#include "archive/sql_scanner.h"
#include "archive/toc_index.h"
#include "postgres/quote.h"
#include "restore/create_database.h"
#include "restore/role_names.h"
#include "restore/schema_rename.h"
#include "restore/sql_tokens.h"

namespace pgkeep::restore {
namespace {

using archive::EntryKind;
using archive::KindOf;
using archive::TocEntry;

// How many objects a message names.
constexpr size_t kNamesMax = 10;

// What an entry creates, to look for it in the target; nothing if that cannot be told.
std::optional<ObjectName> NameOfObject(const TocEntry& entry) {
  const std::string schema = entry.schema.value_or("");
  const EntryKind kind = KindOf(entry);
  if (archive::IsTableLike(kind) || kind == EntryKind::kSequence || kind == EntryKind::kIndex) {
    // An identity is an ALTER TABLE with the kind of a sequence, and makes one too.
    return ObjectName{.what = "relation", .schema = schema, .name = entry.tag};
  }
  if (entry.kind == "FUNCTION" || entry.kind == "PROCEDURE" || entry.kind == "AGGREGATE") {
    const std::string head = "DROP " + entry.kind + " ";
    if (!entry.drop_statement || !entry.drop_statement->starts_with(head)) return std::nullopt;
    std::string signature = entry.drop_statement->substr(head.size());
    signature.resize(std::min(signature.rfind(';'), signature.size()));
    return ObjectName{.what = "function", .schema = "", .name = std::move(signature)};
  }
  static const std::map<std::string, std::string, std::less<>> kWhat = {
      {"SCHEMA", "schema"},
      {"EXTENSION", "extension"},
      {"TYPE", "type"},
      {"DOMAIN", "type"},
      {"COLLATION", "collation"},
      {"STATISTICS", "statistics"},
      {"SERVER", "server"},
      {"FOREIGN DATA WRAPPER", "wrapper"},
      {"ACCESS METHOD", "access method"}};
  const auto what = kWhat.find(entry.kind);
  if (what == kWhat.end()) return std::nullopt;
  return ObjectName{.what = what->second, .schema = schema, .name = entry.tag};
}

// Whether an index is of a kind that the server may not have by itself.
bool MayUseExtension(const TocEntry& entry, bool standard_strings) {
  const EntryKind kind = KindOf(entry);
  if (!entry.definition || (kind != EntryKind::kIndex && kind != EntryKind::kConstraint)) {
    return false;
  }
  bool behind_using = false;
  for (const SqlToken& token : SplitSql(*entry.definition, standard_strings)) {
    if (token.kind == SqlToken::Kind::kBlank) continue;
    if (behind_using && !token.is("btree") && !token.is("hash")) return true;
    behind_using = token.is("USING");
    if (token.is("EXCLUDE") || (token.is_name() && NameOf(token).ends_with("_ops"))) return true;
  }
  return false;
}

// One choice in the making.
class Chooser {
 public:
  Chooser(const BackupSource& source, const TargetDatabase& target, const RestoreOptions& options)
      : source_(source), target_(target), options_(options), index_(source.toc()) {}

  Result<RestoreSet> Choose() {
    FindDatabaseEntries();
    FindStandardStrings();
    if (options_.tables.empty() && options_.schemas.empty()) {
      ChooseAll();
    } else {
      PGK_TRY(ChooseSome());
    }
    PGK_TRY(ListRows());
    MapRoles(set_.toc.entries, options_.map_roles, set_.standard_strings);
    MapRoles(set_.database_entries, options_.map_roles, set_.standard_strings);
    LeaveOutTablespaces();
    PGK_TRY(FindIcuRules());
    FinishRows();
    PGK_ASSIGN_OR_RETURN(set_.sequences, archive::ListSequenceValues(archive::TocIndex(set_.toc)));
    PGK_ASSIGN_OR_RETURN(archive::LargeObjects objects, archive::ListLargeObjects(set_.toc));
    set_.large_objects = std::move(objects.oids);
    return std::move(set_);
  }

 private:
  // The database itself, and what is said about it.
  void FindDatabaseEntries() {
    for (const TocEntry& entry : source_.toc().entries) {
      const bool about = std::ranges::any_of(entry.dependencies, [&](int32_t id) {
        const TocEntry* object = index_.Find(id);
        return object != nullptr && KindOf(*object) == EntryKind::kDatabase;
      });
      if (KindOf(entry) != EntryKind::kDatabase && !about) continue;
      database_ids_.insert(entry.dump_id);
      set_.database_entries.push_back(entry);
    }
  }

  void FindStandardStrings() {
    for (const TocEntry& entry : source_.toc().entries) {
      if (entry.kind == "STDSTRINGS" && entry.definition) {
        set_.standard_strings = entry.definition->find("'off'") == std::string::npos;
      }
    }
  }

  void ChooseAll() {
    std::vector<int32_t> ids;
    for (const TocEntry& entry : source_.toc().entries) {
      if (!database_ids_.contains(entry.dump_id)) ids.push_back(entry.dump_id);
    }
    set_.toc = archive::Subset(source_.toc(), ids);
    if (target_.exists && !options_.clean && set_.database_entries.size() > 1) {
      set_.left_out.emplace_back(
          "comment, settings and privileges of the database itself: the target keeps its own");
    }
  }

  Status ChooseSome() {
    PGK_ASSIGN_OR_RETURN(
        const archive::Selection selection,
        archive::Select(index_, {options_.tables, options_.schemas},
                        [this](const TocEntry& entry) { return IsJoined(entry); }));
    std::vector<int32_t> selected;
    for (const int32_t id : selection.entries) {
      if (database_ids_.contains(id) || IsThereAsSchema(id)) continue;
      selected.push_back(id);
    }
    DescribeLeftOut(selection);
    std::vector<int32_t> ids = selected;
    for (const int32_t id : selection.needed) {
      if (IsThere(*index_.Find(id)) || database_ids_.contains(id)) continue;
      ids.push_back(id);
      const TocEntry& entry = *index_.Find(id);
      set_.needed.push_back(ObjectText(entry) +
                            (KindOf(entry) == EntryKind::kTable ? " (without rows)" : ""));
    }
    AddExtensionsOfIndexes(ids);
    set_.toc = archive::Subset(source_.toc(), ids);
    LoadPartsByThemselves();
    AttachLate();
    if (!options_.into_schema.empty()) PGK_TRY(Rename(selected));
    RefuseWhatIsThere(selected);
    return Ok();
  }

  void DescribeLeftOut(const archive::Selection& selection) {
    for (const archive::LeftOut& left : selection.left_out) {
      set_.left_out.push_back(fmt::format("{}: {}", ObjectText(*index_.Find(left.dump_id)),
                                          archive::DescribeReason(left.reason)));
    }
    const auto objects = archive::ListLargeObjects(source_.toc());
    if (objects.ok() && !objects->oids.empty()) {
      set_.left_out.push_back(
          fmt::format("{} large objects: they belong to no table", objects->oids.size()));
    }
  }

  // A schema that is there already is none to make.
  bool IsThereAsSchema(int32_t id) const {
    const TocEntry& entry = *index_.Find(id);
    return KindOf(entry) == EntryKind::kSchema && options_.into_schema.empty() && IsThere(entry);
  }

  bool IsThere(const TocEntry& entry) const {
    const auto name = NameOfObject(entry);
    if (!target_.exists) return name == ObjectName{"schema", "", "public"};
    // What cannot be looked for belongs to something that can.
    return name ? target_.objects.contains(*name) : !target_.empty;
  }

  // What the selection is joined to, if it goes where it came from: a copy in another schema stays
  // by itself.
  bool IsJoined(const TocEntry& entry) const {
    const auto name = NameOfObject(entry);
    return options_.into_schema.empty() && target_.exists && name &&
           target_.objects.contains(*name);
  }

  // An index or an exclusion constraint may be of a kind that an extension brings, and pg_dump
  // notes no dependency. So every extension that the target has not got may be needed.
  void AddExtensionsOfIndexes(std::vector<int32_t>& ids) {
    const bool asks = std::ranges::any_of(
        ids, [&](int32_t id) { return MayUseExtension(*index_.Find(id), set_.standard_strings); });
    if (!asks) return;
    for (const TocEntry& entry : source_.toc().entries) {
      if (KindOf(entry) != EntryKind::kExtension || IsThere(entry)) continue;
      AddNeeded(entry, ids);
      for (const int32_t on : entry.dependencies) {
        const TocEntry* schema = index_.Find(on);
        if (schema == nullptr || KindOf(*schema) != EntryKind::kSchema || IsThere(*schema))
          continue;
        AddNeeded(*schema, ids);
      }
    }
  }

  void AddNeeded(const TocEntry& entry, std::vector<int32_t>& ids) {
    if (std::ranges::find(ids, entry.dump_id) != ids.end()) return;
    ids.push_back(entry.dump_id);
    set_.needed.push_back(ObjectText(entry) + " (an index may use it)");
  }

  // To a parent that is in the target with all its indexes, a partition is attached when it has its
  // own: else the server would make them, and those of the backup were once more.
  void AttachLate() {
    const archive::TocIndex chosen(set_.toc);
    std::vector<int32_t> late;
    for (const TocEntry& entry : set_.toc.entries) {
      if (KindOf(entry) != EntryKind::kTableAttach) continue;
      if (std::ranges::any_of(entry.dependencies,
                              [&](int32_t id) { return chosen.Find(id) == nullptr; })) {
        late.push_back(entry.dump_id);
      }
    }
    if (late.empty()) return;
    std::vector<int32_t> indexes;
    for (const TocEntry& entry : set_.toc.entries) {
      const EntryKind kind = KindOf(entry);
      if (kind == EntryKind::kIndex || kind == EntryKind::kConstraint) {
        indexes.push_back(entry.dump_id);
      }
    }
    const auto rank = [&](const TocEntry& entry) {
      if (KindOf(entry) == EntryKind::kIndexAttach) return 2;
      return std::ranges::find(late, entry.dump_id) != late.end() ? 1 : 0;
    };
    for (TocEntry& entry : set_.toc.entries) {
      if (rank(entry) == 0) continue;
      entry.section = archive::Section::kPostData;
      const std::vector<int32_t>& before = rank(entry) == 1 ? indexes : late;
      entry.dependencies.insert(entry.dependencies.end(), before.begin(), before.end());
    }
    std::ranges::stable_sort(set_.toc.entries, {}, rank);
  }

  // A partition whose rows were to be loaded through its root has to take them itself where the
  // root is not restored: else they would land in another table, or nowhere.
  void LoadPartsByThemselves() {
    std::set<std::pair<std::string, std::string>> tables;
    std::unordered_set<int32_t> attached;
    for (const TocEntry& entry : set_.toc.entries) {
      if (KindOf(entry) == EntryKind::kTable && entry.schema) {
        tables.emplace(*entry.schema, entry.tag);
      }
      if (KindOf(entry) == EntryKind::kTableAttach) {
        attached.insert(entry.dependencies.begin(), entry.dependencies.end());
      }
    }
    for (TocEntry& entry : set_.toc.entries) {
      if (KindOf(entry) != EntryKind::kTableData || !entry.copy_statement) continue;
      archive::SqlScanner scanner(*entry.copy_statement);
      scanner.Skip("COPY ");
      const auto into = scanner.Qualified();
      if (!into || (into->schema == entry.schema && into->name == entry.tag)) continue;
      const bool part = !entry.dependencies.empty() && attached.contains(entry.dependencies[0]);
      if (part && tables.contains({into->schema, into->name})) continue;
      entry.copy_statement =
          fmt::format("COPY {}{}", postgres::QuoteQualified(entry.schema.value_or(""), entry.tag),
                      scanner.rest());
    }
  }

  Status Rename(const std::vector<int32_t>& selected) {
    std::set<std::string> schemas(options_.schemas.begin(), options_.schemas.end());
    for (const archive::TableName& table : options_.tables) schemas.insert(table.schema);
    if (schemas.size() != 1) {
      return Error(ErrorCode::kInvalidArgument,
                   "tables of several schemas cannot go into one other schema",
                   "restore the tables of each schema by themselves");
    }
    const std::string from = *schemas.begin();
    // The schema itself, with its comment and privileges, is not made again under another name.
    std::unordered_set<int32_t> dropped;
    for (const int32_t id : selected) {
      const TocEntry& entry = *index_.Find(id);
      const bool about = std::ranges::any_of(entry.dependencies, [&](int32_t on) {
        const TocEntry* object = index_.Find(on);
        return object != nullptr && KindOf(*object) == EntryKind::kSchema;
      });
      const EntryKind kind = KindOf(entry);
      const bool said = about && (kind == EntryKind::kAcl || kind == EntryKind::kComment ||
                                  kind == EntryKind::kSecurityLabel);
      if (kind != EntryKind::kSchema && !said) continue;
      dropped.insert(id);
      if (said) set_.left_out.push_back(ObjectText(entry) + ": of the schema itself");
    }
    std::erase_if(set_.toc.entries,
                  [&](const TocEntry& entry) { return dropped.contains(entry.dump_id); });
    const std::unordered_set<int32_t> moves(selected.begin(), selected.end());
    std::vector<TocEntry> moved;
    for (const TocEntry& entry : set_.toc.entries) {
      if (moves.contains(entry.dump_id)) moved.push_back(entry);
    }
    auto rename = SchemaRename::Make(moved, source_.toc().entries, from, options_.into_schema,
                                     set_.standard_strings);
    if (!rename.ok()) {
      set_.problems.push_back(std::move(rename).error());
      return Ok();
    }
    for (TocEntry& entry : set_.toc.entries) {
      if (moves.contains(entry.dump_id)) rename->Apply(entry);
    }
    return Ok();
  }

  void RefuseWhatIsThere(const std::vector<int32_t>& selected) {
    const std::unordered_set<int32_t> chosen(selected.begin(), selected.end());
    std::string names;
    size_t count = 0;
    for (const TocEntry& entry : set_.toc.entries) {
      const auto name = NameOfObject(entry);
      if (!name || !chosen.contains(entry.dump_id) || !target_.objects.contains(*name)) continue;
      if (++count <= kNamesMax) names += (count == 1 ? "" : ", ") + ObjectText(entry);
    }
    if (count == 0) return;
    set_.problems.push_back(
        Err(ErrorCode::kRefused, "the target has already: {}{}", names,
            count > kNamesMax ? fmt::format(" and {} more", count - kNamesMax) : "")
            .WithHint("drop or rename them, choose another schema with --into-schema, or another "
                      "database"));
  }

  Status ListRows() {
    const archive::TocIndex index(set_.toc);
    std::unordered_set<int32_t> data;
    std::optional<int32_t> of_extension;  // the last table that an extension makes
    // Under the names that the backup knows, so from its own table.
    PGK_ASSIGN_OR_RETURN(const std::vector<archive::TableData> tables,
                         archive::ListTableData(index_));
    for (const archive::TableData& table : tables) {
      const TocEntry* entry = index.Find(table.dump_id);
      if (entry == nullptr) continue;
      data.insert(table.dump_id);
      TableLoad& load = set_.tables.emplace_back();
      load.dump_id = table.dump_id;
      load.schema = entry->schema.value_or("");
      load.name = entry->tag;
      load.copy_statement = *entry->copy_statement;
      load.made_here = table.table_entry && index.Find(*table.table_entry) != nullptr;
      load.through_root = table.root.has_value();
      PGK_ASSIGN_OR_RETURN(load.rows, source_.TableRows(table));
      if (table.table_entry) continue;
      // Its foreign keys are there already. pg_dump puts such tables in an order that respects
      // them, and says nothing else about them.
      if (of_extension) load.after.push_back(*of_extension);
      of_extension = table.dump_id;
    }
    for (TableLoad& load : set_.tables) {
      for (const int32_t id : index.Find(load.dump_id)->dependencies) {
        if (data.contains(id) && id != load.dump_id) load.after.push_back(id);
      }
    }
    return Ok();
  }

  // Largest first: what takes longest begins first.
  void FinishRows() {
    std::ranges::stable_sort(set_.tables, [](const TableLoad& left, const TableLoad& right) {
      return left.rows.entry.bytes > right.rows.entry.bytes;
    });
  }

  void LeaveOutTablespaces() {
    std::set<std::string> missing;
    for (TocEntry& entry : set_.toc.entries) {
      if (!entry.tablespace || entry.tablespace->empty()) continue;
      if (target_.tablespaces.contains(*entry.tablespace)) continue;
      missing.insert(*entry.tablespace);
      entry.tablespace = "";
    }
    const bool makes_database = options_.create || options_.clean;
    for (const TocEntry& entry : set_.database_entries) {
      const std::string name = TablespaceOfDatabase(entry, set_.standard_strings);
      if (name.empty() || !makes_database) continue;
      if (target_.tablespaces.contains(name)) {
        set_.database_tablespace = name;
      } else {
        missing.insert(name);
      }
    }
    set_.missing_tablespaces.assign(missing.begin(), missing.end());
  }

  Status FindIcuRules() {
    for (const TocEntry& entry : set_.database_entries) {
      PGK_ASSIGN_OR_RETURN(std::string rules, IcuRulesOfDatabase(entry, set_.standard_strings));
      if (!rules.empty()) set_.database_icu_rules = std::move(rules);
    }
    return Ok();
  }

  const BackupSource& source_;
  const TargetDatabase& target_;
  const RestoreOptions& options_;
  const archive::TocIndex index_;
  std::unordered_set<int32_t> database_ids_;
  RestoreSet set_;
};

}  // namespace

std::string ObjectText(const TocEntry& entry) {
  if (!entry.schema || entry.schema->empty()) return fmt::format("{} {}", entry.kind, entry.tag);
  return fmt::format("{} {}.{}", entry.kind, *entry.schema, entry.tag);
}

Result<RestoreSet> ChooseEntries(const BackupSource& source, const TargetDatabase& target,
                                 const RestoreOptions& options) {
  return Chooser(source, target, options).Choose();
}

}  // namespace pgkeep::restore

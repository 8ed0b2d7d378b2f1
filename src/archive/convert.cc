#include "archive/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "archive/contents.h"
#include "archive/entry_kind.h"
#include "archive/limits.h"
#include "archive/sql_scanner.h"
#include "base/error.h"

namespace pgkeep::archive {
namespace {

constexpr char kPartitionedTable = 'p';
constexpr uint32_t kLargeObjectCatalog = 2613;  // pg_largeobject, which BLOB entries name
constexpr std::string_view kGroupTag = "LARGE OBJECTS ";

// One command of a group's privileges, around the OID of the first large object:
// `GRANT SELECT ON LARGE OBJECT ` ... ` TO "a role";`.
struct AclCommand {
  std::string before;
  std::string after;
};

// Takes the privileges of a group apart. The only thing in them that is hard to read are quoted
// role names; inside those nothing counts.
Result<std::vector<AclCommand>> ParseGroupAcl(const TocEntry& entry) {
  constexpr std::string_view kObject = "LARGE OBJECT ";
  std::vector<AclCommand> commands;
  AclCommand command;
  bool quoted = false;
  bool has_object = false;
  const std::string_view text = entry.definition ? std::string_view(*entry.definition) : "";
  for (size_t i = 0; i < text.size(); ++i) {
    std::string& half = has_object ? command.after : command.before;
    if (!quoted && !has_object && text.substr(i).starts_with(kObject)) {
      half += kObject;
      i = text.find_first_not_of("0123456789", i + kObject.size());
      if (i == std::string_view::npos) break;
      has_object = true;
      --i;
      continue;
    }
    half.push_back(text[i]);
    if (text[i] == '"') quoted = !quoted;
    if (quoted || text[i] != ';') continue;
    if (!has_object) break;
    command.after.push_back('\n');
    commands.push_back(std::exchange(command, {}));
    has_object = false;
    i = std::min(text.find_first_not_of(" \t\r\n", i + 1), text.size()) - 1;
  }
  if (commands.empty() || !command.before.empty()) {
    return Err(ErrorCode::kCorruption, "privileges of {} (dump id {}) have an unknown form",
               entry.tag, entry.dump_id);
  }
  return commands;
}

// Rewrites the entries of a 1.16 archive that have to do with large objects.
class LargeObjectConverter {
 public:
  explicit LargeObjectConverter(const Toc& toc) {
    for (const TocEntry& entry : toc.entries) {
      next_id_ = std::max(next_id_, static_cast<int64_t>(entry.dump_id) + 1);
      if (KindOf(entry) == EntryKind::kLargeObjectGroup) groups_[entry.dump_id] = {};
    }
  }

  // The entries with every group taken apart. New entries come before the first data entry.
  Result<std::vector<TocEntry>> Convert(std::vector<TocEntry> entries) {
    std::vector<TocEntry> kept;
    for (TocEntry& entry : entries) {
      const EntryKind kind = KindOf(entry);
      if (kind == EntryKind::kLargeObjectGroup) {
        PGK_TRY(AddGroup(entry));
      } else if (kind == EntryKind::kLargeObjectData && !groups_.empty()) {
        AddData(std::move(entry), kept);
      } else if (entry.dependencies.size() == 1 && groups_.contains(entry.dependencies.front())) {
        PGK_TRY(AddAttribute(std::move(entry)));
      } else {
        kept.push_back(std::move(entry));
      }
    }
    if (next_id_ > int64_t{std::numeric_limits<int32_t>::max()} + 1) {
      return Error(ErrorCode::kLimitExceeded, "no dump ids are left for large objects");
    }
    const auto data = std::ranges::find(kept, Section::kData, &TocEntry::section);
    const auto post_data = std::ranges::find(kept, Section::kPostData, &TocEntry::section);
    kept.insert(std::min(data, post_data), std::make_move_iterator(added_.begin()),
                std::make_move_iterator(added_.end()));
    return kept;
  }

 private:
  using Group = std::vector<std::pair<uint32_t, int32_t>>;  // OID, dump id of its BLOB entry

  int32_t NextId() { return static_cast<int32_t>(next_id_++); }

  Status AddGroup(const TocEntry& entry) {
    PGK_ASSIGN_OR_RETURN(const std::vector<uint32_t> oids, LargeObjectsOf(entry));
    for (const uint32_t oid : oids) {
      TocEntry object;
      object.dump_id = NextId();
      object.catalog_oid = kLargeObjectCatalog;
      object.oid = oid;
      object.tag = fmt::format("{}", oid);
      object.kind = "BLOB";
      object.section = Section::kPreData;
      object.definition = fmt::format("SELECT pg_catalog.lo_create('{}');\n", oid);
      object.drop_statement = fmt::format("SELECT pg_catalog.lo_unlink('{}');\n", oid);
      object.owner = entry.owner;
      groups_[entry.dump_id].emplace_back(oid, object.dump_id);
      added_.push_back(std::move(object));
    }
    return Ok();
  }

  // There is one BLOBS entry in 1.14, for all large objects.
  void AddData(TocEntry entry, std::vector<TocEntry>& kept) {
    if (std::exchange(has_data_, true)) return;
    entry.tag = "BLOBS";
    entry.dependencies.clear();
    kept.push_back(std::move(entry));
  }

  // A comment, label or privileges of one large object, or privileges of all of a group.
  Status AddAttribute(TocEntry entry) {
    const Group& group = groups_[entry.dependencies.front()];
    if (group.empty()) {
      return Err(ErrorCode::kCorruption, "{} {} (dump id {}) comes before its large objects",
                 entry.kind, entry.tag, entry.dump_id);
    }
    if (!entry.tag.starts_with(kGroupTag)) {
      const auto object = std::ranges::find_if(group, [&](const auto& candidate) {
        return entry.tag == fmt::format("LARGE OBJECT {}", candidate.first);
      });
      if (object == group.end()) {
        return Err(ErrorCode::kCorruption, "{} {} (dump id {}) names no large object of its group",
                   entry.kind, entry.tag, entry.dump_id);
      }
      entry.dependencies = {object->second};
      added_.push_back(std::move(entry));
      return Ok();
    }
    PGK_ASSIGN_OR_RETURN(const std::vector<AclCommand> commands, ParseGroupAcl(entry));
    for (const auto& [oid, dump_id] : group) {
      TocEntry one = entry;
      one.dump_id = NextId();
      one.tag = fmt::format("LARGE OBJECT {}", oid);
      one.dependencies = {dump_id};
      one.definition = "";
      for (const AclCommand& command : commands) {
        *one.definition += fmt::format("{}{}{}", command.before, oid, command.after);
      }
      written_bytes_ += one.definition->size();
      if (written_bytes_ > kTocBytesMax) {
        return Error(ErrorCode::kLimitExceeded,
                     "the privileges of large objects, written out for each, are too long");
      }
      added_.push_back(std::move(one));
    }
    return Ok();
  }

  int64_t next_id_ = 1;
  std::map<int32_t, Group> groups_;
  std::vector<TocEntry> added_;
  uint64_t written_bytes_ = 0;  // of privileges: what is said once for a group, becomes many
  bool has_data_ = false;
};

// Before 1.16 an access method is set for the next CREATE TABLE; for a partitioned table that has
// no effect, so it is said in SQL.
void DropRelationKind(TocEntry& entry) {
  const bool partitioned = entry.relation_kind == kPartitionedTable;
  entry.relation_kind = 0;
  if (!partitioned || !entry.access_method || entry.access_method->empty()) return;
  if (!entry.schema || !entry.definition) return;
  *entry.definition +=
      fmt::format("\nALTER TABLE {}.{} SET ACCESS METHOD {};\n", QuoteName(*entry.schema),
                  QuoteName(entry.tag), QuoteName(*entry.access_method));
  entry.access_method.reset();
}

}  // namespace

Result<Toc> ConvertToVersion14(Toc toc) {
  if (toc.header.version == kVersion14) return toc;
  toc.header.version = kVersion14;
  if (toc.header.compression > Compression::kGzip) toc.header.compression = Compression::kNone;
  for (TocEntry& entry : toc.entries) DropRelationKind(entry);
  LargeObjectConverter converter(toc);
  PGK_ASSIGN_OR_RETURN(toc.entries, converter.Convert(std::move(toc.entries)));
  return toc;
}

}  // namespace pgkeep::archive

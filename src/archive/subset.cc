#include <fmt/format.h>

#include <string_view>
#include <unordered_set>

#include "archive/entry_kind.h"
#include "archive/selection.h"
#include "base/check.h"

namespace pgkeep::archive {
namespace {

// A name on one line: pg_restore reads the list line by line, and a name could pose as a number.
std::string OneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  return line;
}

}  // namespace

Toc Subset(const Toc& toc, const std::vector<int32_t>& dump_ids) {
  const std::unordered_set<int32_t> wanted(dump_ids.begin(), dump_ids.end());
  Toc subset{.header = toc.header, .entries = {}};
  for (const TocEntry& entry : toc.entries) {
    if (KindOf(entry) == EntryKind::kPreamble || wanted.contains(entry.dump_id)) {
      subset.entries.push_back(entry);
    }
  }
  return subset;
}

std::string FormatUseList(const TocIndex& index, const std::vector<int32_t>& dump_ids) {
  std::string list;
  for (const int32_t dump_id : dump_ids) {
    const TocEntry* entry = index.Find(dump_id);
    PGK_CHECK(entry != nullptr, "the entry is in the archive");
    list += fmt::format("{}; {} {} {} {} {} {}\n", dump_id, entry->catalog_oid, entry->oid,
                        OneLine(entry->kind), OneLine(entry->schema.value_or("-")),
                        OneLine(entry->tag), OneLine(entry->owner.value_or("")));
  }
  return list;
}

}  // namespace pgkeep::archive

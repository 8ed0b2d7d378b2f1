#include "archive/entry_kind.h"

#include <algorithm>
#include <array>
#include <utility>

namespace pgkeep::archive {
namespace {

using enum EntryKind;

// Sorted by word.
constexpr auto kKinds = std::to_array<std::pair<std::string_view, EntryKind>>({
    {"ACL", kAcl},
    {"BLOB", kLargeObject},
    {"BLOB METADATA", kLargeObjectGroup},
    {"BLOBS", kLargeObjectData},
    {"CHECK CONSTRAINT", kConstraint},
    {"COMMENT", kComment},
    {"CONSTRAINT", kConstraint},
    {"DATABASE", kDatabase},
    {"DATABASE PROPERTIES", kDatabase},
    {"DEFAULT", kDefault},
    {"DEFAULT ACL", kDefaultAcl},
    {"ENCODING", kPreamble},
    {"EVENT TRIGGER", kEventTrigger},
    {"EXTENSION", kExtension},
    {"FK CONSTRAINT", kForeignKey},
    {"FOREIGN TABLE", kForeignTable},
    {"INDEX", kIndex},
    {"INDEX ATTACH", kIndexAttach},
    {"MATERIALIZED VIEW", kMaterializedView},
    {"MATERIALIZED VIEW DATA", kMaterializedViewData},
    {"POLICY", kPolicy},
    {"PUBLICATION TABLE", kPublicationTable},
    {"PUBLICATION TABLES IN SCHEMA", kPublicationTable},
    {"ROW SECURITY", kRowSecurity},
    {"RULE", kRule},
    {"SCHEMA", kSchema},
    {"SEARCHPATH", kPreamble},
    {"SECURITY LABEL", kSecurityLabel},
    {"SEQUENCE", kSequence},
    {"SEQUENCE OWNED BY", kSequenceOwnedBy},
    {"SEQUENCE SET", kSequenceSet},
    {"STATISTICS", kStatistics},
    {"STATISTICS DATA", kStatisticsData},
    {"STDSTRINGS", kPreamble},
    {"TABLE", kTable},
    {"TABLE ATTACH", kTableAttach},
    {"TABLE DATA", kTableData},
    {"TRIGGER", kTrigger},
    {"VIEW", kView},
});
static_assert(std::ranges::is_sorted(kKinds, {}, &decltype(kKinds)::value_type::first));

}  // namespace

EntryKind KindOf(std::string_view kind) {
  const auto* found =
      std::ranges::lower_bound(kKinds, kind, {}, &decltype(kKinds)::value_type::first);
  return found != kKinds.end() && found->first == kind ? found->second : kOther;
}

bool IsTableLike(EntryKind kind) {
  return kind == kTable || kind == kForeignTable || kind == kView || kind == kMaterializedView;
}

std::vector<Section> EffectiveSections(const Toc& toc) {
  std::vector<Section> sections;
  sections.reserve(toc.entries.size());
  Section current = Section::kPreData;
  for (const TocEntry& entry : toc.entries) {
    if (entry.section != Section::kNone) current = entry.section;
    sections.push_back(current);
  }
  return sections;
}

}  // namespace pgkeep::archive

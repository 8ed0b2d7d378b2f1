#include "restore/role_names.h"

#include <algorithm>
#include <map>
#include <optional>

#include "archive/entry_kind.h"
#include "postgres/quote.h"
#include "restore/sql_tokens.h"

namespace pgkeep::restore {
namespace {

using archive::EntryKind;
using archive::TocEntry;
using Replacement = std::function<std::optional<std::string>(const std::string& role)>;

// The key words behind which roles stand in entries of one kind; none: it names no roles.
std::vector<std::string_view> MarksOf(const TocEntry& entry) {
  switch (archive::KindOf(entry)) {
    case EntryKind::kAcl:
      return {"TO", "FROM", "AUTHORIZATION", "BY"};
    case EntryKind::kDefaultAcl:
      return {"TO", "FROM", "ROLE", "AUTHORIZATION", "BY"};
    case EntryKind::kPolicy:
      return {"TO"};
    case EntryKind::kDatabase:
      // CREATE DATABASE, and what is set for a role in it.
      return {"ROLE"};
    default:
      if (entry.kind == "USER MAPPING") return {"FOR"};
      return {};
  }
}

// pg_dump writes key words in capitals, and names with capitals in quotes.
bool IsKeyWord(const SqlToken& token) {
  return token.kind == SqlToken::Kind::kWord && token.text.front() >= 'A' &&
         token.text.front() <= 'Z';
}

// Goes through one statement text and lets `replace` look at each role in it.
std::string VisitRoles(std::string_view sql, const std::vector<std::string_view>& marks,
                       bool standard_strings, const Replacement& replace) {
  std::string out;
  int depth = 0;  // of parentheses: expressions are in them
  bool in_list = false;
  for (const SqlToken& token : SplitSql(sql, standard_strings)) {
    std::string_view text = token.text;
    std::optional<std::string> other;
    if (token.is("(")) ++depth;
    if (token.is(")")) --depth;
    if (depth == 0 && IsKeyWord(token)) {
      // PUBLIC and such may stand between roles.
      const bool mark = std::ranges::find(marks, token.text) != marks.end();
      in_list = mark || (in_list && token.is("PUBLIC"));
    } else if (depth == 0 && in_list && token.is_name()) {
      other = replace(NameOf(token));
      if (other) *other = postgres::QuoteIdentifier(*other);
    } else if (token.kind == SqlToken::Kind::kSymbol && !token.is(",")) {
      in_list = false;
    }
    out += other ? *other : text;
  }
  return out;
}

}  // namespace

std::set<std::string> RolesNamed(const std::vector<TocEntry>& entries, const RoleUse& use,
                                 bool standard_strings) {
  std::set<std::string> roles;
  const auto remember = [&roles](const std::string& role) {
    roles.insert(role);
    return std::optional<std::string>();
  };
  for (const TocEntry& entry : entries) {
    const EntryKind kind = archive::KindOf(entry);
    const bool privilege = kind == EntryKind::kAcl || kind == EntryKind::kDefaultAcl;
    if (privilege && !use.privileges) continue;
    // The owner of a privilege is that of the object, which has an entry of its own.
    if (use.owners && !privilege && entry.owner && !entry.owner->empty()) {
      roles.insert(*entry.owner);
    }
    const std::vector<std::string_view> marks = MarksOf(entry);
    if (!marks.empty() && entry.definition) {
      VisitRoles(*entry.definition, marks, standard_strings, remember);
    }
  }
  return roles;
}

void MapRoles(std::vector<TocEntry>& entries, const std::vector<RoleMapping>& mapping,
              bool standard_strings) {
  if (mapping.empty()) return;
  std::map<std::string, std::string> to;
  for (const RoleMapping& pair : mapping) to[pair.from] = pair.to;
  const Replacement replace = [&to](const std::string& role) {
    const auto found = to.find(role);
    return found == to.end() ? std::optional<std::string>() : found->second;
  };
  for (TocEntry& entry : entries) {
    if (entry.owner) entry.owner = replace(*entry.owner).value_or(*entry.owner);
    const std::vector<std::string_view> marks = MarksOf(entry);
    for (archive::OptionalText* text : {&entry.definition, &entry.drop_statement}) {
      if (!marks.empty() && *text) *text = VisitRoles(**text, marks, standard_strings, replace);
    }
  }
}

}  // namespace pgkeep::restore

#include "restore/schema_rename.h"

#include <algorithm>
#include <utility>

#include "archive/entry_kind.h"
#include "archive/sql_scanner.h"
#include "postgres/quote.h"
#include "restore/sql_tokens.h"

namespace pgkeep::restore {
namespace {

using archive::EntryKind;
using archive::TocEntry;

// What is made of tables and what belongs to them, in statements that hold qualified names and
// simple expressions only.
bool CanMove(const TocEntry& entry) {
  switch (archive::KindOf(entry)) {
    case EntryKind::kTable:
    case EntryKind::kForeignTable:
    case EntryKind::kSequence:
    case EntryKind::kSequenceOwnedBy:
    case EntryKind::kTableAttach:
    case EntryKind::kDefault:
    case EntryKind::kTableData:
    case EntryKind::kSequenceSet:
    case EntryKind::kIndex:
    case EntryKind::kIndexAttach:
    case EntryKind::kConstraint:
    case EntryKind::kForeignKey:
    case EntryKind::kTrigger:
    case EntryKind::kPolicy:
    case EntryKind::kRowSecurity:
    case EntryKind::kStatistics:
    case EntryKind::kComment:
    case EntryKind::kSecurityLabel:
    case EntryKind::kAcl:
      return true;
    default:
      return entry.kind == "TYPE" || entry.kind == "DOMAIN";
  }
}

bool HasNameOfItsOwn(const TocEntry& entry) {
  switch (archive::KindOf(entry)) {
    case EntryKind::kTable:
    case EntryKind::kForeignTable:
    case EntryKind::kSequence:
    case EntryKind::kIndex:
    case EntryKind::kStatistics:
      return true;
    default:
      return entry.kind == "TYPE" || entry.kind == "DOMAIN";
  }
}

bool IsFunction(const TocEntry& entry) {
  return entry.kind == "FUNCTION" || entry.kind == "PROCEDURE" || entry.kind == "AGGREGATE";
}

Error CannotMove(const TocEntry& entry, std::string_view why) {
  return Err(ErrorCode::kUnsupported, "{} {} cannot be restored into another schema: {}",
             entry.kind, entry.tag, why)
      .WithHint("choose tables only, or restore into another database");
}

// True if the name stands where it is neither in front of a dot nor behind one: perhaps as an
// alias, which a qualified name could then mean.
bool StandsAlone(std::string_view sql, const std::string& name, bool standard_strings) {
  const std::vector<SqlToken> tokens = SplitSql(sql, standard_strings);
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i].is_name() || NameOf(tokens[i]) != name) continue;
    const bool before = i > 0 && tokens[i - 1].is(".");
    const bool behind = i + 1 < tokens.size() && tokens[i + 1].is(".");
    if (!before && !behind) return true;
  }
  return false;
}

}  // namespace

SchemaRename::SchemaRename(std::string from, std::string to, std::set<std::string> names,
                           bool standard_strings)
    : from_(std::move(from)),
      to_(std::move(to)),
      names_(std::move(names)),
      standard_strings_(standard_strings) {}

Result<SchemaRename> SchemaRename::Make(const std::vector<TocEntry>& moved,
                                        const std::vector<TocEntry>& all, std::string from,
                                        std::string to, bool standard_strings) {
  std::set<std::string> names;
  std::set<std::string_view> tables;
  for (const TocEntry& entry : moved) {
    if (archive::IsTableLike(archive::KindOf(entry))) tables.insert(entry.tag);
  }
  for (const TocEntry& entry : moved) {
    if (!CanMove(entry)) {
      return CannotMove(entry, "its text may use names in ways that cannot be told for certain");
    }
    if (HasNameOfItsOwn(entry)) names.insert(entry.tag);
    const EntryKind kind = archive::KindOf(entry);
    // The index of a constraint has the constraint's name: "table constraint".
    for (size_t i = 0; kind == EntryKind::kConstraint && i < entry.tag.size(); ++i) {
      if (entry.tag[i] == ' ' && tables.contains(std::string_view(entry.tag).substr(0, i))) {
        names.insert(entry.tag.substr(i + 1));
      }
    }
    const bool has_aliases = kind == EntryKind::kPolicy || kind == EntryKind::kTrigger;
    if (has_aliases && entry.definition &&
        (StandsAlone(*entry.definition, from, standard_strings) || from == "old" ||
         from == "new")) {
      return CannotMove(entry, "it uses the name of the schema for something else too");
    }
  }
  for (const TocEntry& entry : all) {
    if (!IsFunction(entry) || entry.schema != from) continue;
    const std::string name = entry.tag.substr(0, entry.tag.find('('));
    if (names.contains(name)) {
      return CannotMove(entry, "it has the name of a table that moves, and stays where it is");
    }
  }
  return SchemaRename(std::move(from), std::move(to), std::move(names), standard_strings);
}

bool SchemaRename::Moves(std::string_view qualified, std::string& renamed) const {
  archive::SqlScanner scanner(qualified);
  const auto name = scanner.Qualified();
  if (!name || !scanner.rest().empty() || name->schema != from_ || !names_.contains(name->name)) {
    return false;
  }
  renamed = postgres::QuoteQualified(to_, name->name);
  return true;
}

std::string SchemaRename::Rewrite(std::string_view sql, bool any_literal) const {
  const std::vector<SqlToken> tokens = SplitSql(sql, standard_strings_);
  const auto token_is = [&tokens](size_t i, std::string_view text) {
    return i < tokens.size() && tokens[i].is(text);
  };
  std::string out;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const SqlToken& token = tokens[i];
    const bool inside = i > 0 && tokens[i - 1].is(".");
    if (token.is_name() && !inside && token_is(i + 1, ".") && i + 2 < tokens.size() &&
        tokens[i + 2].is_name() && NameOf(token) == from_ &&
        names_.contains(NameOf(tokens[i + 2]))) {
      out += postgres::QuoteIdentifier(to_);
      continue;
    }
    if (token.kind == SqlToken::Kind::kLiteral) {
      const bool names_object =
          any_literal || (token_is(i + 1, ":") && token_is(i + 2, ":") &&
                          (token_is(i + 3, "regclass") || token_is(i + 3, "regtype")));
      const auto text = names_object ? TextOf(token, standard_strings_) : std::nullopt;
      std::string renamed;
      if (text && Moves(*text, renamed)) {
        out += postgres::QuoteLiteral(renamed);
        continue;
      }
    }
    out += token.text;
  }
  return out;
}

void SchemaRename::Apply(TocEntry& entry) const {
  const bool any_literal = archive::KindOf(entry) == EntryKind::kSequenceSet;
  if (entry.schema == from_) entry.schema = to_;
  if (entry.definition) entry.definition = Rewrite(*entry.definition, any_literal);
  if (entry.drop_statement) entry.drop_statement = Rewrite(*entry.drop_statement);
  if (entry.copy_statement) entry.copy_statement = Rewrite(*entry.copy_statement);
}

}  // namespace pgkeep::restore

#include "restore/create_database.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "archive/entry_kind.h"
#include "postgres/quote.h"
#include "restore/sql_tokens.h"

namespace pgkeep::restore {
namespace {

using postgres::QuoteIdentifier;
using postgres::QuoteLiteral;

// object_in_use
constexpr std::string_view kSqlStateInUse = "55006";

// What CREATE DATABASE says about who sorts.
Result<std::string> ProviderSql(const logical::DatabaseAttributes& attributes,
                                const std::string& icu_rules, int major) {
  if (attributes.locale_provider == "c") {
    return std::string(major >= 15 ? " LOCALE_PROVIDER libc" : "");
  }
  if (attributes.locale_provider == "i" && major >= (icu_rules.empty() ? 15 : 16)) {
    return fmt::format(" LOCALE_PROVIDER icu ICU_LOCALE {}{}", QuoteLiteral(attributes.locale),
                       icu_rules.empty() ? "" : " ICU_RULES " + QuoteLiteral(icu_rules));
  }
  if (attributes.locale_provider == "b" && major >= 17) {
    return fmt::format(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}",
                       QuoteLiteral(attributes.locale));
  }
  return Err(ErrorCode::kUnsupportedVersion,
             "PostgreSQL {} cannot make a database that sorts as the source (provider '{}'{})",
             major, attributes.locale_provider, icu_rules.empty() ? "" : " with rules of its own")
      .WithHint("make the database yourself and restore into it without --create");
}

// What follows `WORD =` in the entry of a database, of which it is a part; a database of that name
// is in lower case or in quotes.
std::optional<SqlToken> OptionOfDatabase(const archive::TocEntry& entry, std::string_view word,
                                         bool standard_strings) {
  if (entry.kind != "DATABASE" || !entry.definition) return std::nullopt;
  bool behind_word = false;
  bool behind_equals = false;
  for (const SqlToken& token : SplitSql(*entry.definition, standard_strings)) {
    if (token.kind == SqlToken::Kind::kBlank) continue;
    if (behind_equals) return token;
    behind_equals = behind_word && token.is("=");
    behind_word = token.is(word);
  }
  return std::nullopt;
}

}  // namespace

Result<std::string> CreateDatabaseSql(const NewDatabase& database,
                                      const logical::DatabaseAttributes& attributes,
                                      int server_version_num) {
  PGK_ASSIGN_OR_RETURN(const std::string provider,
                       ProviderSql(attributes, database.icu_rules, server_version_num / 10000));
  return fmt::format(
      "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}{}{}{}",
      QuoteIdentifier(database.name), QuoteLiteral(attributes.encoding),
      QuoteLiteral(attributes.collate), QuoteLiteral(attributes.ctype), provider,
      database.owner.empty() ? "" : " OWNER " + QuoteIdentifier(database.owner),
      database.tablespace.empty() ? "" : " TABLESPACE " + QuoteIdentifier(database.tablespace));
}

std::string TablespaceOfDatabase(const archive::TocEntry& entry, bool standard_strings) {
  const std::optional<SqlToken> name = OptionOfDatabase(entry, "TABLESPACE", standard_strings);
  return name && name->is_name() ? NameOf(*name) : "";
}

Result<std::string> IcuRulesOfDatabase(const archive::TocEntry& entry, bool standard_strings) {
  const std::optional<SqlToken> token = OptionOfDatabase(entry, "ICU_RULES", standard_strings);
  if (!token) return std::string();
  std::optional<std::string> rules;
  if (token->kind == SqlToken::Kind::kLiteral) rules = TextOf(*token, standard_strings);
  if (rules) return *std::move(rules);
  return Err(ErrorCode::kCorruption,
             "the archive does not say by which rules the database sorts: ICU_RULES = {}",
             token->text);
}

std::string DatabaseEntrySql(const archive::TocEntry& entry, std::string_view name,
                             bool standard_strings) {
  if (entry.kind == "DATABASE" || !entry.definition) return "";
  std::string sql;
  bool behind_word = false;  // DATABASE: the name follows
  for (const SqlToken& token : SplitSql(*entry.definition, standard_strings)) {
    if (behind_word && token.is_name()) {
      sql += QuoteIdentifier(name);
      behind_word = false;
      continue;
    }
    if (token.kind != SqlToken::Kind::kBlank) behind_word = token.is("DATABASE");
    sql += token.text;
  }
  return sql;
}

Status RemakeDatabase(const TargetDatabase& target, bool drop, const std::string& create_sql,
                      const postgres::ConnectOptions& connect) {
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<postgres::Connection> connection,
                       ConnectElsewhere(target.params, target.name, connect));
  PGK_TRY(
      connection->Execute("SET default_transaction_read_only = off; SET statement_timeout = 0; "
                          "SET lock_timeout = 0"));
  if (drop) {
    const Status dropped = connection->Execute("DROP DATABASE " + QuoteIdentifier(target.name));
    if (!dropped.ok() && dropped.error().sqlstate() == kSqlStateInUse) {
      return Err(ErrorCode::kBusy, "database '{}' cannot be dropped: {}", target.name,
                 dropped.error().message())
          .WithHint("end the sessions that use it, then try again");
    }
    PGK_TRY_CONTEXT("dropping the database", dropped);
  }
  const Status made = connection->Execute(create_sql);
  if (made.ok()) return Ok();
  Error error = Error(made.error()).WithContext("making the database");
  if (!drop) return error;
  return std::move(error)
      .Attach(Err(ErrorCode::kNotFound, "database '{}' was dropped before", target.name))
      .WithHint("mend this, then run the restore again with --create");
}

}  // namespace pgkeep::restore

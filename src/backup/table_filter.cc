#include "backup/table_filter.h"

#include <fmt/core.h>

#include <string_view>

#include "backup/name_pattern.h"
#include "postgres/quote.h"

namespace pgkeep::backup {
namespace {

using postgres::Connection;
using postgres::QueryResult;
using postgres::QuoteLiteral;

std::string Matches(std::string_view column, const std::string& regex) {
  return fmt::format("{} OPERATOR(pg_catalog.~) {} COLLATE pg_catalog.default", column,
                     QuoteLiteral(regex));
}

// OIDs of the relations that a pattern without a schema means: those that the user would reach
// without one.
Result<std::string> VisibleOids(Connection& connection, const std::string& regex) {
  PGK_TRY(connection.Execute("RESET search_path"));
  const Result<QueryResult> found = connection.Query(
      fmt::format("SELECT coalesce(pg_catalog.string_agg(c.oid::pg_catalog.text, ','), '0')"
                  " FROM pg_catalog.pg_class c"
                  " WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{{r,p}}'::pg_catalog.\"char\"[])"
                  " AND {} AND pg_catalog.pg_table_is_visible(c.oid)",
                  Matches("c.relname", regex)));
  PGK_TRY(connection.Query("SELECT pg_catalog.set_config('search_path', '', false)"));
  if (!found.ok()) return Error(found.error());
  PGK_ASSIGN_OR_RETURN(const std::string_view oids, found->Text(0, 0));
  return std::string(oids);
}

Result<std::string> AnyTable(Connection& connection, const std::vector<std::string>& patterns) {
  std::string condition;
  for (const std::string& pattern : patterns) {
    PGK_ASSIGN_OR_RETURN(const PatternRegex regex, ParseTablePattern(pattern));
    if (!condition.empty()) condition += " OR ";
    if (regex.schema) {
      condition += fmt::format("({} AND {})", Matches("n.nspname", *regex.schema),
                               Matches("c.relname", regex.name));
    } else {
      PGK_ASSIGN_OR_RETURN(const std::string oids, VisibleOids(connection, regex.name));
      condition += fmt::format("c.oid IN ({})", oids);
    }
  }
  return "(" + condition + ")";
}

Result<std::string> AnySchema(const std::vector<std::string>& patterns) {
  std::string condition;
  for (const std::string& pattern : patterns) {
    PGK_ASSIGN_OR_RETURN(const std::string regex, ParseSchemaPattern(pattern));
    if (!condition.empty()) condition += " OR ";
    condition += Matches("n.nspname", regex);
  }
  return "(" + condition + ")";
}

}  // namespace

std::vector<std::string> DumpArguments(const TableFilter& filter) {
  std::vector<std::string> arguments;
  const auto add = [&arguments](std::string_view option, const std::vector<std::string>& patterns) {
    // In one word, so that a pattern that begins with '-' stays a pattern.
    for (const std::string& pattern : patterns) {
      arguments.push_back(fmt::format("--{}={}", option, pattern));
    }
  };
  add("schema", filter.schemas);
  add("exclude-schema", filter.exclude_schemas);
  add("table", filter.tables);
  add("exclude-table", filter.exclude_tables);
  add("exclude-table-data", filter.exclude_table_data);
  return arguments;
}

Result<std::string> TableCondition(Connection& connection, const TableFilter& filter) {
  std::string condition = "true";
  // pg_dump -t makes -n and -N mean nothing.
  if (!filter.tables.empty()) {
    PGK_ASSIGN_OR_RETURN(const std::string tables, AnyTable(connection, filter.tables));
    condition += " AND " + tables;
  } else {
    if (!filter.schemas.empty()) {
      PGK_ASSIGN_OR_RETURN(const std::string schemas, AnySchema(filter.schemas));
      condition += " AND " + schemas;
    }
    if (!filter.exclude_schemas.empty()) {
      PGK_ASSIGN_OR_RETURN(const std::string schemas, AnySchema(filter.exclude_schemas));
      condition += " AND NOT " + schemas;
    }
  }
  for (const auto* patterns : {&filter.exclude_tables, &filter.exclude_table_data}) {
    if (patterns->empty()) continue;
    PGK_ASSIGN_OR_RETURN(const std::string tables, AnyTable(connection, *patterns));
    condition += " AND NOT " + tables;
  }
  return condition;
}

}  // namespace pgkeep::backup

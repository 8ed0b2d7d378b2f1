#include "restore/made_relations.h"

#include <fmt/core.h>

#include <algorithm>

#include "archive/entry_kind.h"
#include "archive/sql_scanner.h"
#include "postgres/quote.h"
#include "restore/pg_restore_messages.h"

namespace pgkeep::restore {
namespace {

using archive::EntryKind;
using archive::KindOf;
using archive::TocEntry;
using postgres::Connection;
using postgres::QueryResult;

// FirstNormalObjectId: relations below were there when the cluster was made.
constexpr std::string_view kBeforeSql = R"sql(
SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND n.nspname !~ '^pg_(toast|temp)'
)sql";

// A heap without a page has no rows; of others, only looking tells.
constexpr std::string_view kAfterSql = R"sql(
SELECT n.nspname, c.relname, c.relkind, e.oid IS NOT NULL,
  coalesce(e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)], ''),
  c.relkind = 'r' AND (coalesce(a.amname, '') <> 'heap'
                       OR coalesce(pg_catalog.pg_relation_size(c.oid), 1) > 0)
FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_am AS a ON a.oid = c.relam
  LEFT JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
    AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
  LEFT JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
WHERE c.oid >= 16384 AND n.nspname !~ '^pg_(toast|temp)'
)sql";

RelationName NameIn(std::string_view schema, std::string_view name) {
  return {std::string(schema), std::string(name)};
}

// The table that COPY names: another one for a partition that is loaded through its root.
RelationName TableOfCopy(const TableLoad& table) {
  archive::SqlScanner scanner(table.copy_statement);
  scanner.Skip("COPY ");
  const auto into = scanner.Qualified();
  if (!into) return {table.schema, table.name};
  return NameIn(into->schema, into->name);
}

// Whether pg_restore says that the statement which makes an entry has failed.
bool HasFailed(const TocEntry& entry, const std::vector<std::string>& errors) {
  const std::string statement = PgRestoreMessages::CommandOf(entry.definition.value_or(""));
  return !statement.empty() && std::ranges::any_of(errors, [&](const std::string& error) {
    return error.find(statement) != std::string::npos;
  });
}

}  // namespace

Result<MadeRelations> MadeRelations::Before(Connection& connection) {
  PGK_ASSIGN_OR_RETURN(const QueryResult result, connection.Query(kBeforeSql));
  MadeRelations made;
  for (size_t row = 0; row < result.rows(); ++row) {
    PGK_ASSIGN_OR_RETURN(const std::string_view schema, result.Text(row, 0));
    PGK_ASSIGN_OR_RETURN(const std::string_view name, result.Text(row, 1));
    made.before_.insert(NameIn(schema, name));
  }
  return made;
}

Status MadeRelations::ReadAfter(Connection& connection) {
  PGK_ASSIGN_OR_RETURN(const QueryResult result, connection.Query(kAfterSql));
  for (size_t row = 0; row < result.rows(); ++row) {
    PGK_ASSIGN_OR_RETURN(const std::string_view schema, result.Text(row, 0));
    PGK_ASSIGN_OR_RETURN(const std::string_view name, result.Text(row, 1));
    Relation& relation = after_[NameIn(schema, name)];
    PGK_ASSIGN_OR_RETURN(relation.kind, result.Text(row, 2));
    PGK_ASSIGN_OR_RETURN(relation.extension, result.Bool(row, 3));
    PGK_ASSIGN_OR_RETURN(relation.condition, result.Text(row, 4));
    PGK_ASSIGN_OR_RETURN(relation.may_have_rows, result.Bool(row, 5));
  }
  return Ok();
}

void MadeRelations::LookForRows(Connection& connection, const RelationName& name,
                                Relation& relation) {
  if (!relation.may_have_rows || (relation.extension && !before_.contains(name))) return;
  const Result<bool> rows =
      QueryBool(connection,
                fmt::format("SELECT EXISTS (SELECT FROM ONLY {} {})",
                            postgres::QuoteQualified(name.first, name.second), relation.condition));
  if (!rows.ok()) {
    relation.why_not = "it cannot be told whether it is empty: " + rows.error().ToString();
  } else if (*rows) {
    relation.why_not = "it has rows already";
  }
}

Status MadeRelations::After(Connection& connection, const RestoreSet& set,
                            const std::vector<std::string>& errors) {
  PGK_TRY(ReadAfter(connection));
  for (const TocEntry& entry : set.toc.entries) {
    if (KindOf(entry) != EntryKind::kTable || errors.empty()) continue;
    if (HasFailed(entry, errors)) not_made_.insert(NameIn(entry.schema.value_or(""), entry.tag));
  }
  for (const TableLoad& table : set.tables) {
    const auto found = after_.find({table.schema, table.name});
    if (found != after_.end()) LookForRows(connection, found->first, found->second);
  }
  if (connection.usable()) return Ok();
  return Err(ErrorCode::kUnavailable, "the connection ended while the new tables were looked at")
      .WithHint("look at the server's log, then try again");
}

std::string MadeRelations::WhyNotUse(const RelationName& name, std::string_view kind) const {
  const auto found = after_.find(name);
  if (found == after_.end()) return "it could not be made";
  if (found->second.kind != kind) return "what has its name is of another kind";
  if (found->second.extension) return found->second.why_not;
  if (before_.contains(name)) return "it was there before this restore";
  if (not_made_.contains(name)) return "it could not be made, and somebody else made another one";
  return found->second.why_not;
}

std::string MadeRelations::WhyNotLoad(const TableLoad& table) const {
  const RelationName own{table.schema, table.name};
  std::string why = WhyNotUse(own, "r");
  const RelationName into = TableOfCopy(table);
  if (why.empty() && into != own) {
    why = WhyNotUse(into, "p");
    if (!why.empty()) {
      why = fmt::format("its rows go through {}.{}: {}", into.first, into.second, why);
    }
  }
  return why;
}

std::string MadeRelations::WhyNotSet(const archive::SequenceValue& sequence) const {
  return WhyNotUse({sequence.schema, sequence.name}, "S");
}

}  // namespace pgkeep::restore

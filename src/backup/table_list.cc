#include "backup/table_list.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "postgres/quote.h"

namespace pgkeep::backup {
namespace {

using postgres::Connection;
using postgres::QueryResult;

// Columns and sizes are asked for in portions, so that the answers of a large database do not fill
// the memory.
constexpr size_t kTablesPerQuery = 1'000;
// How many names a message has.
constexpr size_t kNamesInMessage = 5;
// A filter is kept in the attributes of a stream.
constexpr size_t kConditionBytesMax = 100'000;

// Members of extensions are left out, as in pg_dump, unless they are configuration tables.
constexpr std::string_view kListSql =
    "WITH config AS ("
    " SELECT f.oid AS oid, f.condition AS condition FROM pg_catalog.pg_extension e,"
    " ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition))"
    " AS f (oid, condition))"
    "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relfilenode, coalesce(a.amname, ''),"
    " coalesce(f.condition, ''),"
    " coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
    " AND pg_catalog.has_table_privilege(c.oid, 'SELECT'), true),"
    " c.relkind = 'r' AND coalesce(pg_catalog.row_security_active(c.oid), false)"
    " FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam"
    " LEFT JOIN config f ON f.oid = c.oid"
    " WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'"
    " AND (f.oid IS NOT NULL"
    "  OR n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    "  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d"
    "   WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid"
    "   AND d.objsubid = 0 AND d.deptype = 'e'))"
    " AND {}"
    " ORDER BY c.oid";

// A standby cannot read unlogged tables, and pg_dump leaves their data out there.
constexpr std::string_view kNotOnStandby =
    "(c.relpersistence <> 'u' OR NOT pg_catalog.pg_is_in_recovery())";

constexpr std::string_view kColumnsSql =
    "SELECT attrelid, attname, attgenerated <> '' FROM pg_catalog.pg_attribute"
    " WHERE attrelid = ANY ($1::pg_catalog.oid[]) AND attnum > 0 AND NOT attisdropped"
    " ORDER BY attrelid, attnum";

// Rows are asked for by name. pg_identify_object_as_address() looks at the catalog of now, so that
// a table or column that was renamed, moved or exchanged since the snapshot shows: its OID or
// number has another name. It fails, or says nothing, when it is gone.
constexpr std::string_view kOtherNamesSql =
    "SELECT DISTINCT c.oid FROM pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_catalog.pg_attribute a"
    " ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " WHERE c.oid = ANY ($1::pg_catalog.oid[])"
    " AND (pg_catalog.pg_identify_object_as_address("
    "  'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, coalesce(a.attnum, 0)::pg_catalog.int4)"
    ").object_names IS DISTINCT FROM"
    " pg_catalog.array_remove(ARRAY[n.nspname::pg_catalog.text, c.relname::pg_catalog.text,"
    " a.attname::pg_catalog.text], NULL)";

constexpr std::string_view kFilesSql =
    "SELECT oid, relkind IN ('r') AND pg_catalog.pg_relation_filenode(oid) IS DISTINCT FROM"
    " relfilenode,"
    " CASE WHEN relkind = 'r' THEN pg_catalog.pg_relation_size(oid)"
    "  / pg_catalog.current_setting('block_size')::pg_catalog.int8 ELSE 0 END,"
    " CASE WHEN relkind = 'r' THEN pg_catalog.pg_table_size(oid) ELSE 0 END"
    " FROM pg_catalog.pg_class WHERE oid = ANY ($1::pg_catalog.oid[])";

// A few names for a message.
class NameSample {
 public:
  void Add(const TableInfo& table) {
    if (++count_ <= kNamesInMessage) {
      if (!names_.empty()) names_ += ", ";
      names_ += QualifiedName(table);
    }
  }
  size_t count() const { return count_; }
  std::string Text() const {
    return count_ <= kNamesInMessage
               ? names_
               : fmt::format("{} and {} more", names_, count_ - kNamesInMessage);
  }

 private:
  size_t count_ = 0;
  std::string names_;
};

Result<TableInfo> ReadTable(const QueryResult& rows, size_t row) {
  TableInfo table;
  PGK_ASSIGN_OR_RETURN(table.oid, rows.Oid(row, 0));
  PGK_ASSIGN_OR_RETURN(table.schema, rows.Text(row, 1));
  PGK_ASSIGN_OR_RETURN(table.name, rows.Text(row, 2));
  PGK_ASSIGN_OR_RETURN(const std::string_view kind, rows.Text(row, 3));
  table.kind = kind.empty() ? 'r' : kind.front();
  PGK_ASSIGN_OR_RETURN(table.file_node, rows.Oid(row, 4));
  PGK_ASSIGN_OR_RETURN(table.access_method, rows.Text(row, 5));
  PGK_ASSIGN_OR_RETURN(table.condition, rows.Text(row, 6));
  if (table.condition.size() > kConditionBytesMax) {
    return Err(ErrorCode::kUnsupported, "the extension's filter of table {} has {} bytes",
               QualifiedName(table), table.condition.size());
  }
  return table;
}

Status Refuse(const NameSample& unreadable, const NameSample& hidden, std::string_view user) {
  if (unreadable.count() > 0) {
    return Err(ErrorCode::kPermission, "the role {} may not read {} of the tables: {}", user,
               unreadable.count(), unreadable.Text())
        .WithHint(
            "grant it pg_read_all_data (or SELECT on the tables and USAGE on their schemas), or "
            "leave them out with exclude_tables");
  }
  if (hidden.count() > 0) {
    return Err(ErrorCode::kPermission, "row security hides rows from the role {}: {}", user,
               hidden.Text())
        .WithHint("give the role BYPASSRLS; a backup of only the rows that it sees is none");
  }
  return Ok();
}

using TablesByOid = std::unordered_map<uint32_t, TableInfo*>;

Result<TableInfo*> Find(const TablesByOid& tables, const QueryResult& rows, size_t row) {
  PGK_ASSIGN_OR_RETURN(const uint32_t oid, rows.Oid(row, 0));
  const auto found = tables.find(oid);
  if (found != tables.end()) return found->second;
  return Err(ErrorCode::kProtocol, "the server answered for a table that was not asked for");
}

Status ReadColumns(Connection& leader, const TablesByOid& tables, const std::string& oids) {
  PGK_ASSIGN_OR_RETURN(const QueryResult rows, leader.Query(kColumnsSql, {oids}));
  for (size_t row = 0; row < rows.rows(); ++row) {
    PGK_ASSIGN_OR_RETURN(TableInfo * table, Find(tables, rows, row));
    PGK_ASSIGN_OR_RETURN(const std::string_view name, rows.Text(row, 1));
    PGK_ASSIGN_OR_RETURN(const bool generated, rows.Bool(row, 2));
    (generated ? table->generated_columns : table->columns).emplace_back(name);
  }
  return Ok();
}

Status CompareNames(Connection& leader, std::span<const TableInfo> tables) {
  PGK_ASSIGN_OR_RETURN(const QueryResult rows, leader.Query(kOtherNamesSql, {OidArray(tables)}));
  if (rows.rows() == 0) return Ok();
  PGK_ASSIGN_OR_RETURN(const uint32_t oid, rows.Oid(0, 0));
  const auto table = std::ranges::find(tables, oid, &TableInfo::oid);
  return Err(ErrorCode::kConflict,
             "table {} was renamed, moved or lost a column since its snapshot was taken",
             table == tables.end() ? std::to_string(oid) : QualifiedName(*table));
}

Status ReadFiles(Connection& leader, const TablesByOid& tables, const std::string& oids) {
  PGK_ASSIGN_OR_RETURN(const QueryResult rows, leader.Query(kFilesSql, {oids}));
  PGK_TRY(rows.ExpectRows(tables.size()));
  for (size_t row = 0; row < rows.rows(); ++row) {
    PGK_ASSIGN_OR_RETURN(TableInfo * table, Find(tables, rows, row));
    PGK_ASSIGN_OR_RETURN(const bool replaced, rows.Bool(row, 1));
    if (replaced) {
      return Err(ErrorCode::kConflict, "table {} was truncated or rewritten while the backup began",
                 QualifiedName(*table));
    }
    PGK_ASSIGN_OR_RETURN(table->blocks, rows.UInt64(row, 2));
    PGK_ASSIGN_OR_RETURN(table->bytes, rows.UInt64(row, 3));
  }
  return Ok();
}

}  // namespace

std::string QualifiedName(const TableInfo& table) {
  return postgres::QuoteQualified(table.schema, table.name);
}

std::string OidArray(std::span<const TableInfo> tables) {
  std::string text = "{";
  for (const TableInfo& table : tables) {
    if (text.size() > 1) text += ',';
    text += std::to_string(table.oid);
  }
  return text + "}";
}

Result<std::vector<TableInfo>> ListTables(Connection& leader, const TableFilter& filter) {
  PGK_ASSIGN_OR_RETURN(std::string condition, TableCondition(leader, filter));
  condition += fmt::format(" AND {}", kNotOnStandby);
  PGK_ASSIGN_OR_RETURN(const QueryResult rows,
                       leader.Query(fmt::format(fmt::runtime(kListSql), condition)));
  std::vector<TableInfo> tables;
  NameSample unreadable;
  NameSample hidden;
  for (size_t row = 0; row < rows.rows(); ++row) {
    PGK_ASSIGN_OR_RETURN(TableInfo table, ReadTable(rows, row));
    PGK_ASSIGN_OR_RETURN(const bool readable, rows.Bool(row, 7));
    PGK_ASSIGN_OR_RETURN(const bool filtered, rows.Bool(row, 8));
    if (!readable) unreadable.Add(table);
    if (readable && filtered) hidden.Add(table);
    tables.push_back(std::move(table));
  }
  PGK_ASSIGN_OR_RETURN(const std::string user, QueryText(leader, "SELECT current_user"));
  PGK_TRY(Refuse(unreadable, hidden, user));
  return tables;
}

Status DescribeLockedTables(Connection& leader, std::span<TableInfo> tables) {
  while (!tables.empty()) {
    const std::span<TableInfo> portion = tables.first(std::min(tables.size(), kTablesPerQuery));
    tables = tables.subspan(portion.size());
    const std::string oids = OidArray(portion);
    TablesByOid by_oid;
    for (TableInfo& table : portion) by_oid.emplace(table.oid, &table);
    PGK_TRY(ReadFiles(leader, by_oid, oids));
    PGK_TRY(CompareNames(leader, portion));
    PGK_TRY(ReadColumns(leader, by_oid, oids));
  }
  return Ok();
}

Status ConfirmNames(Connection& leader, std::span<const TableInfo> tables) {
  while (!tables.empty()) {
    const auto portion = tables.first(std::min(tables.size(), kTablesPerQuery));
    tables = tables.subspan(portion.size());
    PGK_TRY(CompareNames(leader, portion));
  }
  return Ok();
}

Result<TableInfo> DescribeLargeObjects(Connection& leader) {
  PGK_ASSIGN_OR_RETURN(
      const QueryResult row,
      leader.Query("SELECT oid, pg_catalog.pg_relation_size(oid)"
                   " / pg_catalog.current_setting('block_size')::pg_catalog.int8,"
                   " pg_catalog.pg_table_size(oid) FROM pg_catalog.pg_class"
                   " WHERE oid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass"));
  PGK_TRY(row.ExpectRows(1));
  TableInfo table;
  table.schema = "pg_catalog";
  table.name = "pg_largeobject";
  table.access_method = "heap";
  table.columns = {"loid", "pageno", "data"};
  PGK_ASSIGN_OR_RETURN(table.oid, row.Oid(0, 0));
  PGK_ASSIGN_OR_RETURN(table.blocks, row.UInt64(0, 1));
  PGK_ASSIGN_OR_RETURN(table.bytes, row.UInt64(0, 2));
  return table;
}

Result<bool> MayReadLargeObjectTable(Connection& connection) {
  return QueryBool(connection,
                   "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_largeobject', 'SELECT')");
}

}  // namespace pgkeep::backup

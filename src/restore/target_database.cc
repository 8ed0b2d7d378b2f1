#include "restore/target_database.h"

#include <fmt/core.h>

#include <utility>

#include "base/file.h"
#include "postgres/pooler.h"
#include "postgres/session_settings.h"
#include "restore/half_restored.h"

namespace pgkeep::restore {
namespace {

using postgres::Connection;
using postgres::QueryResult;

// FirstNormalObjectId: objects below were there when the cluster was made.
constexpr std::string_view kIsEmptySql = R"sql(
SELECT NOT EXISTS (
  SELECT FROM (
    SELECT 'pg_class'::pg_catalog.regclass AS classid, c.oid FROM pg_catalog.pg_class AS c
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname !~ '^pg_(toast|temp)' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL SELECT 'pg_proc'::pg_catalog.regclass, oid FROM pg_catalog.pg_proc
    UNION ALL SELECT 'pg_type'::pg_catalog.regclass, t.oid FROM pg_catalog.pg_type AS t
      JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
      WHERE n.nspname !~ '^pg_(toast|temp)'
    UNION ALL SELECT 'pg_namespace'::pg_catalog.regclass, oid FROM pg_catalog.pg_namespace
      WHERE nspname !~ '^pg_(toast|temp)'
    UNION ALL SELECT 'pg_operator'::pg_catalog.regclass, oid FROM pg_catalog.pg_operator
    UNION ALL SELECT 'pg_collation'::pg_catalog.regclass, oid FROM pg_catalog.pg_collation
    UNION ALL SELECT 'pg_foreign_server'::pg_catalog.regclass, oid
      FROM pg_catalog.pg_foreign_server
    UNION ALL SELECT 'pg_event_trigger'::pg_catalog.regclass, oid FROM pg_catalog.pg_event_trigger
    UNION ALL SELECT 'pg_publication'::pg_catalog.regclass, oid FROM pg_catalog.pg_publication
    UNION ALL SELECT 'pg_largeobject'::pg_catalog.regclass, oid
      FROM pg_catalog.pg_largeobject_metadata
  ) AS o
  WHERE o.oid >= 16384 AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend AS d
    WHERE d.classid = o.classid AND d.objid = o.oid AND d.deptype IN ('e', 'i')))
)sql";

constexpr std::string_view kObjectsSql = R"sql(
SELECT 'schema', '', nspname::text FROM pg_catalog.pg_namespace
UNION ALL SELECT 'relation', n.nspname, c.relname FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_'
UNION ALL SELECT 'type', n.nspname, t.typname FROM pg_catalog.pg_type AS t
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace WHERE n.nspname !~ '^pg_'
UNION ALL SELECT 'function', '', pg_catalog.format('%I.%I(%s)', n.nspname, p.proname,
    pg_catalog.pg_get_function_identity_arguments(p.oid)) FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname !~ '^pg_'
UNION ALL SELECT 'extension', '', extname FROM pg_catalog.pg_extension
UNION ALL SELECT 'collation', n.nspname, c.collname FROM pg_catalog.pg_collation AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.collnamespace WHERE n.nspname !~ '^pg_'
UNION ALL SELECT 'statistics', n.nspname, s.stxname FROM pg_catalog.pg_statistic_ext AS s
  JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace WHERE n.nspname !~ '^pg_'
UNION ALL SELECT 'server', '', srvname FROM pg_catalog.pg_foreign_server
UNION ALL SELECT 'wrapper', '', fdwname FROM pg_catalog.pg_foreign_data_wrapper
UNION ALL SELECT 'access method', '', amname FROM pg_catalog.pg_am
)sql";

constexpr std::string_view kOthersSql = R"sql(
SELECT pg_catalog.format('%s (process %s%s%s)', coalesce(usename, '?'), pid,
    CASE WHEN application_name <> '' THEN ', ' || application_name ELSE '' END,
    CASE WHEN client_addr IS NOT NULL THEN ' from ' || pg_catalog.host(client_addr) ELSE '' END)
FROM pg_catalog.pg_stat_activity
WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
  AND backend_type = 'client backend'
ORDER BY backend_start
)sql";

Result<std::set<std::string>> QueryNames(Connection& connection, std::string_view sql) {
  PGK_ASSIGN_OR_RETURN(const QueryResult result, connection.Query(sql));
  std::set<std::string> names;
  for (size_t row = 0; row < result.rows(); ++row) {
    PGK_ASSIGN_OR_RETURN(const std::string_view name, result.Text(row, 0));
    names.emplace(name);
  }
  return names;
}

Status LookAtCluster(Connection& connection, TargetDatabase& target) {
  PGK_ASSIGN_OR_RETURN(target.roles,
                       QueryNames(connection, "SELECT rolname FROM pg_catalog.pg_roles"));
  PGK_ASSIGN_OR_RETURN(target.tablespaces,
                       QueryNames(connection, "SELECT spcname FROM pg_catalog.pg_tablespace"));
  PGK_ASSIGN_OR_RETURN(
      target.extensions,
      QueryNames(connection, "SELECT name FROM pg_catalog.pg_available_extensions"));
  PGK_ASSIGN_OR_RETURN(
      const std::set<std::string> collations,
      QueryNames(
          connection,
          "SELECT collcollate FROM pg_catalog.pg_collation WHERE collprovider = 'c' AND "
          "collcollate IS NOT NULL UNION SELECT datcollate FROM pg_catalog.pg_database UNION "
          "SELECT datctype FROM pg_catalog.pg_database"));
  for (const std::string& name : collations) target.collations.insert(NormalLocale(name));
  PGK_ASSIGN_OR_RETURN(target.may_create_databases,
                       QueryBool(connection,
                                 "SELECT rolsuper OR rolcreatedb FROM pg_catalog.pg_roles WHERE "
                                 "rolname = current_user"));
  PGK_ASSIGN_OR_RETURN(target.wal_level,
                       QueryText(connection, "SELECT pg_catalog.current_setting('wal_level')"));
  return Ok();
}

void LookForSpace(TargetDatabase& target) {
  FileSystem& files = PosixFileSystem();
  if (!postgres::DataDirectoryIsHere(files, target.server)) return;
  const Result<SpaceInfo> space = files.Space(*target.server.data_directory);
  if (space.ok()) target.free_bytes = space->available;
}

Status LookInside(Connection& connection, bool list_objects, TargetDatabase& target) {
  PGK_ASSIGN_OR_RETURN(target.empty, QueryBool(connection, kIsEmptySql));
  PGK_ASSIGN_OR_RETURN(
      const QueryResult facts,
      connection.Query("SELECT pg_catalog.pg_database_size(oid), datistemplate, "
                       "coalesce(pg_catalog.shobj_description(oid, "
                       "'pg_database'), '') FROM pg_catalog.pg_database WHERE datname = "
                       "pg_catalog.current_database()"));
  PGK_TRY(facts.ExpectRows(1));
  PGK_ASSIGN_OR_RETURN(target.bytes, facts.UInt64(0, 0));
  PGK_ASSIGN_OR_RETURN(target.is_template, facts.Bool(0, 1));
  PGK_ASSIGN_OR_RETURN(const std::string_view comment, facts.Text(0, 2));
  target.half_restored = ReadHalfRestoredMark(comment).value_or("");
  PGK_ASSIGN_OR_RETURN(const QueryResult others, connection.Query(kOthersSql));
  for (size_t row = 0; row < others.rows(); ++row) {
    PGK_ASSIGN_OR_RETURN(const std::string_view who, others.Text(row, 0));
    target.others.emplace_back(who);
  }
  if (!list_objects) return Ok();
  PGK_ASSIGN_OR_RETURN(const QueryResult objects, connection.Query(kObjectsSql));
  for (size_t row = 0; row < objects.rows(); ++row) {
    ObjectName object;
    PGK_ASSIGN_OR_RETURN(object.what, objects.Text(row, 0));
    PGK_ASSIGN_OR_RETURN(object.schema, objects.Text(row, 1));
    PGK_ASSIGN_OR_RETURN(object.name, objects.Text(row, 2));
    target.objects.insert(std::move(object));
  }
  return Ok();
}

}  // namespace

Result<std::unique_ptr<Connection>> ConnectElsewhere(const postgres::ConnectionParams& params,
                                                     const std::string& not_this,
                                                     const postgres::ConnectOptions& connect) {
  std::optional<Error> first;
  for (const char* database : {"postgres", "template1"}) {
    if (database == not_this) continue;
    auto connection = Connection::Open(params.WithDatabase(database), connect);
    if (connection.ok()) return connection;
    if (!first) first = std::move(connection).error();
  }
  return *std::move(first);
}

std::string NormalLocale(std::string_view locale) {
  std::string normal;
  bool codeset = false;
  for (const char c : locale) {
    if (c == '.') codeset = true;
    if (c == '@') codeset = false;
    if (codeset && c == '-') continue;
    normal.push_back(codeset && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return normal;
}

Result<TargetDatabase> LookAtTarget(const postgres::ConnectionParams& params,
                                    const std::string& encoding, bool list_objects,
                                    const postgres::ConnectOptions& connect) {
  TargetDatabase target;
  target.name = params.Get("dbname");
  auto inside = Connection::Open(params, connect);
  if (!inside.ok() && (inside.error().code() != ErrorCode::kNotFound || target.name.empty())) {
    return std::move(inside).error();
  }
  target.exists = inside.ok();
  if (target.exists) {
    Connection& connection = **inside;
    target.params = connection.EffectiveParams();
    PGK_TRY(postgres::RefuseTransactionPooling(connection, target.params, connect));
    PGK_TRY(postgres::ApplyBackupSettings(connection));
    PGK_ASSIGN_OR_RETURN(target.server, postgres::ReadServerInfo(connection));
    target.name = target.server.database;
    // Names of the cluster have no encoding of their own: they are compared byte by byte.
    PGK_TRY(LookAtCluster(connection, target));
    PGK_TRY(postgres::ApplyRestoreSettings(connection, encoding));
    PGK_TRY(LookInside(connection, list_objects, target));
    LookForSpace(target);
    return target;
  }
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> elsewhere,
                       ConnectElsewhere(params, target.name, connect));
  target.params = elsewhere->EffectiveParams().WithDatabase(target.name);
  PGK_TRY(postgres::RefuseTransactionPooling(*elsewhere, elsewhere->EffectiveParams(), connect));
  PGK_TRY(postgres::ApplyBackupSettings(*elsewhere));
  PGK_ASSIGN_OR_RETURN(target.server, postgres::ReadServerInfo(*elsewhere));
  PGK_TRY(LookAtCluster(*elsewhere, target));
  LookForSpace(target);
  return target;
}

}  // namespace pgkeep::restore

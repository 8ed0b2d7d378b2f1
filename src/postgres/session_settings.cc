#include "postgres/session_settings.h"

#include <fmt/core.h>

#include <string>

#include "postgres/quote.h"

namespace pgkeep::postgres {
namespace {

// Until this has run, a name could find an object that a user of the database made.
constexpr std::string_view kSecureSearchPath =
    "SELECT pg_catalog.set_config('search_path', '', false);";

// Both sides: how values are written and read, and that nothing ends a session by the clock.
constexpr std::string_view kCommonSettings =
    "SET standard_conforming_strings = on;"
    "SET datestyle = 'ISO';"
    "SET intervalstyle = 'postgres';"
    "SET timezone = 'UTC';"
    "SET lc_monetary = 'C';"
    "SET bytea_output = 'hex';"
    "SET row_security = off;"
    "SET statement_timeout = 0;"
    "SET lock_timeout = 0;"
    "SET idle_in_transaction_session_timeout = 0;";

constexpr std::string_view kBackupSettings =
    "SET extra_float_digits = 3;"
    "SET quote_all_identifiers = off;"
    "SET synchronize_seqscans = off;"
    "SET jit = off;"
    "SET max_parallel_workers_per_gather = 0;"
    // CVE-2024-7348: only in servers that were mended.
    "SELECT pg_catalog.set_config(name, 'view, foreign-table', false)"
    " FROM pg_catalog.pg_settings WHERE name = 'restrict_nonsystem_relation_kind';";

constexpr std::string_view kRestoreSettings =
    "SET array_nulls = on;"
    "SET check_function_bodies = off;"
    "SET xmloption = content;"
    // A role or a database may have it on.
    "SET default_transaction_read_only = off;"
    "SET client_min_messages = warning;";

std::string CommonSql(int server_version, std::string_view encoding) {
  std::string sql = fmt::format("{}SET client_encoding = {};{}", kSecureSearchPath,
                                QuoteLiteral(encoding), kCommonSettings);
  if (server_version >= 140000) sql += "SET idle_session_timeout = 0;";
  if (server_version >= 170000) sql += "SET transaction_timeout = 0;";
  return sql;
}

Status Apply(Connection& connection, std::string_view encoding, std::string sql,
             std::string_view role) {
  // A rollback would take the settings back.
  if (connection.in_transaction()) {
    return Error(ErrorCode::kInvalidArgument, "settings are made before a transaction begins");
  }
  if (!role.empty()) sql += fmt::format("SET ROLE {};", QuoteIdentifier(role));
  PGK_TRY_CONTEXT("preparing a session", connection.Execute(sql));
  const std::string now = connection.ReportedParameter("client_encoding");
  if (now == encoding) return Ok();
  return Err(ErrorCode::kProtocol, "the session uses the encoding '{}' instead of '{}'", now,
             encoding)
      .WithHint("connect to the server itself, without a pooler in between");
}

}  // namespace

std::string BackupSettingsSql(int server_version, std::string_view encoding) {
  return CommonSql(server_version, encoding).append(kBackupSettings);
}

std::string RestoreSettingsSql(int server_version, std::string_view encoding) {
  return CommonSql(server_version, encoding).append(kRestoreSettings);
}

Status ApplyBackupSettings(Connection& connection, std::string_view role) {
  const std::string encoding = connection.ReportedParameter("server_encoding");
  return Apply(connection, encoding, BackupSettingsSql(connection.server_version(), encoding),
               role);
}

Status ApplyRestoreSettings(Connection& connection, std::string_view encoding,
                            std::string_view role) {
  return Apply(connection, encoding, RestoreSettingsSql(connection.server_version(), encoding),
               role);
}

}  // namespace pgkeep::postgres

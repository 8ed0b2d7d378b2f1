#include "postgres/server_info.h"

#include <array>
#include <limits>
#include <utility>

#include "base/endian.h"
#include "base/file_util.h"

namespace pgkeep::postgres {
namespace {

// Columns of pg_database that only some versions have are asked for by way of JSON. The cluster's
// data directory is not shown to everybody: then there is no row.
constexpr std::string_view kFactsSql = R"sql(
SELECT pg_catalog.current_setting('server_version_num') AS version_num,
       pg_catalog.current_setting('server_version') AS version,
       pg_catalog.current_setting('block_size') AS block_size,
       pg_catalog.pg_is_in_recovery() AS in_recovery,
       d.datname AS database,
       d.oid AS database_oid,
       pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
       d.datcollate AS collate,
       d.datctype AS ctype,
       coalesce(j.facts ->> 'datlocprovider', 'c') AS locale_provider,
       coalesce(j.facts ->> 'datlocale', j.facts ->> 'daticulocale', '') AS locale,
       coalesce(j.facts ->> 'datcollversion', '') AS collation_version,
       r.rolname AS user,
       r.rolsuper AS superuser,
       r.rolreplication AS replication,
       r.rolsuper OR EXISTS (
         SELECT FROM pg_catalog.pg_roles AS g
         WHERE g.rolname = 'pg_read_all_data' AND pg_catalog.pg_has_role(g.oid, 'USAGE')
       ) AS reads_all_data,
       pg_catalog.current_setting('max_locks_per_transaction')::int8 *
         (pg_catalog.current_setting('max_connections')::int8 +
          pg_catalog.current_setting('max_prepared_transactions')::int8) AS lock_capacity,
       pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
         AS sees_control,
       (SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'data_directory')
         AS data_directory
FROM pg_catalog.pg_database AS d
CROSS JOIN LATERAL (SELECT pg_catalog.to_jsonb(d) AS facts) AS j
JOIN pg_catalog.pg_roles AS r ON r.rolname = current_user
WHERE d.datname = pg_catalog.current_database())sql";

// Reads columns by name; remembers the first that is not as it should be.
class RowReader {
 public:
  explicit RowReader(const QueryResult& result) : result_(result) {}

  std::string Text(std::string_view name) { return std::string(Get(name, &QueryResult::Text)); }
  bool Bool(std::string_view name) { return Get(name, &QueryResult::Bool); }
  int64_t Int64(std::string_view name) { return Get(name, &QueryResult::Int64); }
  uint32_t Oid(std::string_view name) { return Get(name, &QueryResult::Oid); }
  int Int(std::string_view name) {
    const int64_t number = Int64(name);
    if (number >= 0 && number <= std::numeric_limits<int>::max()) return static_cast<int>(number);
    if (status_.ok()) status_ = Err(ErrorCode::kProtocol, "'{}' is {}", name, number);
    return 0;
  }
  std::optional<std::string> NullableText(std::string_view name) {
    const std::optional<std::string_view> text = Get(name, &QueryResult::NullableText);
    return text ? std::optional<std::string>(*text) : std::nullopt;
  }

  Status status() const { return status_; }

 private:
  template <class Value>
  Value Get(std::string_view name, Result<Value> (QueryResult::*get)(size_t, size_t) const) {
    const auto read = [&]() -> Result<Value> {
      PGK_ASSIGN_OR_RETURN(const size_t column, result_.ColumnNamed(name));
      return (result_.*get)(0, column);
    };
    Result<Value> value = read();
    if (value.ok()) return *value;
    if (status_.ok()) status_ = std::move(value).error();
    return Value{};
  }

  const QueryResult& result_;
  Status status_;
};

}  // namespace

Result<ServerInfo> ReadServerInfo(Connection& connection) {
  const int version = connection.server_version();
  if (version < kOldestServerVersion && connection.usable()) {
    return Err(ErrorCode::kUnsupportedVersion, "the server is PostgreSQL {}, older than {}",
               connection.ReportedParameter("server_version"), kOldestServerVersion / 10000)
        .WithHint("pgkeep backs up PostgreSQL 13 and newer; upgrade the server");
  }
  PGK_ASSIGN_OR_RETURN(const QueryResult result, connection.Query(kFactsSql));
  PGK_TRY(result.ExpectRows(1));
  RowReader row(result);
  ServerInfo info{.version_num = row.Int("version_num"),
                  .version = row.Text("version"),
                  .block_size = row.Int("block_size"),
                  .in_recovery = row.Bool("in_recovery"),
                  .database = row.Text("database"),
                  .database_oid = row.Oid("database_oid"),
                  .encoding = row.Text("encoding"),
                  .collate = row.Text("collate"),
                  .ctype = row.Text("ctype"),
                  .locale_provider = row.Text("locale_provider"),
                  .locale = row.Text("locale"),
                  .collation_version = row.Text("collation_version"),
                  .user = row.Text("user"),
                  .superuser = row.Bool("superuser"),
                  .replication = row.Bool("replication"),
                  .reads_all_data = row.Bool("reads_all_data"),
                  .lock_capacity = row.Int64("lock_capacity"),
                  .system_identifier = std::nullopt,
                  .data_directory = row.NullableText("data_directory")};
  const bool sees_control = row.Bool("sees_control");
  PGK_TRY(row.status());
  if (sees_control) {
    // A number without sign that SQL shows with one.
    PGK_ASSIGN_OR_RETURN(
        const int64_t identifier,
        QueryInt64(connection, "SELECT system_identifier FROM pg_catalog.pg_control_system()"));
    info.system_identifier = static_cast<uint64_t>(identifier);
  }
  return info;
}

bool DataDirectoryIsHere(FileSystem& files, const ServerInfo& info) {
  if (!info.data_directory || !info.system_identifier) return false;
  const Result<std::unique_ptr<File>> control =
      files.OpenRead(JoinPath(*info.data_directory, "global/pg_control"));
  if (!control.ok()) return false;
  // It begins with the system identifier, in the byte order of the server (ControlFileData in
  // catalog/pg_control.h). A server of the other order is not on this machine.
  std::array<uint8_t, sizeof(uint64_t)> begin{};
  const Result<size_t> read = (*control)->ReadAt(0, begin);
  if (!read.ok() || *read != begin.size()) return false;
  const uint64_t identifier =
      std::endian::native == std::endian::little ? LoadLe64(begin.data()) : LoadBe64(begin.data());
  return identifier == *info.system_identifier;
}

}  // namespace pgkeep::postgres

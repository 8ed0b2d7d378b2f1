// What the streams of a logical backup are called and what they say about themselves.
// docs/format/logical.md is the normative text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "logical/fingerprint.h"

namespace pgkeep::logical {

// What a stream holds. The values are bytes of the format.
enum class StreamKind : uint8_t {
  kContents = 1,  // pg_dump's header and table of contents
  kGlobals = 2,   // SQL of roles and tablespaces
  // Rows in COPY text form. By block: unit n has the rows of block n of the table. By size: units
  // of whole rows, about kRowsUnitBytes each, in the order in which the server returned them.
  kTableByBlock = 3,
  kTableBySize = 4,
  // Rows (loid, pageno, data) of pg_largeobject in the same two forms.
  kLargeObjectsByBlock = 5,
  kLargeObjectsBySize = 6,
};

// Where a unit of rows that are cut by size ends: after the first row with which it has so much.
inline constexpr size_t kRowsUnitBytes = 65'536;

// Unit size of streams that are plain bytes.
inline constexpr uint32_t kPlainUnitBytes = 65'536;

// Names of the streams that every database has at most one of.
inline constexpr std::string_view kContentsStream = "contents";
inline constexpr std::string_view kGlobalsStream = "globals";
inline constexpr std::string_view kLargeObjectsStream = "large objects";

// The name of a table's stream: "table", schema and name, with a zero byte between them, which no
// name in PostgreSQL can have. So no two tables, and no table and another stream, share a name.
std::string TableStreamName(std::string_view schema, std::string_view name);

// Schema and name of a table.
struct TableName {
  std::string schema;
  std::string name;

  friend auto operator<=>(const TableName&, const TableName&) = default;
};

// The inverse; nullopt for every other stream's name.
std::optional<TableName> ParseTableStreamName(std::string_view stream);

// What a stream of rows is made of: rows of another table or of other columns are never compared
// with it. Columns in the order of the rows, without generated ones; bytes in the database's
// encoding.
struct RowsIdentity {
  uint32_t oid = 0;
  std::vector<std::string> columns;

  friend bool operator==(const RowsIdentity&, const RowsIdentity&) = default;
};

// The bytes, and back: kCorruption, kUnsupportedVersion.
Bytes EncodeIdentity(const RowsIdentity& identity);
Result<RowsIdentity> DecodeIdentity(ByteSpan bytes);

// What is known of a stream of rows when it is whole.
struct RowsAttributes {
  std::string schema;
  std::string name;
  std::string access_method;  // "heap"
  // The filter of an extension's configuration table: which rows are here; "" for all.
  std::string condition;
  // Columns that are not here because the server computes them: not compared after a restore.
  std::vector<std::string> generated_columns;
  TableFingerprint fingerprint;

  friend bool operator==(const RowsAttributes&, const RowsAttributes&) = default;
};

// The bytes, and back: kCorruption, kUnsupportedVersion.
Bytes EncodeAttributes(const RowsAttributes& attributes);
Result<RowsAttributes> DecodeAttributes(ByteSpan bytes);

// What a database's sub-tree says about the database.
struct DatabaseAttributes {
  uint32_t oid = 0;
  std::string encoding;
  std::string collate;
  std::string ctype;
  std::string locale_provider;
  std::string locale;
  std::string collation_version;
  uint32_t server_version_num = 0;  // 150018
  std::string server_version;
  std::string dump_version;           // of pg_dump: "15.18 (Debian 15.18-0+deb12u1)"
  bool standby = false;               // read from a server in recovery
  bool roles_with_passwords = false;  // whether the globals have them
  Bytes fingerprint_key;              // kFingerprintKeyBytes
  uint64_t tables = 0;                // streams of tables
  uint64_t rows = 0;                  // in all of them
  uint64_t large_objects = 0;

  friend bool operator==(const DatabaseAttributes&, const DatabaseAttributes&) = default;
};

// The bytes, and back: kCorruption, kUnsupportedVersion.
Bytes EncodeDatabase(const DatabaseAttributes& attributes);
Result<DatabaseAttributes> DecodeDatabase(ByteSpan bytes);

// What the manifest says about the run.
struct RunAttributes {
  std::optional<uint64_t> system_identifier;
  // Databases that were wanted and are not here, and why.
  struct Missing {
    std::string database;
    std::string error_code;  // as error_codes.def names it
    std::string message;

    friend bool operator==(const Missing&, const Missing&) = default;
  };
  std::vector<Missing> missing;

  friend bool operator==(const RunAttributes&, const RunAttributes&) = default;
};

// The bytes, and back: kCorruption, kUnsupportedVersion.
Bytes EncodeRun(const RunAttributes& attributes);
Result<RunAttributes> DecodeRun(ByteSpan bytes);

}  // namespace pgkeep::logical

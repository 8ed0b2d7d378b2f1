#include "logical/stream_format.h"

#include <algorithm>
#include <utility>

#include "base/wire.h"

namespace pgkeep::logical {
namespace {

constexpr uint8_t kVersion = 1;
constexpr std::string_view kTablePrefix{"table\0", 6};

// Of texts and lists, before anything is allocated. PostgreSQL has at most 1,600 columns and names
// of 63 bytes, unless somebody built it otherwise.
constexpr size_t kTextBytesMax = 131'072;
constexpr size_t kColumnsMax = 16'384;
constexpr size_t kMissingMax = 65'536;

void PutText(ByteWriter& out, std::string_view text) { out.VarBytes(AsBytes(text)); }

void PutTexts(ByteWriter& out, const std::vector<std::string>& texts) {
  out.Varint(texts.size());
  for (const std::string& text : texts) PutText(out, text);
}

Result<std::string> TakeText(ByteReader& in, const char* what) {
  PGK_ASSIGN_OR_RETURN(const ByteSpan bytes, in.VarBytes(kTextBytesMax, what));
  return std::string(AsText(bytes));
}

Result<std::vector<std::string>> TakeTexts(ByteReader& in, const char* what) {
  PGK_ASSIGN_OR_RETURN(const uint64_t count, in.VarintMax(kColumnsMax, what));
  std::vector<std::string> texts;
  for (uint64_t i = 0; i < count; ++i) {
    PGK_ASSIGN_OR_RETURN(texts.emplace_back(), TakeText(in, what));
  }
  return texts;
}

Result<bool> TakeBool(ByteReader& in, const char* what) {
  PGK_ASSIGN_OR_RETURN(const uint8_t value, in.U8());
  if (value > 1) return Err(ErrorCode::kCorruption, "{} is neither yes nor no", what);
  return value == 1;
}

Status TakeVersion(ByteReader& in, const char* what) {
  PGK_ASSIGN_OR_RETURN(const uint8_t version, in.U8());
  if (version == kVersion) return Ok();
  return Err(ErrorCode::kUnsupportedVersion, "{} have the unknown version {}", what, version)
      .WithHint("this backup was written by a newer pgkeep: use that one");
}

void PutFingerprint(ByteWriter& out, const TableFingerprint& fingerprint) {
  out.Varint(fingerprint.rows);
  out.U64(fingerprint.sum.low);
  out.U64(fingerprint.sum.high);
}

Result<TableFingerprint> TakeFingerprint(ByteReader& in) {
  TableFingerprint fingerprint;
  PGK_ASSIGN_OR_RETURN(fingerprint.rows, in.Varint());
  PGK_ASSIGN_OR_RETURN(fingerprint.sum.low, in.U64());
  PGK_ASSIGN_OR_RETURN(fingerprint.sum.high, in.U64());
  return fingerprint;
}

Result<DatabaseAttributes> TakeDatabase(ByteReader& in) {
  DatabaseAttributes value;
  PGK_ASSIGN_OR_RETURN(value.oid, in.U32());
  for (std::string* text : {&value.encoding, &value.collate, &value.ctype, &value.locale_provider,
                            &value.locale, &value.collation_version}) {
    PGK_ASSIGN_OR_RETURN(*text, TakeText(in, "a locale of the database"));
  }
  PGK_ASSIGN_OR_RETURN(value.server_version_num, in.U32());
  PGK_ASSIGN_OR_RETURN(value.server_version, TakeText(in, "the server's version"));
  PGK_ASSIGN_OR_RETURN(value.dump_version, TakeText(in, "pg_dump's version"));
  PGK_ASSIGN_OR_RETURN(value.standby, TakeBool(in, "the standby flag"));
  PGK_ASSIGN_OR_RETURN(value.roles_with_passwords, TakeBool(in, "the password flag"));
  PGK_ASSIGN_OR_RETURN(const ByteSpan key, in.Raw(kFingerprintKeyBytes));
  value.fingerprint_key = ToBytes(key);
  PGK_ASSIGN_OR_RETURN(value.tables, in.Varint());
  PGK_ASSIGN_OR_RETURN(value.rows, in.Varint());
  PGK_ASSIGN_OR_RETURN(value.large_objects, in.Varint());
  return value;
}

}  // namespace

std::string TableStreamName(std::string_view schema, std::string_view name) {
  std::string stream(kTablePrefix);
  stream.append(schema);
  stream.push_back('\0');
  stream.append(name);
  return stream;
}

std::optional<TableName> ParseTableStreamName(std::string_view stream) {
  if (!stream.starts_with(kTablePrefix)) return std::nullopt;
  stream.remove_prefix(kTablePrefix.size());
  const size_t zero = stream.find('\0');
  if (zero == 0 || zero == std::string_view::npos || zero + 1 == stream.size()) return std::nullopt;
  const std::string_view name = stream.substr(zero + 1);
  if (name.find('\0') != std::string_view::npos) return std::nullopt;
  return TableName{std::string(stream.substr(0, zero)), std::string(name)};
}

Bytes EncodeIdentity(const RowsIdentity& identity) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.U8(kVersion);
  out.U32(identity.oid);
  PutTexts(out, identity.columns);
  return bytes;
}

Result<RowsIdentity> DecodeIdentity(ByteSpan bytes) {
  ByteReader in(bytes);
  PGK_TRY(TakeVersion(in, "columns of a table"));
  RowsIdentity identity;
  PGK_ASSIGN_OR_RETURN(identity.oid, in.U32());
  PGK_ASSIGN_OR_RETURN(identity.columns, TakeTexts(in, "a column"));
  PGK_TRY(in.ExpectEnd());
  return identity;
}

Bytes EncodeAttributes(const RowsAttributes& attributes) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.U8(kVersion);
  PutText(out, attributes.schema);
  PutText(out, attributes.name);
  PutText(out, attributes.access_method);
  PutText(out, attributes.condition);
  PutTexts(out, attributes.generated_columns);
  PutFingerprint(out, attributes.fingerprint);
  return bytes;
}

Result<RowsAttributes> DecodeAttributes(ByteSpan bytes) {
  ByteReader in(bytes);
  PGK_TRY(TakeVersion(in, "attributes of a table"));
  RowsAttributes value;
  PGK_ASSIGN_OR_RETURN(value.schema, TakeText(in, "a schema"));
  PGK_ASSIGN_OR_RETURN(value.name, TakeText(in, "a table's name"));
  PGK_ASSIGN_OR_RETURN(value.access_method, TakeText(in, "an access method"));
  PGK_ASSIGN_OR_RETURN(value.condition, TakeText(in, "an extension's filter"));
  PGK_ASSIGN_OR_RETURN(value.generated_columns, TakeTexts(in, "a generated column"));
  PGK_ASSIGN_OR_RETURN(value.fingerprint, TakeFingerprint(in));
  PGK_TRY(in.ExpectEnd());
  return value;
}

Bytes EncodeDatabase(const DatabaseAttributes& attributes) {
  PGK_CHECK(attributes.fingerprint_key.size() == kFingerprintKeyBytes, "the key has 16 bytes");
  Bytes bytes;
  ByteWriter out(bytes);
  out.U8(kVersion);
  out.U32(attributes.oid);
  for (const std::string* text :
       {&attributes.encoding, &attributes.collate, &attributes.ctype, &attributes.locale_provider,
        &attributes.locale, &attributes.collation_version}) {
    PutText(out, *text);
  }
  out.U32(attributes.server_version_num);
  PutText(out, attributes.server_version);
  PutText(out, attributes.dump_version);
  out.U8(attributes.standby ? 1 : 0);
  out.U8(attributes.roles_with_passwords ? 1 : 0);
  out.Raw(attributes.fingerprint_key);
  out.Varint(attributes.tables);
  out.Varint(attributes.rows);
  out.Varint(attributes.large_objects);
  return bytes;
}

Result<DatabaseAttributes> DecodeDatabase(ByteSpan bytes) {
  ByteReader in(bytes);
  PGK_TRY(TakeVersion(in, "attributes of a database"));
  PGK_ASSIGN_OR_RETURN(DatabaseAttributes value, TakeDatabase(in));
  PGK_TRY(in.ExpectEnd());
  return value;
}

Bytes EncodeRun(const RunAttributes& attributes) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.U8(kVersion);
  out.U8(attributes.system_identifier ? 1 : 0);
  if (attributes.system_identifier) out.U64(*attributes.system_identifier);
  out.Varint(attributes.missing.size());
  for (const RunAttributes::Missing& missing : attributes.missing) {
    PutText(out, missing.database);
    PutText(out, missing.error_code);
    PutText(out, missing.message);
  }
  return bytes;
}

Result<RunAttributes> DecodeRun(ByteSpan bytes) {
  ByteReader in(bytes);
  PGK_TRY(TakeVersion(in, "attributes of a backup"));
  RunAttributes value;
  PGK_ASSIGN_OR_RETURN(const bool has_identifier, TakeBool(in, "the identifier's flag"));
  if (has_identifier) {
    PGK_ASSIGN_OR_RETURN(value.system_identifier, in.U64());
  }
  PGK_ASSIGN_OR_RETURN(const uint64_t count, in.VarintMax(kMissingMax, "number of databases"));
  for (uint64_t i = 0; i < count; ++i) {
    RunAttributes::Missing& missing = value.missing.emplace_back();
    PGK_ASSIGN_OR_RETURN(missing.database, TakeText(in, "a database"));
    PGK_ASSIGN_OR_RETURN(missing.error_code, TakeText(in, "an error code"));
    PGK_ASSIGN_OR_RETURN(missing.message, TakeText(in, "an error message"));
  }
  PGK_TRY(in.ExpectEnd());
  return value;
}

}  // namespace pgkeep::logical

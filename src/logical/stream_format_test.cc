#include "logical/stream_format.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace pgkeep::logical {
namespace {

TableFingerprint Fingerprint(uint64_t rows) { return {.rows = rows, .sum = {.low = 7, .high = 9}}; }

TEST(StreamNames, NeverCollideForHostileTables) {
  std::set<std::string> names = {std::string(kContentsStream), std::string(kGlobalsStream),
                                 std::string(kLargeObjectsStream)};
  const std::vector<TableName> tables = {{"a", "b.c"},           {"a.b", "c"},  {"", "x"},
                                         {"table", "contents"},  {"a\nb", "c"}, {"a", "\nbc"},
                                         {"contents", "globals"}};
  for (const TableName& table : tables) {
    const std::string stream = TableStreamName(table.schema, table.name);
    EXPECT_TRUE(names.insert(stream).second) << table.schema << "." << table.name;
    if (!table.schema.empty()) {
      EXPECT_EQ(ParseTableStreamName(stream), table);
    }
  }
}

TEST(StreamNames, OnlyTablesAreTables) {
  for (const std::string& name :
       {std::string("contents"), std::string("table"), std::string("table\0a", 7),
        std::string("table\0a\0", 8), std::string("table\0\0b", 8),
        std::string("table\0a\0b\0c", 11)}) {
    EXPECT_EQ(ParseTableStreamName(name), std::nullopt);
  }
}

TEST(RowsIdentity, ComesBackAndDiffersByColumns) {
  const RowsIdentity identity{.oid = 16'400, .columns = {"id", "odd \" name", "\xff"}};
  const Bytes bytes = EncodeIdentity(identity);
  ASSERT_TRUE(DecodeIdentity(bytes).ok());
  EXPECT_EQ(*DecodeIdentity(bytes), identity);
  EXPECT_NE(EncodeIdentity({.oid = 16'400, .columns = {"id,odd"}}),
            EncodeIdentity({.oid = 16'400, .columns = {"id", "odd"}}));
}

TEST(RowsAttributes, ComeBack) {
  const RowsAttributes attributes{.schema = "s",
                                  .name = "t",
                                  .access_method = "heap",
                                  .condition = "WHERE own",
                                  .generated_columns = {"g"},
                                  .fingerprint = Fingerprint(3)};
  const Bytes bytes = EncodeAttributes(attributes);
  ASSERT_TRUE(DecodeAttributes(bytes).ok());
  EXPECT_EQ(*DecodeAttributes(bytes), attributes);
}

TEST(DatabaseAttributes, ComeBack) {
  DatabaseAttributes attributes;
  attributes.oid = 5;
  attributes.encoding = "UTF8";
  attributes.server_version_num = 150'018;
  attributes.dump_version = "15.18";
  attributes.standby = true;
  attributes.fingerprint_key = Bytes(kFingerprintKeyBytes, 3);
  attributes.rows = 1'000'000;
  const Bytes bytes = EncodeDatabase(attributes);
  ASSERT_TRUE(DecodeDatabase(bytes).ok());
  EXPECT_EQ(*DecodeDatabase(bytes), attributes);
}

TEST(RunAttributes, ComeBackWithAndWithoutIdentifier) {
  for (const std::optional<uint64_t>& identifier : {std::optional<uint64_t>(77), {}}) {
    const RunAttributes attributes{
        .system_identifier = identifier,
        .missing = {{.database = "d", .error_code = "busy", .message = "locked"}}};
    const Bytes bytes = EncodeRun(attributes);
    ASSERT_TRUE(DecodeRun(bytes).ok());
    EXPECT_EQ(*DecodeRun(bytes), attributes);
  }
}

// Every prefix, every longer text and every other version is refused, never read as something else.
TEST(StreamFormat, RefusesDamage) {
  const auto refuses = [](Bytes bytes, const auto& decode) {
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode(ByteSpan(bytes).first(size)).ok()) << size;
    }
    Bytes longer = bytes;
    longer.push_back(0);
    EXPECT_FALSE(decode(longer).ok());
    bytes[0] = 2;
    const auto other = decode(bytes);
    ASSERT_FALSE(other.ok());
    EXPECT_EQ(other.error().code(), ErrorCode::kUnsupportedVersion);
  };
  refuses(EncodeIdentity({.oid = 1, .columns = {"a", "b"}}), DecodeIdentity);
  refuses(EncodeAttributes({.schema = "s",
                            .name = "t",
                            .access_method = "heap",
                            .condition = "",
                            .generated_columns = {"g"},
                            .fingerprint = Fingerprint(1)}),
          DecodeAttributes);
  DatabaseAttributes database;
  database.fingerprint_key = Bytes(kFingerprintKeyBytes, 1);
  refuses(EncodeDatabase(database), DecodeDatabase);
  refuses(EncodeRun({.system_identifier = 5, .missing = {{"d", "io", "m"}}}), DecodeRun);
}

TEST(StreamFormat, BoundsLists) {
  const Bytes endless = {1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f};
  EXPECT_FALSE(DecodeIdentity(endless).ok());
}

TEST(TableFingerprint, DoesNotDependOnOrderButOnRepetition) {
  const SecretBytes key = DeriveFingerprintKey(Bytes(32, 5));
  const crypto::SipHash128 hash(key.Expose());
  const auto of = [&hash](const std::vector<std::string>& rows) {
    FingerprintSum sum(hash);
    for (const std::string& row : rows) sum.Add(AsBytes(row));
    return sum.value();
  };
  EXPECT_EQ(of({"a", "b", "c"}), of({"c", "a", "b"}));
  EXPECT_NE(of({"a", "b", "b"}), of({"a", "a", "b"}));
  EXPECT_NE(of({"a", "a"}), of({}));
  TableFingerprint parts = of({"a"});
  parts += of({"b", "c"});
  EXPECT_EQ(parts, of({"a", "b", "c"}));
  EXPECT_EQ(parts.rows, 3U);
}

TEST(TableFingerprint, DependsOnTheKey) {
  const SecretBytes one = DeriveFingerprintKey(Bytes(32, 1));
  const SecretBytes two = DeriveFingerprintKey(Bytes(32, 2));
  EXPECT_FALSE(BytesEqual(one.Expose(), two.Expose()));
  EXPECT_EQ(one.size(), kFingerprintKeyBytes);
}

}  // namespace
}  // namespace pgkeep::logical

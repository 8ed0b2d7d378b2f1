#include "base/wire.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "base/hex.h"

namespace pgkeep {
namespace {

constexpr uint64_t kMax64 = std::numeric_limits<uint64_t>::max();

std::string VarintHex(uint64_t value) {
  Bytes bytes;
  ByteWriter(bytes).Varint(value);
  return HexEncode(bytes);
}

Result<uint64_t> ReadVarint(std::string_view hex) {
  const Bytes bytes = *HexDecode(hex);
  ByteReader reader(bytes);
  Result<uint64_t> value = reader.Varint();
  EXPECT_EQ(reader.position(), value.ok() ? bytes.size() : 0U) << hex;
  return value;
}

TEST(ByteWriter, WritesLittleEndianAndAppends) {
  Bytes bytes = {0xaa};
  ByteWriter writer(bytes);
  writer.U8(0x01);
  writer.U16(0x0302);
  writer.U32(0x07060504);
  writer.U64(0x0f0e0d0c0b0a0908);
  writer.Raw(AsBytes("xy"));
  writer.VarBytes(AsBytes("abc"));
  EXPECT_EQ(HexEncode(bytes), "aa0102030405060708090a0b0c0d0e0f787903616263");
  EXPECT_EQ(writer.size(), bytes.size());
}

TEST(Varint, HasTheKnownForms) {
  EXPECT_EQ(VarintHex(0), "00");
  EXPECT_EQ(VarintHex(127), "7f");
  EXPECT_EQ(VarintHex(128), "8001");
  EXPECT_EQ(VarintHex(624485), "e58e26");  // the example of the DWARF standard
  EXPECT_EQ(VarintHex(uint64_t{1} << 63), "80808080808080808001");
  EXPECT_EQ(VarintHex(kMax64), "ffffffffffffffffff01");
}

TEST(Varint, ReadsItsBoundaries) {
  for (int bits = 0; bits < 64; ++bits) {
    const uint64_t power = uint64_t{1} << bits;
    for (const uint64_t value : {power - 1, power, power + 1}) {
      EXPECT_EQ(*ReadVarint(VarintHex(value)), value);
    }
  }
  EXPECT_EQ(*ReadVarint("ffffffffffffffffff01"), kMax64);
}

TEST(Varint, RefusesLongerFormsThanNeeded) {
  for (const char* hex : {"8000", "ff00", "808000", "ff8000", "80808080808080808000"}) {
    const Result<uint64_t> value = ReadVarint(hex);
    ASSERT_FALSE(value.ok()) << hex;
    EXPECT_EQ(value.error().code(), ErrorCode::kCorruption);
  }
}

TEST(Varint, RefusesMoreThan64Bits) {
  for (const char* hex : {"ffffffffffffffffff02", "ffffffffffffffffff7f", "80808080808080808002",
                          "ffffffffffffffffffff01", "ffffffffffffffffffffffff"}) {
    EXPECT_FALSE(ReadVarint(hex).ok()) << hex;
  }
}

TEST(Varint, RefusesAnEarlyEnd) {
  for (const char* hex : {"", "80", "ffff", "ffffffffffffffffff"}) {
    EXPECT_FALSE(ReadVarint(hex).ok()) << hex;
  }
}

TEST(ByteReader, ReadsWhatWasWritten) {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.U8(1);
  writer.U16(0x8002);
  writer.U32(0x80000003);
  writer.U64(0x8000000000000004);
  writer.VarBytes(AsBytes("abc"));
  ByteReader reader(bytes);
  EXPECT_EQ(*reader.U8(), 1);
  EXPECT_EQ(*reader.U16(), 0x8002);
  EXPECT_EQ(*reader.U32(), 0x80000003U);
  EXPECT_EQ(*reader.U64(), 0x8000000000000004U);
  EXPECT_EQ(AsText(*reader.VarBytes(3, "name")), "abc");
  EXPECT_TRUE(reader.ExpectEnd().ok());
  EXPECT_EQ(reader.position(), bytes.size());
}

TEST(ByteReader, StaysWhereItWasOnFailure) {
  const Bytes bytes = *HexDecode("0102030405060708050161");
  ByteReader reader(ByteSpan(bytes).first(1));
  EXPECT_FALSE(reader.U16().ok());
  EXPECT_FALSE(reader.U32().ok());
  EXPECT_FALSE(reader.U64().ok());
  EXPECT_FALSE(reader.Raw(2).ok());
  EXPECT_FALSE(reader.VarBytes(9, "name").ok());
  EXPECT_FALSE(reader.VarintMax(0, "count").ok());
  EXPECT_EQ(reader.position(), 0U);
  EXPECT_EQ(*reader.U8(), 1);
  EXPECT_FALSE(reader.U8().ok());
}

TEST(ByteReader, NamesTheLimitThatIsBroken) {
  Bytes bytes;
  ByteWriter(bytes).VarBytes(AsBytes("abcd"));
  ByteReader reader(bytes);
  const Result<ByteSpan> refused = reader.VarBytes(3, "name of table");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(refused.error().message(), "name of table at offset 0 is 4, the limit is 3");
  EXPECT_EQ(AsText(*reader.VarBytes(4, "name of table")), "abcd");
}

TEST(ByteReader, BelievesNoLengthBeyondTheInput) {
  Bytes bytes;
  ByteWriter(bytes).Varint(kMax64);
  ByteReader reader(bytes);
  EXPECT_FALSE(reader.VarBytes(std::numeric_limits<size_t>::max(), "name").ok());
  EXPECT_FALSE(reader.Raw(std::numeric_limits<size_t>::max()).ok());
  EXPECT_EQ(reader.remaining(), bytes.size());
}

TEST(ByteReader, ReportsWhatIsLeftOver) {
  ByteReader reader(AsBytes("abc"));
  static_cast<void>(reader.U8());
  const Status end = reader.ExpectEnd();
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().message(), "2 bytes too many at offset 1");
}

RC_GTEST_PROP(Varint, EveryNumberComesBack, ()) {
  // Numbers of every length, not mostly of the longest.
  const auto value = *rc::gen::arbitrary<uint64_t>() >> *rc::gen::inRange(0, 64);
  Bytes bytes;
  ByteWriter(bytes).Varint(value);
  RC_ASSERT(bytes.size() <= kVarintBytesMax);
  ByteReader reader(bytes);
  RC_ASSERT(*reader.Varint() == value);
  RC_ASSERT(reader.ExpectEnd().ok());
}

// Whatever bytes are read as a number, writing that number gives the same bytes: one form only.
RC_GTEST_PROP(Varint, WhatIsAcceptedIsWhatWouldBeWritten, (const Bytes& input)) {
  ByteReader reader(input);
  const Result<uint64_t> value = reader.Varint();
  if (!value.ok()) return;
  Bytes again;
  ByteWriter(again).Varint(*value);
  RC_ASSERT(BytesEqual(again, ByteSpan(input).first(reader.position())));
}

RC_GTEST_PROP(ByteReader, EveryListOfFieldsComesBackAndNoPrefixDoes,
              (const std::vector<Bytes>& fields)) {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.Varint(fields.size());
  for (const Bytes& field : fields) writer.VarBytes(field);
  const auto read_all = [&](ByteSpan input) -> Result<std::vector<Bytes>> {
    ByteReader reader(input);
    std::vector<Bytes> found;
    PGK_ASSIGN_OR_RETURN(const uint64_t count, reader.VarintMax(input.size(), "fields"));
    for (uint64_t i = 0; i < count; ++i) {
      PGK_ASSIGN_OR_RETURN(const ByteSpan field, reader.VarBytes(input.size(), "field"));
      found.push_back(ToBytes(field));
    }
    PGK_TRY(reader.ExpectEnd());
    return found;
  };
  RC_ASSERT(*read_all(bytes) == fields);
  const auto shorter = *rc::gen::inRange<size_t>(0, bytes.size());
  RC_ASSERT(!read_all(ByteSpan(bytes).first(shorter)).ok());
}

}  // namespace
}  // namespace pgkeep

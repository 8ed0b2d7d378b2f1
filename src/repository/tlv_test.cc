#include "repository/tlv.h"

#include <gtest/gtest.h>

#include <string>

#include "base/wire.h"
#include "repository/clean_text.h"
#include "repository/limits.h"

namespace pgkeep::repository {
namespace {

TEST(Tlv, WritesFieldsByTagWhateverTheOrderOfAdding) {
  TlvWriter writer;
  writer.AddU8(0x8001, 7);
  writer.AddText(0x0002, "a");
  writer.AddU16(0x0001, 0x1234);
  EXPECT_EQ(writer.Finish(), (Bytes{0x01, 0x00, 2, 0x34, 0x12,  //
                                    0x02, 0x00, 1, 'a',         //
                                    0x01, 0x80, 1, 7}));
  EXPECT_EQ(writer.Finish(), Bytes());
}

TEST(Tlv, LeavesEmptyTextOutAndRefusesToReadIt) {
  TlvWriter writer;
  writer.AddText(1, "");
  EXPECT_TRUE(writer.Finish().empty());
  writer.Add(1, {});
  const Bytes body = writer.Finish();
  EXPECT_EQ(TlvReader::Parse(body)->Text(1, "text").error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(TlvReader::Parse(Bytes())->Text(1, "text").value(), "");
}

TEST(Tlv, CleansTextOnWriting) {
  TlvWriter writer;
  writer.AddText(1, "two\nlines");
  const Bytes body = writer.Finish();
  EXPECT_EQ(TlvReader::Parse(body)->Text(1, "text").value(), "two?lines");
}

TEST(Tlv, NamesWhatIsMissingOrOfAWrongSize) {
  TlvWriter writer;
  writer.AddU16(1, 1);
  const Bytes body = writer.Finish();
  const TlvReader reader = TlvReader::Parse(body).value();
  EXPECT_EQ(reader.RequireU8(2, "the colour").error().message(), "the colour is missing");
  EXPECT_EQ(reader.RequireU8(1, "the colour").error().message(),
            "the colour has 2 bytes instead of 1");
  EXPECT_EQ(reader.RequireU16(1, "the colour").value(), 1);
}

TEST(Tlv, RefusesTimesThatCannotBePrinted) {
  for (const auto& [micros, good] : {std::pair<uint64_t, bool>{0, true},
                                     {253'402'300'799'999'999, true},
                                     {253'402'300'800'000'000, false},
                                     {UINT64_MAX, false}}) {
    TlvWriter writer;
    writer.AddU64(1, micros);
    const Bytes body = writer.Finish();
    const auto time = TlvReader::Parse(body)->OptionalTime(1, "the time");
    EXPECT_EQ(time.ok(), good) << micros;
  }
}

// The body comes from outside: its lengths decide neither memory nor reads.
TEST(Tlv, RefusesLengthsBeyondTheEnd) {
  for (const uint64_t length : {uint64_t{2}, uint64_t{1} << 31, uint64_t{1} << 63, UINT64_MAX}) {
    Bytes body;
    ByteWriter writer(body);
    writer.U16(1);
    writer.Varint(length);
    writer.U8(0);
    const Result<TlvReader> reader = TlvReader::Parse(body);
    ASSERT_FALSE(reader.ok()) << length;
    EXPECT_EQ(reader.error().code(), ErrorCode::kCorruption);
  }
}

TEST(Tlv, RefusesTooManyFields) {
  const auto body = [](size_t fields) {
    Bytes bytes;
    ByteWriter writer(bytes);
    for (size_t i = 0; i < fields; ++i) {
      writer.U16(static_cast<uint16_t>(i));
      writer.VarBytes({});
    }
    return bytes;
  };
  EXPECT_TRUE(TlvReader::Parse(body(kMaxTlvFields)).ok());
  EXPECT_FALSE(TlvReader::Parse(body(kMaxTlvFields + 1)).ok());
}

TEST(CleanTexts, AreValidUtf8WithoutControlCharacters) {
  for (const char* good : {"", "plain", "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                           "\xc2\xa0", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsCleanText(good)) << good;
    EXPECT_EQ(CleanText(good), good);
  }
  for (const char* bad :
       {"\n", "\t", "\x1b[1m", "\x7f", "\xc2\x85", "\xc2\x9f", "\x80", "\xff", "\xc0\x80",
        "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98"}) {
    EXPECT_FALSE(IsCleanText(bad));
    EXPECT_TRUE(IsCleanText(CleanText(bad)));
    EXPECT_EQ(CleanText(bad).substr(0, 1), "?");
  }
  EXPECT_FALSE(IsCleanText(std::string_view("\0", 1)));
  EXPECT_EQ(CleanText("a\xff\xc3\xbc\xc3"), "a?\xc3\xbc?");
}

TEST(CleanTexts, AreCutAtACharacter) {
  const std::string most(kMaxTextBytes, 'x');
  EXPECT_TRUE(IsCleanText(most));
  EXPECT_FALSE(IsCleanText(most + "x"));
  EXPECT_EQ(CleanText(most + "x"), most);
  std::string text(kMaxTextBytes - 1, 'x');
  EXPECT_EQ(CleanText(text + "\xc3\xbc"), text);
}

}  // namespace
}  // namespace pgkeep::repository

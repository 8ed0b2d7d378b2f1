#include "base/hex.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace pgkeep {
namespace {

TEST(Hex, EncodesInLowerCase) {
  EXPECT_EQ(HexEncode({}), "");
  EXPECT_EQ(HexEncode(Bytes{0x00, 0x09, 0x0a, 0xf0, 0xff}), "00090af0ff");
}

TEST(Hex, DecodesBothCases) {
  EXPECT_EQ(*HexDecode("00abCDeF"), (Bytes{0x00, 0xab, 0xcd, 0xef}));
  EXPECT_EQ(*HexDecode(""), Bytes());
}

TEST(Hex, RefusesOtherTextWithoutRepeatingIt) {
  for (const std::string_view text :
       {"0", "abc", "0g", "g0", " 00", "0x00", "0/", "0:", "0@", "0`"}) {
    const Result<Bytes> bytes = HexDecode(text);
    ASSERT_FALSE(bytes.ok()) << text;
    EXPECT_EQ(bytes.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(bytes.error().Describe().find(text.size() > 1 ? text : "\""), std::string::npos);
  }
}

RC_GTEST_PROP(Hex, EveryRunOfBytesComesBack, (const Bytes& bytes)) {
  RC_ASSERT(*HexDecode(HexEncode(bytes)) == bytes);
}

}  // namespace
}  // namespace pgkeep

#include "base/bytes.h"

#include <gtest/gtest.h>

namespace pgkeep {
namespace {

TEST(Bytes, TextAndBytesAreTheSameMemory) {
  const std::string_view text("a\0b", 3);
  EXPECT_EQ(AsText(AsBytes(text)), text);
  EXPECT_EQ(AsBytes(text).data(), reinterpret_cast<const uint8_t*>(text.data()));
}

TEST(Bytes, EqualComparesLengthAndContent) {
  EXPECT_TRUE(BytesEqual(AsBytes("abc"), AsBytes("abc")));
  EXPECT_FALSE(BytesEqual(AsBytes("abc"), AsBytes("abd")));
  EXPECT_FALSE(BytesEqual(AsBytes("abc"), AsBytes("ab")));
  EXPECT_TRUE(BytesEqual({}, {}));
}

TEST(Bytes, AppendKeepsWhatWasThere) {
  Bytes bytes = ToBytes(AsBytes("ab"));
  Append(bytes, AsBytes("cd"));
  Append(bytes, {});
  EXPECT_EQ(AsText(bytes), "abcd");
}

}  // namespace
}  // namespace pgkeep

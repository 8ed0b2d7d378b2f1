#include "base/base64.h"

#include <gtest/gtest.h>

namespace pgkeep {
namespace {

// RFC 4648 section 10.
TEST(Base64, EncodesThePublishedExamples) {
  EXPECT_EQ(Base64Encode({}), "");
  EXPECT_EQ(Base64Encode(AsBytes("f")), "Zg==");
  EXPECT_EQ(Base64Encode(AsBytes("fo")), "Zm8=");
  EXPECT_EQ(Base64Encode(AsBytes("foo")), "Zm9v");
  EXPECT_EQ(Base64Encode(AsBytes("foob")), "Zm9vYg==");
  EXPECT_EQ(Base64Encode(AsBytes("fooba")), "Zm9vYmE=");
  EXPECT_EQ(Base64Encode(AsBytes("foobar")), "Zm9vYmFy");
}

TEST(Base64, KnowsAllDigits) {
  const Bytes bytes = {0xfb, 0xff, 0xbf, 0x00};
  EXPECT_EQ(Base64Encode(bytes), "+/+/AA==");
}

}  // namespace
}  // namespace pgkeep

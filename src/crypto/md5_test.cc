#include "crypto/md5.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace pgkeep::crypto {
namespace {

// RFC 1321, appendix A.5.
TEST(Md5, MatchesThePublishedValues) {
  const auto hex = [](std::string_view text) { return HexEncode(Md5(AsBytes(text)).value()); };
  EXPECT_EQ(hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

}  // namespace
}  // namespace pgkeep::crypto

#include "base/base32.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace pgkeep {
namespace {

// The vectors of RFC 4648 section 10, without padding.
constexpr std::pair<std::string_view, std::string_view> kVectors[] = {{"", ""},
                                                                      {"f", "MY"},
                                                                      {"fo", "MZXQ"},
                                                                      {"foo", "MZXW6"},
                                                                      {"foob", "MZXW6YQ"},
                                                                      {"fooba", "MZXW6YTB"},
                                                                      {"foobar", "MZXW6YTBOI"}};

TEST(Base32, MatchesTheVectorsOfTheStandard) {
  for (const auto& [plain, encoded] : kVectors) {
    EXPECT_EQ(Base32Encode(AsBytes(plain)), encoded);
    EXPECT_EQ(AsText(*Base32Decode(encoded)), plain);
  }
}

TEST(Base32, DecodesWhatPeopleType) {
  EXPECT_EQ(AsText(*Base32Decode("mzxw-6ytb oi")), "foobar");
  EXPECT_EQ(AsText(*Base32Decode(" MzXw6YtBoI-")), "foobar");
}

TEST(Base32, RefusesCharactersOutsideTheAlphabet) {
  for (const std::string_view text : {"MZXW6YQ=", "M1", "M8", "M0", "M9", "M\n", "M\xc3\xa4"}) {
    const Result<Bytes> bytes = Base32Decode(text);
    ASSERT_FALSE(bytes.ok()) << text;
    EXPECT_EQ(bytes.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(bytes.error().Describe().find(text), std::string::npos);
  }
}

TEST(Base32, RefusesLengthsThatNoEncoderWrites) {
  for (const std::string_view text : {"A", "AAA", "AAAAAA", "AAAAAAAAA"}) {
    EXPECT_FALSE(Base32Decode(text).ok()) << text;
  }
}

TEST(Base32, RefusesBitsThatAreLeftOver) {
  EXPECT_FALSE(Base32Decode("MZ").ok());
  EXPECT_FALSE(Base32Decode("MZXR").ok());
  EXPECT_FALSE(Base32Decode("MZXW7").ok());
  EXPECT_FALSE(Base32Decode("MZXW6YR").ok());
}

RC_GTEST_PROP(Base32, EveryRunOfBytesComesBack, (const Bytes& bytes)) {
  const std::string text = Base32Encode(bytes);
  RC_ASSERT(text.size() == (bytes.size() * 8 + 4) / 5);
  RC_ASSERT(*Base32Decode(text) == bytes);
}

// Two different texts never stand for the same bytes, case apart.
RC_GTEST_PROP(Base32, WhatIsAcceptedIsWhatWouldBeWritten, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")));
  const Result<Bytes> bytes = Base32Decode(text);
  if (!bytes.ok()) return;
  RC_ASSERT(Base32Encode(*bytes) == text);
}

}  // namespace
}  // namespace pgkeep

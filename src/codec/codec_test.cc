#include "codec/codec.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace pgkeep::codec {
namespace {

TEST(MakeCodec, GivesTheCodecOfTheId) {
  auto none = MakeCodec(CodecId::kNone, 99);
  ASSERT_TRUE(none.ok());
  EXPECT_EQ((*none)->id(), CodecId::kNone);
  auto zstd = MakeCodec(CodecId::kZstd, kZstdLevelMax);
  ASSERT_TRUE(zstd.ok());
  EXPECT_EQ((*zstd)->id(), CodecId::kZstd);
  EXPECT_STREQ(CodecName(CodecId::kNone), "none");
  EXPECT_STREQ(CodecName(CodecId::kZstd), "zstd");
}

TEST(MakeCodec, RefusesLevelsOutsideTheCap) {
  EXPECT_TRUE(MakeCodec(CodecId::kZstd, kZstdLevelMin).ok());
  for (const int level : {kZstdLevelMin - 1, kZstdLevelMax + 1, 22}) {
    const auto codec = MakeCodec(CodecId::kZstd, level);
    ASSERT_FALSE(codec.ok()) << level;
    EXPECT_EQ(codec.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_NE(codec.error().hint(), "");
  }
}

TEST(MakeCodec, RefusesUnknownIdAsNewerVersion) {
  for (const int id : {2, 255}) {
    const auto codec = MakeCodec(static_cast<CodecId>(id), 1);
    ASSERT_FALSE(codec.ok());
    EXPECT_EQ(codec.error().code(), ErrorCode::kUnsupportedVersion);
  }
}

TEST(NoneCodec, CopiesAndChecksTheLength) {
  const auto codec = MakeNone();
  const Bytes data = {1, 2, 3};
  Bytes stored(codec->MaxCompressedSize(data.size()));
  const auto size = codec->Compress(data, stored);
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(*size, 3U);
  EXPECT_EQ(stored, data);

  Bytes back(3);
  ASSERT_TRUE(codec->Decompress(stored, back).ok());
  EXPECT_EQ(back, data);
  for (const size_t wrong : {size_t{0}, size_t{2}, size_t{4}}) {
    Bytes out(wrong);
    const Status status = codec->Decompress(stored, out);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
  }
  Bytes small(2);
  const auto too_small = codec->Compress(data, small);
  ASSERT_FALSE(too_small.ok());
  EXPECT_EQ(too_small.error().code(), ErrorCode::kLimitExceeded);
}

TEST(NoneCodec, TakesAnEmptyBlock) {
  const auto codec = MakeNone();
  const auto size = codec->Compress({}, {});
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(*size, 0U);
  EXPECT_TRUE(codec->Decompress({}, {}).ok());
}

}  // namespace
}  // namespace pgkeep::codec

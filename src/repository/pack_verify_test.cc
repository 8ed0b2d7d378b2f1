// "Encode once, check once": whatever goes wrong between a payload and its sealed frame is found
// before the pack can be finished.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "repository/pack_builder.h"
#include "repository/units_payload.h"
#include "testing/damage.h"
#include "testing/pack_samples.h"

namespace pgkeep::repository {
namespace {

using testing::HookedCodec;
using testing::PackFixture;

// A builder whose memory the test can reach, as a failing memory module would.
class PackVerify : public ::testing::Test {
 protected:
  PackVerify() {
    UnitsPayloadBuilder payload;
    payload.Add(testing::SampleText(fixture_.random, 200));
    payload_ = ToBytes(payload.Finish());
  }

  // Begins a pack; memory_ is where its bytes are.
  void Begin() {
    auto options = fixture_.Options(PackKind::kData, 0);
    options.recycled.resize(1 << 16);
    memory_ = options.recycled;
    builder_ = PackBuilder::Create(std::move(options)).value();
  }

  Result<FramePlace> Store(codec::BlockCodec& codec) {
    return builder_->Store(codec, FrameKind::kUnits, 1, payload_,
                           ComputeContentHash(fixture_.content_key, payload_));
  }

  // Appends the payload compressed, without verifying it.
  FramePlace AppendCompressed() {
    Bytes compressed(fixture_.codec->MaxCompressedSize(payload_.size()));
    compressed.resize(fixture_.codec->Compress(payload_, compressed).value());
    return builder_
        ->Append({.kind = FrameKind::kUnits,
                  .codec = codec::CodecId::kZstd,
                  .units = 1,
                  .compressed = compressed,
                  .rlen = static_cast<uint32_t>(payload_.size()),
                  .hash = {}})
        .value();
  }

  void ExpectFailedForGood(const Status& status) {
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
    EXPECT_THAT(status.error().hint(), ::testing::HasSubstr("test the memory"));
    const auto finished = builder_->Finish();
    ASSERT_FALSE(finished.ok());
    EXPECT_EQ(finished.error().code(), ErrorCode::kCorruption);
    EXPECT_FALSE(Store(*fixture_.codec).ok());
  }

  PackFixture fixture_{1};
  Bytes payload_;
  MutableByteSpan memory_;
  std::unique_ptr<PackBuilder> builder_;
};

TEST_F(PackVerify, FindsEveryBitThatFlipsInTheSealedFrame) {
  Begin();
  const size_t size = FrameBytes(AppendCompressed().clen);
  for (size_t bit = 0; bit < size * 8; ++bit) {
    Begin();
    const FramePlace place = AppendCompressed();
    testing::FlipBit(memory_.subspan(place.offset, size), bit);
    ExpectFailedForGood(builder_->VerifyLast(*fixture_.codec, payload_));
  }
}

TEST_F(PackVerify, FindsEveryBitThatFlipsInThePackHeader) {
  for (size_t bit = 0; bit < kPackHeaderBytes * 8; ++bit) {
    Begin();
    AppendCompressed();
    testing::FlipBit(memory_.first(kPackHeaderBytes), bit);
    ExpectFailedForGood(builder_->VerifyLast(*fixture_.codec, payload_));
  }
}

// The header is looked at again with the footer.
TEST_F(PackVerify, FindsAPackHeaderThatChangesAfterTheLastFrame) {
  Begin();
  ASSERT_TRUE(Store(*fixture_.codec).ok());
  testing::FlipBit(memory_.first(kPackHeaderBytes), 500);
  const auto finished = builder_->Finish();
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().code(), ErrorCode::kCorruption);
}

// What changes after its check is not in the digest, which is taken when a frame is sealed.
TEST_F(PackVerify, TheDigestIsOfTheBytesThatWereChecked) {
  Begin();
  const FramePlace place = Store(*fixture_.codec).value();
  testing::FlipBit(memory_.subspan(place.offset), 400);
  const PackBuilder::Finished pack = builder_->Finish().value();
  EXPECT_NE(pack.sha256, crypto::Sha256(pack.bytes));
  testing::FlipBit(MutableByteSpan(memory_).subspan(place.offset), 400);
  EXPECT_EQ(pack.sha256, crypto::Sha256(pack.bytes));
}

TEST_F(PackVerify, FindsEveryBitThatFlipsBetweenCompressingAndSealing) {
  Begin();
  const size_t clen = AppendCompressed().clen;
  size_t damaged = 0;
  for (size_t bit = 0; bit < clen * 8; ++bit) {
    Begin();
    HookedCodec codec;
    codec.after_compress = [&](MutableByteSpan out) {
      testing::FlipBit(out, bit);
      ++damaged;
    };
    const auto stored = Store(codec);
    // Some bits of a compressed block mean nothing: then the payload must really come back right.
    if (!stored.ok()) {
      ASSERT_EQ(stored.error().code(), ErrorCode::kCorruption);
      ASSERT_FALSE(builder_->Finish().ok());
    } else {
      const PackBuilder::Finished pack = builder_->Finish().value();
      FrameOpener opener;
      const auto opened = opener.Open(fixture_.Keys(pack), testing::FrameOf(pack.bytes, 0),
                                      testing::ExpectFrame(pack.bytes, 0));
      ASSERT_TRUE(opened.ok() && BytesEqual(*opened, payload_)) << bit;
    }
  }
  EXPECT_EQ(damaged, clen * 8);
}

TEST_F(PackVerify, FindsACodecThatLosesAByte) {
  Begin();
  HookedCodec codec;
  codec.claimed_size = 100;
  ExpectFailedForGood([&]() -> Status {
    PGK_TRY(Store(codec));
    return Ok();
  }());
}

TEST_F(PackVerify, RefusesACodecThatSaysMoreThanThereIs) {
  Begin();
  HookedCodec codec;
  codec.claimed_size = size_t{1} << 20;
  const auto stored = Store(codec);
  ASSERT_FALSE(stored.ok());
  EXPECT_EQ(stored.error().code(), ErrorCode::kInternal);
}

TEST_F(PackVerify, FindsACodecThatChangesThePayload) {
  for (size_t bit = 0; bit < payload_.size() * 8; bit += 7) {
    Begin();
    HookedCodec codec;
    codec.after_decompress = [&](MutableByteSpan out) { testing::FlipBit(out, bit); };
    ExpectFailedForGood([&]() -> Status {
      PGK_TRY(Store(codec));
      return Ok();
    }());
  }
}

// The payload itself may change in memory after it was compressed.
TEST_F(PackVerify, FindsAPayloadThatIsNotTheOneThatWasCompressed) {
  Begin();
  AppendCompressed();
  testing::FlipBit(payload_, 8 * payload_.size() - 1);
  ExpectFailedForGood(builder_->VerifyLast(*fixture_.codec, payload_));
}

TEST_F(PackVerify, FindsAPayloadOfAnotherLength) {
  Begin();
  AppendCompressed();
  ExpectFailedForGood(
      builder_->VerifyLast(*fixture_.codec, ByteSpan(payload_).first(payload_.size() - 1)));
}

TEST_F(PackVerify, ChecksUncompressedFramesToo) {
  Begin();
  const auto place = builder_->Append({.kind = FrameKind::kUnits,
                                       .codec = codec::CodecId::kNone,
                                       .units = 1,
                                       .compressed = payload_,
                                       .rlen = static_cast<uint32_t>(payload_.size()),
                                       .hash = {}});
  ASSERT_TRUE(place.ok());
  testing::FlipBit(payload_, 9);
  ExpectFailedForGood(builder_->VerifyLast(*fixture_.codec, payload_));
}

}  // namespace
}  // namespace pgkeep::repository

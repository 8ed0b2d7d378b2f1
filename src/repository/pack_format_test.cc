#include "repository/pack_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>

#include "base/endian.h"
#include "base/hex.h"
#include "codec/crc32c.h"
#include "testing/damage.h"
#include "testing/node_samples.h"

namespace pgkeep::repository {
namespace {

using codec::CodecId;
using testing::SeededRandom;

PackHeader SampleHeader() {
  PackHeader header;
  header.kind = PackKind::kMeta;
  header.repository.bytes.fill(0x11);
  header.writer.bytes.fill(0x22);
  header.seq = 0x01020304;
  header.salt.fill(0x33);
  header.commitment.fill(0x44);
  return header;
}

FrameHeader SampleFrame() {
  return {.number = 0x0102,
          .codec = CodecId::kZstd,
          .kind = FrameKind::kUnits,
          .units = 16,
          .clen = 0x11223,
          .rlen = 0x22334,
          .nonce_tail = {1, 2, 3, 4, 5, 6, 7, 8}};
}

// The code that decoding gives after `change`, with the checksum made right again.
template <size_t N, class Decode>
ErrorCode CodeAfter(ByteArray<N> bytes, size_t crc_at, Decode decode,
                    const std::function<void(ByteArray<N>&)>& change) {
  change(bytes);
  StoreLe32(&bytes[crc_at], codec::Crc32c(ByteSpan(bytes).first(crc_at)));
  const auto decoded = decode(bytes);
  EXPECT_FALSE(decoded.ok());
  return decoded.ok() ? ErrorCode::kInternal : decoded.error().code();
}

ErrorCode HeaderAfter(const std::function<void(PackHeaderBytes&)>& change) {
  return CodeAfter<kPackHeaderBytes>(EncodePackHeader(SampleHeader()), 92, DecodePackHeader,
                                     change);
}

ErrorCode FrameAfter(const std::function<void(FrameHeaderBytes&)>& change) {
  return CodeAfter<kFrameHeaderBytes>(EncodeFrameHeader(SampleFrame()), 28, DecodeFrameHeader,
                                      change);
}

TEST(PackHeader, HasTheDocumentedBytes) {
  const PackHeaderBytes bytes = EncodePackHeader(SampleHeader());
  EXPECT_EQ(HexEncode(ByteSpan(bytes).first(92)),
            "50474b5041434b31"  // PGKPACK1
            "0000"
            "01"
            "02"
            "60000000"                          // minor, suite, kind, length
            "11111111111111111111111111111111"  // repository
            "22222222222222222222222222222222"  // writer
            "04030201"
            "00000000"                          // number, zero
            "33333333333333333333333333333333"  // salt
            "44444444444444444444444444444444"  // commitment
            "00000000");                        // flags
  EXPECT_EQ(LoadLe32(&bytes[92]), codec::Crc32c(ByteSpan(bytes).first(92)));
  EXPECT_EQ(DecodePackHeader(bytes).value(), SampleHeader());
}

TEST(PackHeader, EveryFlippedBitIsCorruption) {
  PackHeaderBytes bytes = EncodePackHeader(SampleHeader());
  testing::ForEachFlippedBit(bytes, [&](size_t bit) {
    const auto decoded = DecodePackHeader(bytes);
    ASSERT_FALSE(decoded.ok()) << "bit " << bit;
    ASSERT_EQ(decoded.error().code(), ErrorCode::kCorruption) << "bit " << bit;
  });
}

TEST(PackHeader, OtherLengthsAreCorruption) {
  Bytes bytes = ToBytes(EncodePackHeader(SampleHeader()));
  bytes.push_back(0);
  for (size_t size = 0; size <= bytes.size(); ++size) {
    const auto decoded = DecodePackHeader(ByteSpan(bytes).first(size));
    ASSERT_EQ(decoded.ok(), size == kPackHeaderBytes) << size;
    if (decoded.ok()) continue;
    ASSERT_EQ(decoded.error().code(), ErrorCode::kCorruption) << size;
  }
}

TEST(PackHeader, WhatIsNotKnownIsAnotherVersion) {
  for (const size_t at : {8U, 9U, 10U, 11U, 88U, 89U, 90U, 91U}) {
    EXPECT_EQ(HeaderAfter([&](auto& bytes) { bytes[at] = 9; }), ErrorCode::kUnsupportedVersion)
        << "byte " << at;
  }
  EXPECT_EQ(HeaderAfter([&](auto& bytes) { bytes[11] = 0; }), ErrorCode::kUnsupportedVersion);
}

TEST(PackHeader, BrokenRulesAreCorruption) {
  EXPECT_EQ(HeaderAfter([](auto& bytes) { bytes[12] = 97; }), ErrorCode::kCorruption);
  EXPECT_EQ(HeaderAfter([](auto& bytes) { bytes[52] = 1; }), ErrorCode::kCorruption);
  EXPECT_EQ(HeaderAfter([](auto& bytes) { StoreLe32(&bytes[48], kMaxPackSeq + 1); }),
            ErrorCode::kCorruption);
}

TEST(FrameHeader, HasTheDocumentedBytes) {
  const FrameHeaderBytes bytes = EncodeFrameHeader(SampleFrame());
  EXPECT_EQ(HexEncode(ByteSpan(bytes).first(28)),
            "50474b46"
            "02010000"
            "01"
            "01"
            "1000"
            "23120100"
            "34230200"
            "0102030405060708");
  EXPECT_EQ(LoadLe32(&bytes[28]), codec::Crc32c(ByteSpan(bytes).first(28)));
  EXPECT_EQ(DecodeFrameHeader(bytes).value(), SampleFrame());
}

TEST(FrameHeader, EveryFlippedBitIsCorruption) {
  FrameHeaderBytes bytes = EncodeFrameHeader(SampleFrame());
  testing::ForEachFlippedBit(bytes, [&](size_t bit) {
    const auto decoded = DecodeFrameHeader(bytes);
    ASSERT_FALSE(decoded.ok()) << "bit " << bit;
    ASSERT_EQ(decoded.error().code(), ErrorCode::kCorruption) << "bit " << bit;
  });
}

TEST(FrameHeader, ShorterBytesAreCorruption) {
  const FrameHeaderBytes bytes = EncodeFrameHeader(SampleFrame());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = DecodeFrameHeader(ByteSpan(bytes).first(size));
    ASSERT_FALSE(decoded.ok()) << size;
    ASSERT_EQ(decoded.error().code(), ErrorCode::kCorruption) << size;
  }
}

TEST(FrameHeader, UnknownKindsAndCodecsAreAnotherVersion) {
  EXPECT_EQ(FrameAfter([](auto& bytes) { bytes[8] = 2; }), ErrorCode::kUnsupportedVersion);
  for (const unsigned kind : {0U, 7U, 254U}) {
    const auto set_kind = [&](auto& bytes) { bytes[9] = static_cast<uint8_t>(kind); };
    EXPECT_EQ(FrameAfter(set_kind), ErrorCode::kUnsupportedVersion) << kind;
  }
}

TEST(FrameHeader, NumbersThatBreakARuleAreCorruption) {
  const auto refused = [](const std::function<void(FrameHeader&)>& change) {
    FrameHeader header = SampleFrame();
    change(header);
    const Status checked = CheckFrameHeader(header);
    const ErrorCode decoded = FrameAfter([&](FrameHeaderBytes& bytes) {
      StoreLe32(&bytes[4], header.number);
      bytes[8] = static_cast<uint8_t>(header.codec);
      bytes[9] = static_cast<uint8_t>(header.kind);
      StoreLe16(&bytes[10], header.units);
      StoreLe32(&bytes[12], header.clen);
      StoreLe32(&bytes[16], header.rlen);
    });
    return !checked.ok() && decoded == ErrorCode::kCorruption;
  };
  EXPECT_TRUE(refused([](auto& header) { header.number = kMaxFramesPerPack + 1; }));
  EXPECT_TRUE(refused([](auto& header) { header.units = 0; }));
  EXPECT_TRUE(refused([](auto& header) { header.units = 17; }));
  EXPECT_TRUE(refused([](auto& header) { header.kind = FrameKind::kLeaf; }));
  EXPECT_TRUE(refused([](auto& header) { header.clen = 0; }));
  EXPECT_TRUE(refused([](auto& header) { header.clen = header.rlen; }));
  EXPECT_TRUE(refused([](auto& header) { header.codec = CodecId::kNone; }));
  EXPECT_TRUE(refused([](auto& header) { header.rlen = kMaxUnitsFrameRlen + 1; }));
  EXPECT_TRUE(refused([](auto& header) {
    header.kind = FrameKind::kBlob;
    header.units = 0;
    header.rlen = kMaxNodeFrameRlen + 1;
  }));
  EXPECT_TRUE(refused([](auto& header) {
    header.codec = CodecId::kNone;
    header.clen = header.rlen = 0;
  }));
}

TEST(FrameHeader, LimitsThemselvesAreAllowed) {
  FrameHeader header = SampleFrame();
  header.number = kMaxFramesPerPack;
  header.rlen = kMaxUnitsFrameRlen;
  header.clen = kMaxUnitsFrameRlen - 1;
  EXPECT_EQ(DecodeFrameHeader(EncodeFrameHeader(header)).value(), header);
  header = {.number = 0,
            .codec = CodecId::kNone,
            .kind = FrameKind::kFooter,
            .units = 0,
            .clen = kMaxNodeFrameRlen,
            .rlen = kMaxNodeFrameRlen,
            .nonce_tail = {}};
  EXPECT_EQ(DecodeFrameHeader(EncodeFrameHeader(header)).value(), header);
}

TEST(FramePlaceRules, BoundEveryNumber) {
  const uint32_t max = kMaxNodeFrameRlen;
  EXPECT_TRUE(CheckFramePlace(96, 1, 1, max).ok());
  EXPECT_TRUE(CheckFramePlace(96, max, max, max).ok());
  EXPECT_FALSE(CheckFramePlace(95, 1, 1, max).ok());
  EXPECT_FALSE(CheckFramePlace(96, 0, 1, max).ok());
  EXPECT_FALSE(CheckFramePlace(96, 2, 1, max).ok());
  EXPECT_FALSE(CheckFramePlace(96, 1, 0, max).ok());
  EXPECT_FALSE(CheckFramePlace(96, 1, uint64_t{max} + 1, max).ok());
  EXPECT_FALSE(CheckFramePlace(UINT64_MAX - 10, 1, 1, max).ok());
  // Behind the last frame there are at least a footer of one byte (49) and the trailer (24).
  const uint64_t last = kMaxPackBytes - 24 - 49 - 49;
  EXPECT_TRUE(CheckFramePlace(last, 1, 1, max).ok());
  EXPECT_FALSE(CheckFramePlace(last + 1, 1, 1, max).ok());
}

std::vector<FooterFrame> SampleFooter() {
  FooterFrame first{.kind = FrameKind::kUnits, .offset = 96, .units = 16, .hash = {}};
  first.hash.fill(0xaa);
  FooterFrame second{.kind = FrameKind::kUnits, .offset = 96 + 300, .units = 1, .hash = {}};
  second.hash.fill(0xbb);
  return {first, second};
}

TEST(Footer, HasTheDocumentedBytes) {
  EXPECT_EQ(HexEncode(EncodeFooter(SampleFooter())),
            "02"
            "01"
            "60"
            "10"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "01"
            "ac02"
            "01"
            "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
}

TEST(Footer, EveryTruncationIsCorruption) {
  const Bytes bytes = EncodeFooter(SampleFooter());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = DecodeFooter(ByteSpan(bytes).first(size), PackKind::kData);
    ASSERT_FALSE(decoded.ok()) << size;
    ASSERT_EQ(decoded.error().code(), ErrorCode::kCorruption) << size;
  }
}

TEST(Footer, BrokenRulesAreCorruption) {
  const auto decodes = [](std::string_view hex, PackKind kind = PackKind::kData) {
    return DecodeFooter(HexDecode(hex).value(), kind).ok();
  };
  const std::string hash(32, 'a');
  const std::string zeros(32, '0');
  EXPECT_TRUE(decodes("01016010" + hash));
  EXPECT_TRUE(decodes("01026000" + zeros, PackKind::kMeta));
  EXPECT_FALSE(decodes("00")) << "no frame";
  EXPECT_FALSE(decodes("01016110" + hash)) << "a gap before the first frame";
  EXPECT_FALSE(decodes("01016000" + hash)) << "no units";
  EXPECT_FALSE(decodes("01016011" + hash)) << "17 units";
  EXPECT_FALSE(decodes("01026000" + zeros)) << "a node in a data pack";
  EXPECT_FALSE(decodes("01016010" + hash, PackKind::kMeta)) << "units among nodes";
  EXPECT_FALSE(decodes("01026000" + hash, PackKind::kMeta)) << "a node with a hash";
  EXPECT_FALSE(decodes("01026001" + zeros, PackKind::kMeta)) << "a node with units";
  EXPECT_FALSE(decodes("01ff6000" + zeros, PackKind::kMeta)) << "a footer in it";
  EXPECT_FALSE(decodes("01076000" + zeros, PackKind::kMeta)) << "an unknown kind";
  EXPECT_FALSE(decodes("02016010" + hash + "013010" + hash)) << "48 apart";
  EXPECT_TRUE(decodes("02016010" + hash + "013110" + hash)) << "49 apart";
  EXPECT_FALSE(decodes("01016010" + hash + "00")) << "bytes left";
  EXPECT_FALSE(decodes("8100016010" + hash)) << "a long form";
}

// The most frames that one number can promise must not make the decoder take memory for them.
TEST(Footer, PromisesMoreFramesThanItHolds) {
  const auto decoded = DecodeFooter(HexDecode("8080020160").value(), PackKind::kData);
  ASSERT_FALSE(decoded.ok());
  EXPECT_THAT(decoded.error().ToString(), ::testing::HasSubstr("too short for 32768 frames"));
}

RC_GTEST_PROP(Footer, DecodesToWhatWasEncoded, (uint64_t seed)) {
  SeededRandom random(seed);
  const bool data = testing::Draw(random, 2) == 0;
  std::vector<FooterFrame> frames;
  uint32_t offset = kPackHeaderBytes;
  for (uint64_t i = 1 + testing::Draw(random, 50); i > 0; --i) {
    FooterFrame frame{.kind = FrameKind::kUnits, .offset = offset, .units = 0, .hash = {}};
    frame.kind = data ? FrameKind::kUnits : static_cast<FrameKind>(2 + testing::Draw(random, 5));
    if (data) frame.units = static_cast<uint8_t>(1 + testing::Draw(random, 16));
    if (data) random.Fill(frame.hash);
    frames.push_back(frame);
    offset += static_cast<uint32_t>(49 + testing::Draw(random, 1 << 20));
  }
  const Bytes bytes = EncodeFooter(frames);
  RC_ASSERT(bytes.size() <= kFooterCountBytesMax + frames.size() * kFooterFrameBytesMax);
  RC_ASSERT(DecodeFooter(bytes, data ? PackKind::kData : PackKind::kMeta).value() == frames);
}

RC_GTEST_PROP(Footer, WhatDecodesEncodesToTheSameBytes, (uint64_t seed)) {
  SeededRandom random(seed);
  Bytes bytes = EncodeFooter(SampleFooter());
  testing::Damage(random, bytes);
  const auto decoded = DecodeFooter(bytes, PackKind::kData);
  if (decoded.ok()) RC_ASSERT(EncodeFooter(*decoded) == bytes);
}

TEST(PackTrailer, HasTheDocumentedBytes) {
  const PackTrailer trailer{.footer_offset = 0x12345, .frames = 7};
  const PackTrailerBytes bytes = EncodePackTrailer(trailer);
  EXPECT_EQ(HexEncode(ByteSpan(bytes).first(12)),
            "4523010000000000"
            "07000000");
  EXPECT_EQ(LoadLe32(&bytes[12]), codec::Crc32c(ByteSpan(bytes).first(12)));
  EXPECT_EQ(AsText(ByteSpan(bytes).subspan(16)), "PGKEND01");
  EXPECT_EQ(DecodePackTrailer(bytes).value(), trailer);
}

TEST(PackTrailer, EveryFlippedBitAndTruncationIsCorruption) {
  PackTrailerBytes bytes = EncodePackTrailer({.footer_offset = 0x12345, .frames = 7});
  testing::ForEachFlippedBit(bytes, [&](size_t bit) {
    const auto decoded = DecodePackTrailer(bytes);
    ASSERT_FALSE(decoded.ok()) << "bit " << bit;
    ASSERT_EQ(decoded.error().code(), ErrorCode::kCorruption) << "bit " << bit;
  });
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(DecodePackTrailer(ByteSpan(bytes).first(size)).ok()) << size;
  }
}

TEST(PackTrailer, ImpossibleNumbersAreCorruption) {
  const auto refused = [](uint64_t offset, uint32_t frames) {
    PackTrailerBytes bytes = EncodePackTrailer({.footer_offset = 0x12345, .frames = 7});
    StoreLe64(&bytes[0], offset);
    StoreLe32(&bytes[8], frames);
    StoreLe32(&bytes[12], codec::Crc32c(ByteSpan(bytes).first(12)));
    return !DecodePackTrailer(bytes).ok();
  };
  EXPECT_FALSE(refused(96 + 49, 2));
  EXPECT_TRUE(refused(96 + 48, 2)) << "no frame fits";
  EXPECT_TRUE(refused(96 + 49, 3)) << "two frames do not fit";
  EXPECT_TRUE(refused(0x12345, 1)) << "no frame beside the footer";
  EXPECT_TRUE(refused(kMaxPackBytes, kMaxFramesPerPack + 2));
  EXPECT_TRUE(refused(kMaxPackBytes, 2));
  EXPECT_TRUE(refused(UINT64_MAX, 2));
}

TEST(FrameKind, BelongsIntoOneKindOfPack) {
  EXPECT_TRUE(KindBelongsInto(FrameKind::kUnits, PackKind::kData));
  EXPECT_FALSE(KindBelongsInto(FrameKind::kUnits, PackKind::kMeta));
  for (const FrameKind kind : {FrameKind::kLeaf, FrameKind::kIndex, FrameKind::kDirectory,
                               FrameKind::kFingerprints, FrameKind::kBlob}) {
    EXPECT_FALSE(KindBelongsInto(kind, PackKind::kData)) << FrameKindName(kind);
    EXPECT_TRUE(KindBelongsInto(kind, PackKind::kMeta)) << FrameKindName(kind);
  }
  EXPECT_TRUE(KindBelongsInto(FrameKind::kFooter, PackKind::kData));
  EXPECT_TRUE(KindBelongsInto(FrameKind::kFooter, PackKind::kMeta));
}

}  // namespace
}  // namespace pgkeep::repository

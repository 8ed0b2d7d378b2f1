#include "repository/frame_opener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/endian.h"
#include "codec/crc32c.h"
#include "repository/units_payload.h"
#include "testing/damage.h"
#include "testing/pack_samples.h"

namespace pgkeep::repository {
namespace {

using testing::ExpectFrame;
using testing::FrameOf;
using testing::PackFixture;

template <class T>
ErrorCode CodeOf(const Result<T>& result) {
  EXPECT_FALSE(result.ok());
  return result.ok() ? ErrorCode::kInternal : result.error().code();
}

// A frame sealed by hand under the pack's key, so that its header may say what the builder refuses.
Bytes SealByHand(const PackKeys& keys, FrameHeaderBytes header, ByteSpan plain) {
  StoreLe32(&header[28], codec::Crc32c(ByteSpan(header).first(28)));
  Bytes frame(kFrameOverheadBytes + plain.size());
  std::ranges::copy(header, frame.begin());
  ByteArray<12> nonce{};
  std::copy_n(header.begin() + 4, 4, nonce.begin());
  std::copy_n(header.begin() + 20, 8, nonce.begin() + 4);
  crypto::Aes256Gcm cipher(keys.ExposeKey());
  cipher.Seal(nonce, FrameAad(keys.header(), header), plain,
              MutableByteSpan(frame).subspan(kFrameHeaderBytes));
  return frame;
}

class FrameOpenerTest : public ::testing::Test {
 protected:
  PackFixture fixture_{1};
  PackBuilder::Finished pack_ = fixture_.DataPack(0, 4);
  PackKeys keys_ = fixture_.Keys(pack_);
  FrameOpener opener_;
};

TEST_F(FrameOpenerTest, EveryFlippedBitIsCorruption) {
  Bytes frame = ToBytes(FrameOf(pack_.bytes, 1));
  const FrameExpectation expected = ExpectFrame(pack_.bytes, 1);
  ASSERT_TRUE(opener_.Open(keys_, frame, expected).ok());
  testing::ForEachFlippedBit(frame, [&](size_t bit) {
    ASSERT_EQ(CodeOf(opener_.Open(keys_, frame, expected)), ErrorCode::kCorruption) << bit;
  });
  ASSERT_TRUE(opener_.Open(keys_, frame, expected).ok());
}

// The same with the checksum of the header made right: then the cipher must notice.
TEST_F(FrameOpenerTest, EveryForgedHeaderBitIsRefused) {
  const Bytes intact = ToBytes(FrameOf(pack_.bytes, 1));
  for (size_t bit = 0; bit < 28 * 8; ++bit) {
    Bytes frame = intact;
    testing::FlipBit(frame, bit);
    StoreLe32(&frame[28], codec::Crc32c(ByteSpan(frame).first(28)));
    const auto header = DecodeFrameHeader(frame);
    if (!header.ok()) continue;
    FrameExpectation expected = ExpectFrame(pack_.bytes, 1);
    expected.kind = header->kind;
    expected.units = header->units;
    expected.rlen = header->rlen;
    expected.clen = header->clen;
    frame.resize(FrameBytes(header->clen));
    ASSERT_EQ(CodeOf(opener_.Open(keys_, frame, expected)), ErrorCode::kCorruption) << bit;
  }
}

TEST_F(FrameOpenerTest, EveryOtherLengthIsCorruption) {
  Bytes frame = ToBytes(FrameOf(pack_.bytes, 1));
  const FrameExpectation expected = ExpectFrame(pack_.bytes, 1);
  for (size_t size = 0; size < frame.size(); ++size) {
    ASSERT_EQ(CodeOf(opener_.Open(keys_, ByteSpan(frame).first(size), expected)),
              ErrorCode::kCorruption);
  }
  frame.push_back(0);
  EXPECT_EQ(CodeOf(opener_.Open(keys_, frame, expected)), ErrorCode::kCorruption);
}

TEST_F(FrameOpenerTest, EveryOtherExpectationIsCorruption) {
  const ByteSpan frame = FrameOf(pack_.bytes, 1);
  const auto open = [&](const std::function<void(FrameExpectation&)>& change) {
    FrameExpectation expected = ExpectFrame(pack_.bytes, 1);
    change(expected);
    return opener_.Open(keys_, frame, expected);
  };
  EXPECT_TRUE(open([](auto& expected) { expected.number = 1; }).ok());
  EXPECT_EQ(CodeOf(open([](auto& expected) { expected.number = 2; })), ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(open([](auto& expected) { ++expected.units; })), ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(open([](auto& expected) { ++expected.rlen; })), ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(open([](auto& expected) { --expected.rlen; })), ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(open([](auto& expected) { --expected.clen; })), ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(open([](auto& expected) { expected.kind = FrameKind::kLeaf; })),
            ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(open([](auto& expected) { expected.rlen = UINT32_MAX; })),
            ErrorCode::kCorruption)
      << "and takes no memory for it";
}

TEST_F(FrameOpenerTest, ErrorsNamePackAndOffset) {
  Bytes frame = ToBytes(FrameOf(pack_.bytes, 1));
  frame.back() = static_cast<uint8_t>(frame.back() ^ 1);
  const FrameExpectation expected = ExpectFrame(pack_.bytes, 1);
  const auto opened = opener_.Open(keys_, frame, expected);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().ToString(), ::testing::HasSubstr(pack_.name.Key()));
  EXPECT_THAT(opened.error().ToString(),
              ::testing::HasSubstr("offset " + std::to_string(expected.offset)));
}

// Two frames of one pack with equal numbers in the map: only the content hash tells them apart.
TEST_F(FrameOpenerTest, FramesSwappedInsideAPackAreRefused) {
  const auto builder = fixture_.Begin(PackKind::kData, 5);
  std::vector<ContentHash> hashes;
  for (const char letter : {'a', 'b'}) {
    UnitsPayloadBuilder payload;
    payload.Add(Bytes(500, static_cast<uint8_t>(letter)));
    const ByteSpan bytes = payload.Finish();
    hashes.push_back(ComputeContentHash(fixture_.content_key, bytes));
    ASSERT_TRUE(builder->Store(*fixture_.codec, FrameKind::kUnits, 1, bytes, hashes.back()).ok());
  }
  const PackBuilder::Finished pack = builder->Finish().value();
  const PackKeys keys = fixture_.Keys(pack);
  FrameExpectation expected = ExpectFrame(pack.bytes, 0);
  const ByteSpan other = FrameOf(pack.bytes, 1);
  ASSERT_EQ(other.size(), FrameBytes(expected.clen)) << "else the lengths would tell";
  ASSERT_TRUE(opener_.Open(keys, other, expected).ok()) << "the cipher cannot tell";
  EXPECT_EQ(CodeOf(opener_.OpenUnits(keys, other, expected, fixture_.content_key, hashes[0])),
            ErrorCode::kCorruption);
  Bytes payload(expected.rlen, 0xee);
  EXPECT_FALSE(
      opener_.OpenUnitsInto(keys, other, expected, fixture_.content_key, hashes[0], payload).ok());
  EXPECT_EQ(payload, Bytes(expected.rlen)) << "nothing is released";
  expected.number = 0;
  EXPECT_EQ(CodeOf(opener_.Open(keys, other, expected)), ErrorCode::kCorruption)
      << "nor is its number right";
}

TEST_F(FrameOpenerTest, FramesOfAnotherPackAreRefused) {
  // Equal plaintexts under the same writer key, another pack number.
  PackFixture again(1);
  const PackBuilder::Finished same_writer = again.DataPack(1, 4);
  ASSERT_EQ(again.writer, fixture_.writer);
  const FrameExpectation expected = ExpectFrame(same_writer.bytes, 1);
  EXPECT_EQ(CodeOf(opener_.Open(keys_, FrameOf(same_writer.bytes, 1), expected)),
            ErrorCode::kCorruption);
}

// A pack replayed as another: names are part of the header and of the key.
TEST_F(FrameOpenerTest, PacksOfAnotherWriterOrRepositoryAreRefused) {
  const auto open = [&](const PackFixture& as, const PackBuilder::Finished& pack, ByteSpan prk) {
    const PackName name{as.writer, PackKind::kData, 0};
    return OpenPackHeader(ByteSpan(pack.bytes).first(kPackHeaderBytes), name, as.repository, prk);
  };
  ASSERT_TRUE(open(fixture_, pack_, fixture_.prk).ok());
  PackFixture stranger(2);
  const PackBuilder::Finished strange = stranger.DataPack(0, 4);
  EXPECT_EQ(CodeOf(open(fixture_, strange, fixture_.prk)), ErrorCode::kCorruption);
  // Even when a thief has both keys and claims the same writer in another repository.
  stranger.writer = fixture_.writer;
  stranger.prk = fixture_.prk;
  const PackBuilder::Finished moved = stranger.DataPack(0, 4);
  EXPECT_EQ(CodeOf(open(fixture_, moved, fixture_.prk)), ErrorCode::kCorruption);
  // A header made to fit, in front of frames that do not.
  const FrameExpectation expected = ExpectFrame(moved.bytes, 1);
  EXPECT_EQ(CodeOf(opener_.Open(keys_, FrameOf(moved.bytes, 1), expected)), ErrorCode::kCorruption);
}

TEST_F(FrameOpenerTest, GoesFromPackToPackAndBack) {
  const PackBuilder::Finished other = fixture_.DataPack(1, 4);
  const PackKeys other_keys = fixture_.Keys(other);
  for (int round = 0; round < 3; ++round) {
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_TRUE(opener_.Open(keys_, FrameOf(pack_.bytes, i), ExpectFrame(pack_.bytes, i)).ok());
      EXPECT_TRUE(
          opener_.Open(other_keys, FrameOf(other.bytes, i), ExpectFrame(other.bytes, i)).ok());
      EXPECT_FALSE(
          opener_.Open(other_keys, FrameOf(pack_.bytes, i), ExpectFrame(pack_.bytes, i)).ok());
    }
  }
}

TEST_F(FrameOpenerTest, OpenIntoGivesThePayloadOrZeros) {
  Bytes frame = ToBytes(FrameOf(pack_.bytes, 3));
  const FrameExpectation expected = ExpectFrame(pack_.bytes, 3);
  Bytes payload(expected.rlen, 0xee);
  ASSERT_TRUE(opener_.OpenInto(keys_, frame, expected, payload).ok());
  EXPECT_TRUE(BytesEqual(payload, opener_.Open(keys_, frame, expected).value()));
  EXPECT_TRUE(SplitUnits(payload, 4).ok());
  frame[40] = static_cast<uint8_t>(frame[40] ^ 1);
  ASSERT_FALSE(opener_.OpenInto(keys_, frame, expected, payload).ok());
  EXPECT_EQ(payload, Bytes(expected.rlen));
}

TEST_F(FrameOpenerTest, UnitsHaveToMatchTheirHash) {
  const ByteSpan frame = FrameOf(pack_.bytes, 2);
  const FrameExpectation expected = ExpectFrame(pack_.bytes, 2);
  ContentHash hash = pack_.frames[2].hash;
  EXPECT_TRUE(opener_.OpenUnits(keys_, frame, expected, fixture_.content_key, hash).ok());
  testing::ForEachFlippedBit(hash, [&](size_t bit) {
    ASSERT_EQ(CodeOf(opener_.OpenUnits(keys_, frame, expected, fixture_.content_key, hash)),
              ErrorCode::kCorruption)
        << bit;
  });
  EXPECT_EQ(CodeOf(opener_.OpenUnits(keys_, frame, expected, fixture_.node_key, hash)),
            ErrorCode::kCorruption);
}

TEST_F(FrameOpenerTest, NodesHaveToMatchTheirId) {
  const Bytes payload = testing::SampleText(fixture_.random, 300);
  const PackBuilder::Finished pack = fixture_.MetaPack(4, payload);
  const PackKeys keys = fixture_.Keys(pack);
  const FrameExpectation place = ExpectFrame(pack.bytes, 0);
  NodeRef ref{.writer = fixture_.writer,
              .seq = 4,
              .offset = place.offset,
              .clen = place.clen,
              .rlen = place.rlen,
              .id = ComputeNodeId(FrameKind::kLeaf, payload, fixture_.node_key)};
  const ByteSpan frame = FrameOf(pack.bytes, 0);
  const auto open = [&](FrameKind kind) {
    return opener_.OpenNode(keys, frame, kind, ref, fixture_.node_key);
  };
  ASSERT_TRUE(open(FrameKind::kLeaf).ok());
  EXPECT_TRUE(BytesEqual(*open(FrameKind::kLeaf), payload));
  EXPECT_EQ(CodeOf(open(FrameKind::kIndex)), ErrorCode::kCorruption);
  testing::ForEachFlippedBit(ref.id, [&](size_t bit) {
    ASSERT_EQ(CodeOf(open(FrameKind::kLeaf)), ErrorCode::kCorruption) << bit;
  });
  ref.id = ComputeNodeId(FrameKind::kIndex, payload, fixture_.node_key);
  EXPECT_EQ(CodeOf(open(FrameKind::kLeaf)), ErrorCode::kCorruption) << "the kind is in the id";
  ref.seq = 5;
  EXPECT_EQ(CodeOf(open(FrameKind::kLeaf)), ErrorCode::kInternal) << "keys of another pack";
}

// Sealed by a holder of the key, so only the rules of the format are left to refuse it.
TEST_F(FrameOpenerTest, CompressedGarbageIsCorruption) {
  FrameHeader header{.number = 0,
                     .codec = codec::CodecId::kZstd,
                     .kind = FrameKind::kUnits,
                     .units = 1,
                     .clen = 50,
                     .rlen = 500,
                     .nonce_tail = {}};
  Bytes garbage(header.clen);
  fixture_.random.Fill(garbage);
  const FrameExpectation expected{.kind = FrameKind::kUnits,
                                  .offset = 96,
                                  .clen = 50,
                                  .rlen = 500,
                                  .units = 1,
                                  .number = std::nullopt};
  const Bytes frame = SealByHand(keys_, EncodeFrameHeader(header), garbage);
  EXPECT_EQ(CodeOf(opener_.Open(keys_, frame, expected)), ErrorCode::kCorruption);
}

TEST_F(FrameOpenerTest, APayloadOfAnotherLengthIsCorruption) {
  const Bytes text(500, 'x');
  Bytes compressed(fixture_.codec->MaxCompressedSize(text.size()));
  compressed.resize(fixture_.codec->Compress(text, compressed).value());
  for (const uint32_t rlen : {499U, 500U, 501U}) {
    const FrameHeader header{.number = 0,
                             .codec = codec::CodecId::kZstd,
                             .kind = FrameKind::kUnits,
                             .units = 1,
                             .clen = static_cast<uint32_t>(compressed.size()),
                             .rlen = rlen,
                             .nonce_tail = {}};
    const FrameExpectation expected{.kind = FrameKind::kUnits,
                                    .offset = 96,
                                    .clen = header.clen,
                                    .rlen = rlen,
                                    .units = 1,
                                    .number = std::nullopt};
    const Bytes frame = SealByHand(keys_, EncodeFrameHeader(header), compressed);
    EXPECT_EQ(opener_.Open(keys_, frame, expected).ok(), rlen == 500) << rlen;
  }
}

TEST_F(FrameOpenerTest, UnknownCodecsAndKindsAreAnotherVersion) {
  const FrameExpectation expected = ExpectFrame(pack_.bytes, 1);
  const Bytes plain(expected.clen);
  for (const size_t at : {8U, 9U}) {
    FrameHeaderBytes header{};
    std::copy_n(FrameOf(pack_.bytes, 1).begin(), header.size(), header.begin());
    header[at] = 77;
    const Bytes frame = SealByHand(keys_, header, plain);
    EXPECT_EQ(CodeOf(opener_.Open(keys_, frame, expected)), ErrorCode::kUnsupportedVersion);
  }
}

}  // namespace
}  // namespace pgkeep::repository

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/endian.h"
#include "base/error.h"
#include "codec/codec.h"

namespace pgkeep::codec {
namespace {

constexpr unsigned kSeed = 4711;

// Rows of a table in text form: compresses about as well as real data.
Bytes TextBlock(size_t size) {
  std::mt19937 random(kSeed);
  Bytes block;
  while (block.size() < size) {
    Append(block, AsBytes(std::to_string(random() % 100000)));
    Append(block, AsBytes("\tcustomer\tactive\t2026-01-01\n"));
  }
  block.resize(size);
  return block;
}

Bytes NoiseBlock(size_t size) {
  std::mt19937 random(kSeed);
  Bytes block(size);
  for (uint8_t& byte : block) byte = static_cast<uint8_t>(random());
  return block;
}

Bytes Compressed(BlockCodec& codec, ByteSpan block) {
  Bytes out(codec.MaxCompressedSize(block.size()));
  const auto size = codec.Compress(block, out);
  EXPECT_TRUE(size.ok());
  out.resize(*size);
  return out;
}

// Decompresses into a buffer with guard bytes on both sides and expects kCorruption and whole
// guards.
void ExpectCorrupt(ByteSpan in, size_t expected_size, const char* what) {
  SCOPED_TRACE(what);
  constexpr size_t kGuard = 64;
  Bytes buffer(expected_size + 2 * kGuard, 0xa5);
  const auto codec = MakeZstd(1);
  const Status status =
      codec->Decompress(in, MutableByteSpan(buffer).subspan(kGuard, expected_size));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kCorruption) << status.error().ToString();
  const auto intact = [](uint8_t byte) { return byte == 0xa5; };
  EXPECT_TRUE(std::all_of(buffer.begin(), buffer.begin() + kGuard, intact));
  EXPECT_TRUE(std::all_of(buffer.end() - kGuard, buffer.end(), intact));
}

// A frame header with the content size as 8 bytes (RFC 8878 section 3.1.1.1), then `rest`.
Bytes FrameDeclaring(uint64_t content_size, ByteSpan rest) {
  Bytes frame = {0x28, 0xb5, 0x2f, 0xfd, 0xe0};  // single segment, 8-byte content size
  uint8_t size[8];
  StoreLe64(size, content_size);
  Append(frame, size);
  Append(frame, rest);
  return frame;
}

// The last block, raw, of `size` bytes of 'x'.
Bytes RawLastBlock(uint32_t size) {
  const uint32_t header = size << 3 | 1;
  Bytes block = {static_cast<uint8_t>(header), static_cast<uint8_t>(header >> 8),
                 static_cast<uint8_t>(header >> 16)};
  block.insert(block.end(), size, 'x');
  return block;
}

TEST(ZstdCodec, RoundTripsAllSizesAndLevels) {
  for (const size_t size :
       {size_t{0}, size_t{1}, size_t{100}, size_t{8192}, size_t{131073}, size_t{1} << 21}) {
    for (const Bytes& block : {TextBlock(size), NoiseBlock(size), Bytes(size)}) {
      for (const int level : {kZstdLevelMin, -1, 0, 1, 3, kZstdLevelMax}) {
        const auto codec = MakeZstd(level);
        const Bytes packed = Compressed(*codec, block);
        Bytes back(size, 0xff);
        const Status status = codec->Decompress(packed, back);
        ASSERT_TRUE(status.ok()) << status.error().ToString();
        ASSERT_EQ(back, block) << "level " << level << ", size " << size << ", seed " << kSeed;
      }
    }
  }
}

TEST(ZstdCodec, ShrinksText) {
  const Bytes block = TextBlock(131072);
  EXPECT_LT(Compressed(*MakeZstd(1), block).size(), block.size() / 2);
}

TEST(ZstdCodec, HigherLevelsShrinkMore) {
  const Bytes block = TextBlock(131072);
  const size_t fast = Compressed(*MakeZstd(kZstdLevelMin), block).size();
  EXPECT_LT(Compressed(*MakeZstd(1), block).size(), fast);
  EXPECT_LT(Compressed(*MakeZstd(kZstdLevelMax), block).size(), fast);
}

TEST(ZstdCodec, AnyLevelReadsAnyOther) {
  const Bytes block = TextBlock(8192);
  Bytes back(block.size());
  ASSERT_TRUE(MakeZstd(-7)->Decompress(Compressed(*MakeZstd(12), block), back).ok());
  EXPECT_EQ(back, block);
}

TEST(ZstdCodec, SaysWhenTheBlockDoesNotShrinkAndGoesOn) {
  const auto codec = MakeZstd(kZstdLevelMin);
  const Bytes noise = NoiseBlock(8192);
  Bytes out(noise.size());
  const auto size = codec->Compress(noise, out);
  ASSERT_FALSE(size.ok());
  EXPECT_EQ(size.error().code(), ErrorCode::kLimitExceeded);

  // The context has kept its parameters and nothing of the failed block.
  const Bytes text = TextBlock(8192);
  EXPECT_EQ(Compressed(*codec, text), Compressed(*MakeZstd(kZstdLevelMin), text));
}

TEST(ZstdCodec, RefusesBlocksAboveTheLimit) {
  const auto codec = MakeZstd(1);
  const Bytes block(kBlockBytesMax + 1);
  Bytes out(64);
  const auto size = codec->Compress(block, out);
  ASSERT_FALSE(size.ok());
  EXPECT_EQ(size.error().code(), ErrorCode::kLimitExceeded);
  Bytes target(kBlockBytesMax + 1);
  const Status status = codec->Decompress(out, target);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kLimitExceeded);
}

// The hand-made frame is valid as such; this keeps the hostile cases below honest.
TEST(ZstdCodec, ReadsAHandMadeFrame) {
  Bytes out(100);
  const Status status = MakeZstd(1)->Decompress(FrameDeclaring(100, RawLastBlock(100)), out);
  ASSERT_TRUE(status.ok()) << status.error().ToString();
  EXPECT_EQ(out, Bytes(100, 'x'));
}

TEST(ZstdCodec, RefusesDeclaredSizesThatAreNotTheExpectedOne) {
  const uint64_t huge = uint64_t{1} << 60;
  ExpectCorrupt(FrameDeclaring(huge, RawLastBlock(100)), 100, "an exabyte");
  ExpectCorrupt(FrameDeclaring(~uint64_t{0}, RawLastBlock(100)), 100, "the value for unknown");
  ExpectCorrupt(FrameDeclaring(~uint64_t{1}, RawLastBlock(100)), 100, "the value for error");
  ExpectCorrupt(FrameDeclaring(0, RawLastBlock(100)), 100, "zero");
  ExpectCorrupt(FrameDeclaring(101, RawLastBlock(100)), 100, "one more");
  ExpectCorrupt(FrameDeclaring(100, RawLastBlock(100)), 101, "expected more");
  ExpectCorrupt(FrameDeclaring(100, RawLastBlock(100)), 99, "expected less");
  ExpectCorrupt(FrameDeclaring(100, RawLastBlock(100)), 0, "expected nothing");
}

TEST(ZstdCodec, RefusesContentThatIsNotTheDeclaredSize) {
  ExpectCorrupt(FrameDeclaring(100, RawLastBlock(99)), 100, "less than declared");
  ExpectCorrupt(FrameDeclaring(100, RawLastBlock(5000)), 100, "more than declared");
  // A run-length block of 128 KiB from one byte, in a frame that declares 100 bytes.
  ExpectCorrupt(FrameDeclaring(100, Bytes{0x03, 0x00, 0x10, 'x'}), 100, "run-length bomb");
}

TEST(ZstdCodec, RefusesAFrameWithoutItsSizeAndWithAHugeWindow) {
  // Window descriptor 0xff asks for 3.75 TiB; no content size.
  Bytes frame = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xff};
  Append(frame, RawLastBlock(100));
  ExpectCorrupt(frame, 100, "huge window");
  frame[5] = 0x00;
  ExpectCorrupt(frame, 100, "small window, size unknown");
}

TEST(ZstdCodec, RefusesADictionaryId) {
  // Single segment, one-byte dictionary id 7, one-byte content size 100.
  Bytes frame = {0x28, 0xb5, 0x2f, 0xfd, 0x21, 0x07, 100};
  Append(frame, RawLastBlock(100));
  ExpectCorrupt(frame, 100, "dictionary id");
}

TEST(ZstdCodec, RefusesTrailingBytesSecondAndSkippableFrames) {
  const Bytes block = TextBlock(8192);
  const auto codec = MakeZstd(1);
  const Bytes frame = Compressed(*codec, block);
  Bytes skippable = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4};

  Bytes with_tail = frame;
  with_tail.push_back(0);
  ExpectCorrupt(with_tail, block.size(), "one byte after");

  Bytes twice = frame;
  Append(twice, frame);
  ExpectCorrupt(twice, block.size(), "two frames");
  ExpectCorrupt(twice, 2 * block.size(), "two frames, twice the size");

  Bytes after = frame;
  Append(after, skippable);
  ExpectCorrupt(after, block.size(), "skippable after");

  ExpectCorrupt(skippable, 0, "skippable alone");
  Append(skippable, frame);
  ExpectCorrupt(skippable, block.size(), "skippable before");

  // An empty frame may not hide before the real one either.
  Bytes empty_first = Compressed(*codec, {});
  Append(empty_first, frame);
  ExpectCorrupt(empty_first, block.size(), "empty frame before");
}

TEST(ZstdCodec, RefusesLegacyFormats) {
  for (uint8_t version = 0x22; version <= 0x27; ++version) {
    Bytes frame = {version, 0xb5, 0x2f, 0xfd};
    frame.resize(64);
    ExpectCorrupt(frame, 100, "legacy magic");
  }
}

TEST(ZstdCodec, RefusesEveryTruncation) {
  const Bytes block = TextBlock(700);
  const Bytes frame = Compressed(*MakeZstd(3), block);
  for (size_t size = 0; size < frame.size(); ++size) {
    ExpectCorrupt(ByteSpan(frame).first(size), block.size(), "truncated");
    if (HasFailure()) break;
  }
}

// Without a checksum a flipped literal decodes to other bytes: that is for the AEAD to find. What
// must hold here is that nothing outside `out` is touched and that the codec works afterwards.
TEST(ZstdCodec, SurvivesGarbageAndBitFlips) {
  std::mt19937 random(kSeed);
  const auto codec = MakeZstd(3);
  const Bytes block = TextBlock(4096);
  const Bytes frame = Compressed(*codec, block);
  Bytes out(block.size());
  size_t refused = 0;
  for (int round = 0; round < 20000; ++round) {
    Bytes hostile = frame;
    for (unsigned flips = 1 + random() % 4; flips > 0; --flips) {
      uint8_t& byte = hostile[random() % hostile.size()];
      byte = static_cast<uint8_t>(byte ^ (1U << random() % 8));
    }
    const Status status = codec->Decompress(hostile, out);
    if (status.ok()) continue;
    ++refused;
    ASSERT_EQ(status.error().code(), ErrorCode::kCorruption) << "seed " << kSeed;
  }
  EXPECT_GT(refused, 0U);
  for (int round = 0; round < 2000; ++round) {
    Bytes noise(random() % 64);
    for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random());
    if (noise.size() >= 4 && round % 2 == 0) std::copy_n(frame.begin(), 4, noise.begin());
    EXPECT_FALSE(codec->Decompress(noise, out).ok());
  }
  ASSERT_TRUE(codec->Decompress(frame, out).ok());
  EXPECT_EQ(out, block);
}

}  // namespace
}  // namespace pgkeep::codec

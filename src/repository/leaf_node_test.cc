#include "repository/leaf_node.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "base/hex.h"
#include "testing/node_properties.h"
#include "testing/node_samples.h"

namespace pgkeep::repository {
namespace {

using testing::SeededRandom;
using Type = Extent::Type;

// 20 units: 3 holes, 4 units of frame 0, two blobs, frame 1 from its second unit on.
LeafNode SampleLeaf() {
  LeafNode leaf;
  leaf.units = 3 + 4 + 2 + 9 + 2;
  PackId first;
  first.writer.bytes.fill(0x0a);
  PackId second = first;
  second.seq = 300;
  leaf.packs = {first, second};
  LeafFrame frame{.pack = 0, .offset = 96, .clen = 200, .rlen = 400, .units = 4, .hash = {}};
  frame.hash.fill(0x0b);
  leaf.frames.push_back(frame);
  frame = {.pack = 1, .offset = 500, .clen = 7, .rlen = 900, .units = 10, .hash = {}};
  frame.hash.fill(0x0c);
  leaf.frames.push_back(frame);
  leaf.blobs = {{.node = NodePointer::Inline({1}), .length = (1 << 20) + 1},
                {.node = NodePointer::Inline({2}), .length = 1 << 21}};
  leaf.extents = {{.type = Type::kHole, .count = 3, .index = 0, .first = 0},
                  {.type = Type::kRun, .count = 4, .index = 0, .first = 0},
                  {.type = Type::kBig, .count = 2, .index = 0, .first = 0},
                  {.type = Type::kRun, .count = 9, .index = 1, .first = 1},
                  {.type = Type::kRun, .count = 2, .index = 0, .first = 2}};
  leaf.bytes = 390 + (1 << 20) + 1 + (1 << 21) + 800 + 100;
  return leaf;
}

bool Refuses(const std::function<void(LeafNode&)>& change) {
  LeafNode leaf = SampleLeaf();
  change(leaf);
  const Status status = ValidateLeaf(leaf);
  return !status.ok() && status.error().code() == ErrorCode::kCorruption;
}

TEST(LeafNode, HasTheDocumentedBytes) {
  const std::string writer(32, 'x');
  std::string expected =
      "01"
      "14"
      "8b8ac001"  // units, bytes
      "02"
      "wwwwwwwwwwwwwwww"
      "00"
      "wwwwwwwwwwwwwwww"
      "ac02"  // packs
      "02"
      "00"
      "60"
      "c801"
      "9003"
      "04"
      "h1"
      "01"
      "f403"
      "07"
      "8407"
      "0a"
      "h2"  // frames
      "02"
      "010101"
      "818040"
      "010102"
      "80808001"  // blobs
      "05"
      "0c"
      "110000"
      "0a00"
      "250101"
      "090002";  // extents
  const auto replace = [&](const std::string& from, const std::string& to) {
    for (size_t at = expected.find(from); at != std::string::npos; at = expected.find(from)) {
      expected.replace(at, from.size(), to);
    }
  };
  std::string id;
  std::string hash1;
  std::string hash2;
  for (int i = 0; i < 16; ++i) {
    id += "0a";
    hash1 += "0b";
    hash2 += "0c";
  }
  replace("wwwwwwwwwwwwwwww", id);
  replace("h1", hash1);
  replace("h2", hash2);
  EXPECT_EQ(HexEncode(EncodeLeaf(SampleLeaf())), expected);
}

RC_GTEST_PROP(LeafNode, HasOneForm, (uint64_t seed)) {
  SeededRandom random(seed);
  testing::CheckOneForm(random, testing::RandomLeaf(random), EncodeLeaf, DecodeLeaf);
}

TEST(LeafNode, EveryTruncationIsCorruption) {
  const Bytes bytes = EncodeLeaf(SampleLeaf());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = DecodeLeaf(ByteSpan(bytes).first(size));
    ASSERT_FALSE(decoded.ok()) << size;
    ASSERT_EQ(decoded.error().code(), ErrorCode::kCorruption) << size;
  }
}

TEST(LeafNode, AnotherVersionIsUnsupported) {
  Bytes bytes = EncodeLeaf(SampleLeaf());
  bytes[0] = 2;
  EXPECT_EQ(DecodeLeaf(bytes).error().code(), ErrorCode::kUnsupportedVersion);
}

TEST(LeafNode, UnitsHaveToAddUp) {
  EXPECT_FALSE(Refuses([](LeafNode&) {}));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { ++leaf.units; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { --leaf.units; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.units = 0; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.extents[0].count = UINT32_MAX; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) {
    leaf.extents[0].count += kUnitsPerLeaf;
    leaf.units += kUnitsPerLeaf;
  }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) {
    leaf.units -= 3;
    leaf.extents[0].count = 0;
  }));
}

TEST(LeafNode, BytesHaveToBePossible) {
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.bytes = (3 << 20) + 1; })) << "runs of 15 units";
  EXPECT_FALSE(Refuses([](LeafNode& leaf) { leaf.bytes = (3 << 20) + 1 + 15; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.bytes = uint64_t{1} << 40; }));
}

TEST(LeafNode, PacksAscendAndAreUsed) {
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { std::swap(leaf.packs[0], leaf.packs[1]); }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.packs[1] = leaf.packs[0]; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.packs[1].seq = kMaxPackSeq + 1; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) {
    leaf.packs.push_back(leaf.packs[1]);
    ++leaf.packs[2].seq;
  }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.frames[1].pack = 2; }));
}

TEST(LeafNode, FramesAscendAndAreUsed) {
  EXPECT_TRUE(Refuses([](LeafNode& leaf) {
    leaf.frames[1].pack = 0;
    leaf.frames[1].offset = 96;
    leaf.packs.pop_back();
  }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { std::swap(leaf.frames[0], leaf.frames[1]); }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) {
    leaf.frames.push_back(leaf.frames[1]);
    leaf.frames[2].offset += 1000;
  })) << "not used";
}

TEST(LeafNode, FramesKeepTheirLimits) {
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.frames[0].units = 17; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.frames[0].units = 0; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.frames[0].clen = 0; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.frames[0].clen = 401; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.frames[0].rlen = kMaxUnitsFrameRlen + 1; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.frames[0].rlen = leaf.frames[0].clen = 7; }))
      << "four units have eight bytes at least";
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.frames[0].offset = 95; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.frames[1].offset = kMaxPackBytes; }));
}

TEST(LeafNode, ExtentsStayInsideTheirFrames) {
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.extents[3].first = 2; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.extents[3].first = UINT32_MAX; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.extents[3].index = 2; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.extents[0].index = 1; })) << "a hole has no frame";
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.extents[0].type = static_cast<Type>(3); }));
}

TEST(LeafNode, BlobsAreUsedAndInTheirLimits) {
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.blobs.push_back(leaf.blobs[0]); }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.blobs.pop_back(); }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.extents[2].index = 1; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.extents[2].first = 1; }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) { leaf.blobs[0].node = NodePointer(); }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) {
    leaf.blobs[0].length = 1 << 20;
    leaf.bytes -= 1;
  }));
  EXPECT_TRUE(Refuses([](LeafNode& leaf) {
    leaf.blobs[0].length = (uint64_t{64} << 30) + 1;
    leaf.bytes += uint64_t{64} << 30;
  }));
}

TEST(LeafNode, ExtentsThatCouldBeOneAreOne) {
  EXPECT_TRUE(Refuses([](LeafNode& leaf) {
    leaf.extents.insert(leaf.extents.begin(), leaf.extents[0]);
    leaf.extents[0].count = 1;
    leaf.extents[1].count = 2;
  })) << "two holes";
  EXPECT_TRUE(Refuses([](LeafNode& leaf) {
    leaf.extents[1].count = 2;
    leaf.extents.insert(leaf.extents.begin() + 2, {Type::kRun, 2, 0, 2});
  })) << "a run cut in two";
  EXPECT_TRUE(Refuses([](LeafNode& leaf) {
    leaf.extents[2].count = 1;
    leaf.extents.insert(leaf.extents.begin() + 3, {Type::kBig, 1, 1, 0});
  })) << "blobs cut in two";
  EXPECT_FALSE(Refuses([](LeafNode& leaf) {
    leaf.extents[1].count = 2;
    leaf.extents.insert(leaf.extents.begin() + 2, {Type::kRun, 2, 0, 1});
  })) << "units of a frame again, but not the next ones";
}

// Numbers that promise gigabytes, in inputs of a few bytes.
TEST(LeafNode, PromisesCostNoMemory) {
  for (const char* hex : {"0180800101808001", "018080010100808001", "01808001010000808001",
                          "0180800101000000808001", "01ffffffff0f00000000"}) {
    const auto decoded = DecodeLeaf(HexDecode(hex).value());
    ASSERT_FALSE(decoded.ok()) << hex;
    EXPECT_EQ(decoded.error().code(), ErrorCode::kCorruption) << hex;
  }
}

TEST(LeafInStream, IsFullUnlessLast) {
  LeafNode leaf = SampleLeaf();
  EXPECT_TRUE(CheckLeafInStream(leaf, 0, true).ok());
  EXPECT_FALSE(CheckLeafInStream(leaf, 0, false).ok());
  leaf.units = kUnitsPerLeaf;
  EXPECT_TRUE(CheckLeafInStream(leaf, 0, false).ok());
}

TEST(LeafInStream, HasTheBytesOfItsUnits) {
  LeafNode leaf;
  leaf.units = 10;
  const auto fits = [&](uint64_t bytes, bool last) {
    leaf.bytes = bytes;
    return CheckLeafInStream(leaf, 8192, last).ok();
  };
  EXPECT_TRUE(fits(81'920, true));
  EXPECT_TRUE(fits(9 * 8192 + 1, true)) << "the last unit may be short";
  EXPECT_FALSE(fits(9 * 8192, true));
  EXPECT_FALSE(fits(81'921, true));
  leaf.units = kUnitsPerLeaf;
  EXPECT_TRUE(fits(uint64_t{kUnitsPerLeaf} * 8192, false));
  EXPECT_FALSE(fits(uint64_t{kUnitsPerLeaf} * 8192 - 1, false));
  leaf.blobs.push_back({});
  EXPECT_FALSE(fits(uint64_t{kUnitsPerLeaf} * 8192, false)) << "no unit of 8 KiB is big";
}

}  // namespace
}  // namespace pgkeep::repository

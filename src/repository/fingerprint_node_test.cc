#include "repository/fingerprint_node.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "base/hex.h"
#include "testing/node_properties.h"
#include "testing/node_samples.h"

namespace pgkeep::repository {
namespace {

using testing::SeededRandom;

FingerprintNode SampleNode() {
  return {.data_seq = 5,
          .frames = {{.offset = 96, .units = 2}, {.offset = 396, .units = 1}},
          .fingerprints = {0x0102030405060708, 2, 3}};
}

bool Refuses(const std::function<void(FingerprintNode&)>& change) {
  FingerprintNode node = SampleNode();
  change(node);
  const Status status = ValidateFingerprints(node);
  return !status.ok() && status.error().code() == ErrorCode::kCorruption;
}

TEST(FingerprintNode, HasTheDocumentedBytes) {
  EXPECT_EQ(HexEncode(EncodeFingerprints(SampleNode())),
            "01"
            "05000000"
            "02"
            "6002"
            "ac0201"
            "0807060504030201"
            "0200000000000000"
            "0300000000000000");
}

RC_GTEST_PROP(FingerprintNode, HasOneForm, (uint64_t seed)) {
  SeededRandom random(seed);
  testing::CheckOneForm(random, testing::RandomFingerprints(random), EncodeFingerprints,
                        DecodeFingerprints);
}

TEST(FingerprintNode, EveryTruncationIsCorruption) {
  const Bytes bytes = EncodeFingerprints(SampleNode());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = DecodeFingerprints(ByteSpan(bytes).first(size));
    ASSERT_FALSE(decoded.ok()) << size;
    ASSERT_EQ(decoded.error().code(), ErrorCode::kCorruption) << size;
  }
}

TEST(FingerprintNode, BrokenRulesAreCorruption) {
  EXPECT_FALSE(Refuses([](FingerprintNode&) {}));
  EXPECT_TRUE(Refuses([](auto& node) { node.frames[0].offset = 97; }));
  EXPECT_TRUE(Refuses([](auto& node) { node.frames[1].offset = 96 + 48; }));
  EXPECT_FALSE(Refuses([](auto& node) { node.frames[1].offset = 96 + 49; }));
  EXPECT_TRUE(Refuses([](auto& node) { node.frames[1].offset = kMaxPackBytes; }));
  EXPECT_TRUE(Refuses([](auto& node) { node.frames[0].units = 0; }));
  EXPECT_TRUE(Refuses([](auto& node) { node.frames[0].units = 17; }));
  EXPECT_TRUE(Refuses([](auto& node) { node.fingerprints.pop_back(); }));
  EXPECT_TRUE(Refuses([](auto& node) { node.fingerprints.push_back(0); }));
  EXPECT_TRUE(Refuses([](auto& node) { node.data_seq = kMaxPackSeq + 1; }));
  EXPECT_TRUE(Refuses([](auto& node) {
    node.frames.clear();
    node.fingerprints.clear();
  }));
}

TEST(FingerprintNode, HoldsAFullPack) {
  FingerprintNode node;
  for (uint32_t i = 0; i < kMaxUnitsPerPack / kMaxUnitsPerFrame; ++i) {
    node.frames.push_back({.offset = 96 + i * 10'000, .units = 16});
  }
  node.fingerprints.resize(kMaxUnitsPerPack, 7);
  const Bytes bytes = EncodeFingerprints(node);
  EXPECT_LE(bytes.size(), kMaxNodeFrameRlen);
  EXPECT_EQ(DecodeFingerprints(bytes).value(), node);
  node.frames.push_back({.offset = 96 + 4096 * 10'000, .units = 1});
  node.fingerprints.push_back(7);
  EXPECT_FALSE(ValidateFingerprints(node).ok()) << "65,537 units";
}

TEST(FingerprintFrames, AreThoseOfThePack) {
  const std::vector<FooterFrame> footer = {
      {.kind = FrameKind::kUnits, .offset = 96, .units = 2, .hash = {}},
      {.kind = FrameKind::kUnits, .offset = 396, .units = 1, .hash = {}}};
  EXPECT_EQ(FingerprintFrames(footer), SampleNode().frames);
}

TEST(FingerprintTable, FindsTheUnitsOfAFrame) {
  const FingerprintTable table(SampleNode());
  const auto first = table.Find(96);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0], 0x0102030405060708U);
  EXPECT_EQ(first[1], 2U);
  const auto second = table.Find(396);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0], 3U);
  for (const uint32_t offset : {0U, 95U, 97U, 395U, 397U, UINT32_MAX}) {
    EXPECT_TRUE(table.Find(offset).empty()) << offset;
  }
}

}  // namespace
}  // namespace pgkeep::repository

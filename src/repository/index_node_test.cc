#include "repository/index_node.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "base/hex.h"
#include "testing/node_properties.h"
#include "testing/node_samples.h"

namespace pgkeep::repository {
namespace {

using testing::SeededRandom;

IndexNode SampleIndex() {
  IndexNode index;
  index.height = 1;
  index.children = {{.node = NodePointer::Inline({0xaa}), .bytes = 300, .units = kUnitsPerLeaf},
                    {.node = NodePointer::Inline({0xbb}), .bytes = 7, .units = 5}};
  return index;
}

bool Refuses(const std::function<void(IndexNode&)>& change) {
  IndexNode index = SampleIndex();
  change(index);
  const Status status = ValidateIndex(index);
  return !status.ok() && status.error().code() == ErrorCode::kCorruption;
}

TEST(IndexNode, HasTheDocumentedBytes) {
  EXPECT_EQ(HexEncode(EncodeIndex(SampleIndex())),
            "01"
            "01"
            "02"
            "0101aa"
            "ac02"
            "808001"
            "0101bb"
            "07"
            "05");
}

RC_GTEST_PROP(IndexNode, HasOneForm, (uint64_t seed)) {
  SeededRandom random(seed);
  testing::CheckOneForm(random, testing::RandomIndex(random), EncodeIndex, DecodeIndex);
}

TEST(IndexNode, EveryTruncationIsCorruption) {
  const Bytes bytes = EncodeIndex(SampleIndex());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = DecodeIndex(ByteSpan(bytes).first(size));
    ASSERT_FALSE(decoded.ok()) << size;
    ASSERT_EQ(decoded.error().code(), ErrorCode::kCorruption) << size;
  }
}

TEST(IndexNode, EveryChildButTheLastIsFull) {
  EXPECT_FALSE(Refuses([](IndexNode&) {}));
  EXPECT_TRUE(Refuses([](IndexNode& index) { --index.children[0].units; }));
  EXPECT_TRUE(Refuses([](IndexNode& index) { ++index.children[0].units; }));
  EXPECT_TRUE(Refuses([](IndexNode& index) { index.children[1].units = 0; }));
  EXPECT_FALSE(Refuses([](IndexNode& index) { index.children[1].units = kUnitsPerLeaf; }));
  EXPECT_TRUE(Refuses([](IndexNode& index) { index.children[1].units = kUnitsPerLeaf + 1; }));
  EXPECT_TRUE(Refuses([](IndexNode& index) { index.height = 2; })) << "then 16,384 are not full";
  EXPECT_FALSE(Refuses([](IndexNode& index) {
    index.height = 2;
    index.children[0].units = uint64_t{kUnitsPerLeaf} * 256;
  }));
}

TEST(IndexNode, ChildrenAreThere) {
  EXPECT_TRUE(Refuses([](IndexNode& index) { index.children.clear(); }));
  EXPECT_TRUE(Refuses([](IndexNode& index) { index.children[1].node = NodePointer(); }));
  IndexNode most = SampleIndex();
  most.children.insert(most.children.begin(), 254, most.children[0]);
  EXPECT_TRUE(ValidateIndex(most).ok());
  most.children.insert(most.children.begin(), most.children[0]);
  EXPECT_FALSE(ValidateIndex(most).ok());
}

TEST(IndexNode, HeightIsWithinBounds) {
  EXPECT_TRUE(Refuses([](IndexNode& index) { index.height = 0; }));
  EXPECT_TRUE(Refuses([](IndexNode& index) {
    index.height = kMaxIndexHeight + 1;
    index.children[0].units = UINT64_MAX;
  }));
}

TEST(IndexNode, SumsFitTheirNumbers) {
  EXPECT_TRUE(Refuses([](IndexNode& index) { index.children[0].bytes = UINT64_MAX; }));
  EXPECT_TRUE(Refuses([](IndexNode& index) {
    index.height = kMaxIndexHeight;
    const uint64_t full = UnitsBelow(kMaxIndexHeight - 1);
    index.children.assign(4, {.node = NodePointer::Inline({1}), .bytes = 1, .units = full});
  }));
}

TEST(IndexInStream, IsWhatItsParentSays) {
  const IndexNode index = SampleIndex();
  EXPECT_TRUE(CheckIndexInStream(index, 1, kUnitsPerLeaf + 5, 307).ok());
  EXPECT_FALSE(CheckIndexInStream(index, 2, kUnitsPerLeaf + 5, 307).ok());
  EXPECT_FALSE(CheckIndexInStream(index, 1, kUnitsPerLeaf + 6, 307).ok());
  EXPECT_FALSE(CheckIndexInStream(index, 1, kUnitsPerLeaf + 5, 306).ok());
}

TEST(IndexHeight, IsTheSmallestThatHoldsAllUnits) {
  EXPECT_EQ(HeightFor(0), 0);
  EXPECT_EQ(HeightFor(16'384), 0);
  EXPECT_EQ(HeightFor(16'385), 1);
  EXPECT_EQ(HeightFor(16'384 * 256), 1);
  EXPECT_EQ(HeightFor(16'384 * 256 + 1), 2);
  EXPECT_EQ(HeightFor(uint64_t{1} << 62), 6);
  EXPECT_EQ(HeightFor((uint64_t{1} << 62) + 1), 7);
  EXPECT_EQ(HeightFor(UINT64_MAX), 7);
}

}  // namespace
}  // namespace pgkeep::repository

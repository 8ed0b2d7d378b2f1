#include "repository/directory_node.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "base/hex.h"
#include "testing/node_properties.h"
#include "testing/node_samples.h"

namespace pgkeep::repository {
namespace {

using testing::SeededRandom;

StreamEntry SampleStream() {
  StreamEntry entry;
  entry.name = "ab";
  entry.identity = {1};
  entry.attributes = {2, 3};
  entry.kind = 9;
  entry.unit_size = 8192;
  entry.units = 3;
  entry.bytes = 20'000;
  entry.root = NodePointer::Inline({0xcc});
  return entry;
}

DirectoryNode SampleStreams() {
  DirectoryNode node;
  node.streams = {SampleStream(), SampleStream()};
  node.streams[1].name = "b";
  node.streams[1].units = node.streams[1].bytes = 0;
  node.streams[1].root = NodePointer();
  return node;
}

DirectoryNode SampleChildren() {
  DirectoryNode node;
  node.level = 1;
  node.children = {{.first_name = "a", .streams = 300, .node = NodePointer::Inline({1})},
                   {.first_name = "m", .streams = 2, .node = NodePointer::Inline({2})}};
  return node;
}

bool Refuses(DirectoryNode node, const std::function<void(DirectoryNode&)>& change) {
  change(node);
  const Status status = ValidateDirectory(node);
  return !status.ok() && status.error().code() == ErrorCode::kCorruption;
}

bool RefusesStream(const std::function<void(StreamEntry&)>& change) {
  StreamEntry entry = SampleStream();
  change(entry);
  const Status status = ValidateStreamEntry(entry);
  return !status.ok() && status.error().code() == ErrorCode::kCorruption;
}

TEST(DirectoryNode, HasTheDocumentedBytes) {
  EXPECT_EQ(HexEncode(EncodeDirectory(SampleStreams())),
            "01"
            "00"
            "02"
            "026162"
            "0101"
            "020203"
            "09"
            "8040"
            "03"
            "a09c01"
            "00"
            "0101cc"
            "0162"
            "0101"
            "020203"
            "09"
            "8040"
            "00"
            "00"
            "00"
            "00");
  EXPECT_EQ(HexEncode(EncodeDirectory(SampleChildren())),
            "01"
            "01"
            "02"
            "0161"
            "ac02"
            "010101"
            "016d"
            "02"
            "010102");
}

RC_GTEST_PROP(DirectoryNode, HasOneForm, (uint64_t seed)) {
  SeededRandom random(seed);
  testing::CheckOneForm(random, testing::RandomDirectory(random), EncodeDirectory, DecodeDirectory);
}

RC_GTEST_PROP(DirectoryNode, EntriesTellTheirLength, (uint64_t seed)) {
  SeededRandom random(seed);
  const DirectoryNode node = testing::RandomDirectory(random);
  size_t bytes = 3;
  for (const StreamEntry& entry : node.streams) bytes += EncodedBytes(entry);
  for (const DirectoryChild& child : node.children) bytes += EncodedBytes(child);
  RC_ASSERT(EncodeDirectory(node).size() == bytes);
}

TEST(DirectoryNode, EveryTruncationIsCorruption) {
  for (const DirectoryNode& node : {SampleStreams(), SampleChildren()}) {
    const Bytes bytes = EncodeDirectory(node);
    for (size_t size = 0; size < bytes.size(); ++size) {
      const auto decoded = DecodeDirectory(ByteSpan(bytes).first(size));
      ASSERT_FALSE(decoded.ok()) << size;
      ASSERT_EQ(decoded.error().code(), ErrorCode::kCorruption) << size;
    }
  }
}

TEST(DirectoryNode, NamesAscendAsBytes) {
  EXPECT_FALSE(Refuses(SampleStreams(), [](DirectoryNode&) {}));
  EXPECT_TRUE(Refuses(SampleStreams(), [](auto& node) { node.streams[1].name = "ab"; }));
  EXPECT_TRUE(Refuses(SampleStreams(), [](auto& node) { node.streams[1].name = "aa"; }));
  EXPECT_FALSE(Refuses(SampleStreams(), [](auto& node) { node.streams[1].name = "\xff"; }))
      << "bytes have no sign";
  EXPECT_TRUE(Refuses(SampleStreams(), [](auto& node) { node.streams[0].name = "\xff"; }));
  EXPECT_TRUE(Refuses(SampleChildren(), [](auto& node) { node.children[1].first_name = "a"; }));
  EXPECT_TRUE(Refuses(SampleChildren(), [](auto& node) { node.children[0].first_name = ""; }));
}

TEST(DirectoryNode, HoldsEntriesOfItsLevelOnly) {
  EXPECT_TRUE(Refuses(SampleStreams(), [](auto& node) { node.level = 1; }));
  EXPECT_TRUE(Refuses(SampleChildren(), [](auto& node) { node.level = 0; }));
  EXPECT_TRUE(Refuses(SampleStreams(), [](auto& node) { node.streams.clear(); }));
  EXPECT_TRUE(
      Refuses(SampleStreams(), [](auto& node) { node.children = SampleChildren().children; }));
  EXPECT_FALSE(Refuses(SampleChildren(), [](auto& node) { node.level = kMaxDirectoryLevel; }));
  EXPECT_TRUE(Refuses(SampleChildren(), [](auto& node) { node.level = kMaxDirectoryLevel + 1; }));
}

TEST(DirectoryNode, ChildrenHaveStreams) {
  EXPECT_TRUE(Refuses(SampleChildren(), [](auto& node) { node.children[1].streams = 0; }));
  EXPECT_TRUE(Refuses(SampleChildren(), [](auto& node) { node.children[1].streams = UINT64_MAX; }));
  EXPECT_TRUE(Refuses(SampleChildren(), [](auto& node) { node.children[0].node = NodePointer(); }));
}

TEST(DirectoryNode, IsLargeOnlyForOneEntry) {
  DirectoryNode node = SampleStreams();
  node.streams[0].identity.resize(kMaxStreamIdentityBytes);
  node.streams[0].attributes.resize(kMaxStreamAttributesBytes);
  EXPECT_FALSE(ValidateDirectory(node).ok());
  node.streams.pop_back();
  EXPECT_TRUE(ValidateDirectory(node).ok());
  EXPECT_TRUE(DecodeDirectory(EncodeDirectory(node)).value() == node);
}

TEST(StreamEntry, FieldsKeepTheirLimits) {
  EXPECT_FALSE(RefusesStream([](StreamEntry&) {}));
  EXPECT_TRUE(RefusesStream([](auto& entry) { entry.name.clear(); }));
  EXPECT_FALSE(RefusesStream([](auto& entry) { entry.name.assign(kMaxStreamNameBytes, 'x'); }));
  EXPECT_TRUE(RefusesStream([](auto& entry) { entry.name.assign(kMaxStreamNameBytes + 1, 'x'); }));
  EXPECT_TRUE(
      RefusesStream([](auto& entry) { entry.identity.resize(kMaxStreamIdentityBytes + 1); }));
  EXPECT_TRUE(
      RefusesStream([](auto& entry) { entry.attributes.resize(kMaxStreamAttributesBytes + 1); }));
  EXPECT_TRUE(RefusesStream([](auto& entry) {
    entry.unit_size = kMaxUnitBytes + 1;
    entry.bytes = entry.units * entry.unit_size;
  }));
}

TEST(StreamEntry, HasAMapIfItHasUnits) {
  EXPECT_TRUE(RefusesStream([](auto& entry) { entry.root = NodePointer(); }));
  EXPECT_TRUE(RefusesStream([](auto& entry) { entry.units = entry.bytes = 0; }));
  EXPECT_FALSE(RefusesStream([](auto& entry) {
    entry.units = entry.bytes = 0;
    entry.root = NodePointer();
  }));
  EXPECT_TRUE(RefusesStream([](auto& entry) { entry.height = 1; }));
  EXPECT_TRUE(RefusesStream([](auto& entry) {
    entry.units = kUnitsPerLeaf + 1;
    entry.bytes = entry.units * entry.unit_size;
  }));
}

TEST(StreamEntry, BytesFitTheUnits) {
  EXPECT_FALSE(RefusesStream([](auto& entry) { entry.bytes = 2 * 8192 + 1; }));
  EXPECT_TRUE(RefusesStream([](auto& entry) { entry.bytes = 2 * 8192; }));
  EXPECT_FALSE(RefusesStream([](auto& entry) { entry.bytes = 3 * 8192; }));
  EXPECT_TRUE(RefusesStream([](auto& entry) { entry.bytes = 3 * 8192 + 1; }));
  EXPECT_FALSE(RefusesStream([](auto& entry) {
    entry.unit_size = 0;
    entry.bytes = 0;
  })) << "all units may be empty";
  EXPECT_TRUE(RefusesStream([](auto& entry) {
    entry.unit_size = 0;
    entry.bytes = uint64_t{3} * (uint64_t{64} << 30) + 1;
  })) << "no unit is longer than 64 GiB";
  EXPECT_TRUE(RefusesStream([](auto& entry) {
    entry.units = UINT64_MAX;
    entry.height = 7;
    entry.bytes = 5;
  })) << "numbers that overflow when multiplied";
}

std::vector<std::string> SortedNames(SeededRandom& random, size_t count) {
  std::set<std::string> names;
  while (names.size() < count) names.insert("public/table_" + std::to_string(random.Next()));
  return {names.begin(), names.end()};
}

// The first names of the nodes that a list is cut into.
std::vector<std::string> Cut(const crypto::HmacSha256Key& key, uint8_t level,
                             const std::vector<std::string>& names, size_t entry_bytes) {
  DirectoryCutter cutter(key, level);
  std::vector<std::string> starts;
  for (const std::string& name : names) {
    if (cutter.StartsNode(name, entry_bytes)) starts.push_back(name);
  }
  return starts;
}

TEST(DirectoryCut, FollowsTheDocumentedHash) {
  const crypto::HmacSha256Key key(Bytes(32, 5));
  size_t cuts = 0;
  for (int i = 0; i < 6400; ++i) {
    const std::string name = "stream " + std::to_string(i);
    Bytes text = ToBytes(AsBytes("cut"));
    text.push_back(3);
    Append(text, AsBytes(name));
    const crypto::Digest32 mac = key.Mac(text);
    const bool expected = (mac[0] + 256 * mac[1]) % 64 == 0;
    ASSERT_EQ(CutsAfter(key, 3, name), expected) << name;
    cuts += expected ? 1U : 0U;
  }
  EXPECT_GT(cuts, 50U);
  EXPECT_LT(cuts, 200U);
}

TEST(DirectoryCut, NodesHaveSixteenEntriesAtLeast) {
  SeededRandom random(1);
  const crypto::HmacSha256Key key(Bytes(32, 5));
  const std::vector<std::string> names = SortedNames(random, 20'000);
  DirectoryCutter cutter(key, 0);
  size_t entries = 0;
  size_t nodes = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    if (cutter.StartsNode(names[i], 50)) {
      ASSERT_GE(entries, 16U);
      ASSERT_TRUE(CutsAfter(key, 0, names[i - 1]));
      entries = 0;
      ++nodes;
    } else if (i > 0) {
      ASSERT_FALSE(entries >= 16 && CutsAfter(key, 0, names[i - 1]));
    }
    ++entries;
  }
  EXPECT_GT(nodes, 100U);
}

// What the cutter cuts is what the decoder accepts: at most 262,144 bytes, or one entry.
TEST(DirectoryCut, NodesAreCutBeforeTheyGetTooLarge) {
  SeededRandom random(2);
  const crypto::HmacSha256Key key(Bytes(32, 5));
  DirectoryCutter cutter(key, 0);
  DirectoryNode node;
  size_t nodes = 0;
  for (const std::string& name : SortedNames(random, 400)) {
    StreamEntry entry = SampleStream();
    entry.name = name;
    entry.identity.resize(testing::Draw(random, 10) == 0 ? 262'144 : testing::Draw(random, 9000));
    if (cutter.StartsNode(name, EncodedBytes(entry))) {
      ASSERT_TRUE(ValidateDirectory(node).ok());
      ++nodes;
      // It would not have fitted any more, or its last name cuts.
      node.streams.push_back(entry);
      const bool by_size = !ValidateDirectory(node).ok();
      node.streams.pop_back();
      ASSERT_TRUE(by_size || CutsAfter(key, 0, node.streams.back().name));
      node.streams.clear();
    }
    node.streams.push_back(entry);
  }
  EXPECT_GT(nodes, 20U);
}

// The point of cutting by content: a new stream changes the cuts next to it only.
TEST(DirectoryCut, AnInsertedNameChangesFewNodes) {
  SeededRandom random(3);
  const crypto::HmacSha256Key key(Bytes(32, 5));
  std::vector<std::string> names = SortedNames(random, 20'000);
  const std::vector<std::string> before = Cut(key, 0, names, 50);
  for (int i = 0; i < 20; ++i) {
    std::vector<std::string> more = names;
    const std::string name = "public/table_" + std::to_string(random.Next()) + "x";
    more.insert(std::ranges::lower_bound(more, name), name);
    const std::vector<std::string> after = Cut(key, 0, more, 50);
    std::vector<std::string> changed;
    std::ranges::set_symmetric_difference(before, after, std::back_inserter(changed));
    EXPECT_LE(changed.size(), 8U) << name;
  }
}

TEST(DirectoryCut, DependsOnKeyAndLevel) {
  SeededRandom random(4);
  const std::vector<std::string> names = SortedNames(random, 5000);
  const crypto::HmacSha256Key key(Bytes(32, 5));
  const crypto::HmacSha256Key other(Bytes(32, 6));
  EXPECT_EQ(Cut(key, 0, names, 50), Cut(key, 0, names, 50));
  EXPECT_NE(Cut(key, 0, names, 50), Cut(key, 1, names, 50));
  EXPECT_NE(Cut(key, 0, names, 50), Cut(other, 0, names, 50));
}

}  // namespace
}  // namespace pgkeep::repository

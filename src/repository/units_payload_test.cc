#include "repository/units_payload.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "base/hex.h"
#include "testing/damage.h"
#include "testing/node_samples.h"

namespace pgkeep::repository {
namespace {

using testing::Draw;
using testing::SeededRandom;

Bytes Payload(const std::vector<Bytes>& units) {
  UnitsPayloadBuilder builder;
  for (const Bytes& unit : units) builder.Add(unit);
  return ToBytes(builder.Finish());
}

TEST(UnitsPayload, HasTheDocumentedBytes) {
  EXPECT_EQ(HexEncode(Payload({{0xaa}, Bytes(200, 0xbb), {0xcc, 0xcd}})).substr(0, 12),
            "01c80102"
            "aabb");
  EXPECT_EQ(Payload({Bytes(200, 1)}).size(), 202U);
}

TEST(UnitsPayload, SplitsIntoTheUnits) {
  const std::vector<Bytes> units = {{1}, Bytes(127, 2), Bytes(128, 3), Bytes(20'000, 4)};
  const Bytes payload = Payload(units);
  const UnitsView view = SplitUnits(payload, 4).value();
  ASSERT_EQ(view.count, 4U);
  for (size_t i = 0; i < units.size(); ++i) EXPECT_TRUE(BytesEqual(view.units()[i], units[i])) << i;
}

TEST(UnitsPayload, FitsUpToTheLimits) {
  UnitsPayloadBuilder builder;
  EXPECT_FALSE(builder.Fits(0));
  EXPECT_TRUE(builder.Fits(kMaxUnitBytes));
  EXPECT_FALSE(builder.Fits(kMaxUnitBytes + 1));
  builder.Add(Bytes(kFrameUnitsBytesTarget - 10));
  EXPECT_TRUE(builder.Fits(10));
  EXPECT_FALSE(builder.Fits(11));
  builder.Clear();
  for (int i = 0; i < 16; ++i) {
    ASSERT_TRUE(builder.Fits(1));
    builder.Add(Bytes(1));
  }
  EXPECT_FALSE(builder.Fits(1)) << "16 units";
}

TEST(UnitsPayload, LargestPayloadIsWithinTheLimitOfAFrame) {
  EXPECT_LE(Payload({Bytes(kMaxUnitBytes)}).size(), kMaxUnitsFrameRlen);
  EXPECT_TRUE(SplitUnits(Payload({Bytes(kMaxUnitBytes)}), 1).ok());
}

TEST(UnitsPayload, IsReusedAfterClear) {
  UnitsPayloadBuilder builder;
  builder.Add(Bytes(1000, 1));
  builder.Add(Bytes(5, 2));
  EXPECT_EQ(builder.unit_bytes(), 1005U);
  EXPECT_TRUE(BytesEqual(builder.unit(1), Bytes(5, 2)));
  const uint8_t* memory = builder.unit(0).data();
  builder.Clear();
  EXPECT_TRUE(builder.empty());
  builder.AddForWriting(3)[0] = 9;
  EXPECT_EQ(builder.unit(0).data(), memory);
  EXPECT_EQ(builder.Finish()[0], 3);
  EXPECT_EQ(builder.Finish()[1], 9);
}

TEST(UnitsPayload, BrokenRulesAreCorruption) {
  const auto refused = [](const Bytes& payload, uint16_t units) {
    const auto split = SplitUnits(payload, units);
    return !split.ok() && split.error().code() == ErrorCode::kCorruption;
  };
  EXPECT_FALSE(refused({1, 2, 'a', 'b', 'b'}, 2));
  EXPECT_TRUE(refused({1, 2, 'a', 'b', 'b'}, 1)) << "another number of units";
  EXPECT_TRUE(refused({1, 2, 'a', 'b', 'b'}, 3));
  EXPECT_TRUE(refused({1, 2, 'a', 'b'}, 2)) << "a byte is missing";
  EXPECT_TRUE(refused({1, 2, 'a', 'b', 'b', 'c'}, 2)) << "a byte is left";
  EXPECT_TRUE(refused({1, 0, 'a'}, 2)) << "an empty unit";
  EXPECT_TRUE(refused({0x81, 0x00, 'a'}, 1)) << "a long form";
  EXPECT_TRUE(refused({1, 'a'}, 0));
  EXPECT_TRUE(refused(Bytes(34, 1), 17));
  EXPECT_TRUE(refused({}, 1));
  Bytes large = {0x80, 0x80, 0x10, 0x01};  // 262,144 bytes and another one
  large.resize(4 + kFrameUnitsBytesTarget + 1);
  EXPECT_TRUE(refused(large, 2)) << "above the size at which a frame is closed";
  Bytes unit = {0x81, 0x80, 0x40};  // 1,048,577 bytes
  unit.resize(3 + kMaxUnitBytes + 1);
  EXPECT_TRUE(refused(unit, 1)) << "a unit that is too long";
}

TEST(UnitsPayload, PayloadsOfOneUnitTellItsLength) {
  for (const uint32_t length : {1U, 126U, 127U, 128U, 16'383U, 16'384U, 1'048'575U, 1'048'576U}) {
    const uint32_t rlen = SingleUnitPayloadBytes(length);
    EXPECT_EQ(rlen, Payload({Bytes(length)}).size());
    EXPECT_EQ(SingleUnitBytes(rlen), length);
  }
  // No unit makes payloads of these lengths.
  for (const uint32_t rlen : {0U, 1U, 129U, 16'386U, 1'048'580U, UINT32_MAX}) {
    EXPECT_FALSE(SingleUnitBytes(rlen).has_value()) << rlen;
  }
}

RC_GTEST_PROP(UnitsPayload, WhatSplitsIsWhatAWriterMakes, (uint64_t seed)) {
  SeededRandom random(seed);
  std::vector<Bytes> units;
  for (uint64_t i = 1 + Draw(random, 16); i > 0; --i) {
    units.push_back(testing::DrawBytes(random, 1 + Draw(random, 300)));
  }
  Bytes payload = Payload(units);
  testing::Damage(random, payload);
  const auto split = SplitUnits(payload, static_cast<uint16_t>(units.size()));
  if (!split.ok()) return;
  UnitsPayloadBuilder again;
  for (const ByteSpan unit : split->units()) again.Add(unit);
  RC_ASSERT(BytesEqual(again.Finish(), payload));
}

TEST(ContentHash, IsTheStartOfTheKeyedHash) {
  const crypto::HmacSha256Key key(Bytes(32, 1));
  const Bytes payload = Payload({{1, 2, 3}});
  const ContentHash hash = ComputeContentHash(key, payload);
  EXPECT_TRUE(BytesEqual(hash, ByteSpan(key.Mac(payload)).first(16)));
}

}  // namespace
}  // namespace pgkeep::repository

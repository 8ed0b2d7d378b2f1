#include "repository/node.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/endian.h"
#include "base/hex.h"
#include "testing/damage.h"
#include "testing/node_samples.h"

namespace pgkeep::repository {
namespace {

using testing::SeededRandom;

Bytes Encoded(const NodePointer& pointer) {
  Bytes out;
  ByteWriter writer(out);
  pointer.Encode(writer);
  return out;
}

Result<NodePointer> Decoded(ByteSpan bytes) {
  ByteReader in(bytes);
  PGK_ASSIGN_OR_RETURN(NodePointer pointer, NodePointer::Decode(in));
  PGK_TRY(in.ExpectEnd());
  return pointer;
}

NodeRef SampleRef() {
  NodeRef ref{.writer = {}, .seq = 1, .offset = 0x200, .clen = 0x30, .rlen = 0x40, .id = {}};
  ref.writer.bytes.fill(0xaa);
  ref.id.fill(0xbb);
  return ref;
}

TEST(NodePointer, HasTheDocumentedBytes) {
  EXPECT_EQ(HexEncode(Encoded(NodePointer())), "00");
  EXPECT_EQ(HexEncode(Encoded(NodePointer::Inline({1, 2, 3}))), "0103010203");
  EXPECT_EQ(HexEncode(Encoded(NodePointer::Reference(SampleRef()))), "02" + std::string(32, 'a') +
                                                                         "01000000"
                                                                         "00020000"
                                                                         "30000000"
                                                                         "40000000" +
                                                                         std::string(64, 'b'));
}

TEST(NodePointer, BrokenRulesAreCorruption) {
  const auto code = [](const Bytes& bytes) {
    const auto decoded = Decoded(bytes);
    return decoded.ok() ? ErrorCode::kInternal : decoded.error().code();
  };
  EXPECT_EQ(code({}), ErrorCode::kCorruption);
  EXPECT_EQ(code({3}), ErrorCode::kCorruption) << "an unknown tag";
  EXPECT_EQ(code({1, 0}), ErrorCode::kCorruption) << "empty";
  EXPECT_EQ(code({1, 2, 7}), ErrorCode::kCorruption) << "ends early";
  Bytes inline_max = {1, 0x80, 0x02};
  inline_max.resize(3 + 256);
  EXPECT_TRUE(Decoded(inline_max).ok());
  Bytes too_long = {1, 0x81, 0x02};
  too_long.resize(3 + 257);
  EXPECT_EQ(code(too_long), ErrorCode::kCorruption);
}

TEST(NodePointer, ReferencesToImpossiblePlacesAreCorruption) {
  const auto refused = [](size_t at, uint32_t value) {
    Bytes bytes = Encoded(NodePointer::Reference(SampleRef()));
    StoreLe32(&bytes[at], value);
    return !Decoded(bytes).ok();
  };
  EXPECT_FALSE(refused(17, kMaxPackSeq));
  EXPECT_TRUE(refused(17, kMaxPackSeq + 1));
  EXPECT_TRUE(refused(21, 95)) << "in the pack header";
  EXPECT_TRUE(refused(21, kMaxPackBytes)) << "behind every pack";
  EXPECT_TRUE(refused(25, 0)) << "no bytes";
  EXPECT_TRUE(refused(25, 0x41)) << "more bytes than payload";
  EXPECT_TRUE(refused(29, kMaxNodeFrameRlen + 1));
}

TEST(NodePointer, EveryTruncationIsCorruption) {
  const Bytes bytes = Encoded(NodePointer::Reference(SampleRef()));
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = Decoded(ByteSpan(bytes).first(size));
    ASSERT_FALSE(decoded.ok()) << size;
    ASSERT_EQ(decoded.error().code(), ErrorCode::kCorruption) << size;
  }
}

RC_GTEST_PROP(NodePointer, DecodesToWhatWasEncoded, (uint64_t seed)) {
  SeededRandom random(seed);
  const NodePointer pointer = testing::RandomPointer(random);
  const Bytes bytes = Encoded(pointer);
  RC_ASSERT(bytes.size() == pointer.EncodedBytes());
  RC_ASSERT(Decoded(bytes).value() == pointer);
}

RC_GTEST_PROP(NodePointer, WhatDecodesEncodesToTheSameBytes, (uint64_t seed)) {
  SeededRandom random(seed);
  Bytes bytes = Encoded(testing::RandomPointer(random));
  testing::Damage(random, bytes);
  const auto decoded = Decoded(bytes);
  if (decoded.ok()) RC_ASSERT(Encoded(*decoded) == bytes);
}

TEST(NodeId, IsTheKeyedHashOfKindAndPayload) {
  const crypto::HmacSha256Key key(Bytes(32, 7));
  const Bytes payload = {1, 2, 3};
  EXPECT_EQ(ComputeNodeId(FrameKind::kLeaf, payload, key), key.Mac(Bytes{2, 1, 2, 3}));
  EXPECT_NE(ComputeNodeId(FrameKind::kLeaf, payload, key),
            ComputeNodeId(FrameKind::kIndex, payload, key));
}

TEST(NodeVersion, AnotherOneIsUnsupported) {
  const auto code = [](const Bytes& bytes) {
    ByteReader in(bytes);
    const Status status = CheckNodeVersion(in, 1);
    return status.ok() ? ErrorCode::kInternal : status.error().code();
  };
  EXPECT_EQ(code({1}), ErrorCode::kInternal) << "accepted";
  EXPECT_EQ(code({2}), ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(code({0}), ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(code({}), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace pgkeep::repository

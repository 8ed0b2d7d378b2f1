#include "repository/blob_node.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "base/hex.h"
#include "repository/units_payload.h"
#include "testing/node_properties.h"
#include "testing/node_samples.h"

namespace pgkeep::repository {
namespace {

using testing::SeededRandom;

// 1 MiB in the second pack, then 10 bytes in the first.
BlobNode SampleBlob() {
  BlobNode blob;
  PackId first;
  first.writer.bytes.fill(0x0a);
  PackId second = first;
  second.seq = 1;
  blob.packs = {first, second};
  LeafFrame frame{.pack = 1,
                  .offset = 96,
                  .clen = 5,
                  .rlen = SingleUnitPayloadBytes(kMaxUnitBytes),
                  .units = 1,
                  .hash = {}};
  frame.hash.fill(0x0b);
  blob.frames.push_back(frame);
  frame.pack = 0;
  frame.rlen = 11;
  blob.frames.push_back(frame);
  return blob;
}

bool Refuses(const std::function<void(BlobNode&)>& change) {
  BlobNode blob = SampleBlob();
  change(blob);
  const Status status = ValidateBlob(blob);
  return !status.ok() && status.error().code() == ErrorCode::kCorruption;
}

std::string Repeated(const char* hex) {
  std::string out;
  for (int i = 0; i < 16; ++i) out += hex;
  return out;
}

TEST(BlobNode, HasTheDocumentedBytes) {
  EXPECT_EQ(HexEncode(EncodeBlob(SampleBlob())),
            "01"
            "02" +
                Repeated("0a") + "00" + Repeated("0a") + "01" +
                "02"
                "01"
                "60"
                "05"
                "838040"
                "01" +
                Repeated("0b") +
                "00"
                "60"
                "05"
                "0b"
                "01" +
                Repeated("0b"));
}

RC_GTEST_PROP(BlobNode, HasOneForm, (uint64_t seed)) {
  SeededRandom random(seed);
  testing::CheckOneForm(random, testing::RandomBlob(random), EncodeBlob, DecodeBlob);
}

TEST(BlobNode, EveryTruncationIsCorruption) {
  const Bytes bytes = EncodeBlob(SampleBlob());
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = DecodeBlob(ByteSpan(bytes).first(size));
    ASSERT_FALSE(decoded.ok()) << size;
    ASSERT_EQ(decoded.error().code(), ErrorCode::kCorruption) << size;
  }
}

TEST(BlobNode, KnowsTheLengthOfItsUnit) { EXPECT_EQ(BlobBytes(SampleBlob()), (1U << 20) + 10); }

TEST(BlobNode, EveryPieceButTheLastIsFull) {
  EXPECT_FALSE(Refuses([](BlobNode&) {}));
  EXPECT_TRUE(Refuses([](BlobNode& blob) { std::swap(blob.frames[0], blob.frames[1]); }));
  EXPECT_TRUE(Refuses([](BlobNode& blob) { --blob.frames[0].rlen; }));
  EXPECT_TRUE(Refuses([](BlobNode& blob) { ++blob.frames[0].rlen; }));
  EXPECT_TRUE(Refuses([](BlobNode& blob) { blob.frames[1].rlen = 129; })) << "no unit is so long";
  EXPECT_TRUE(Refuses([](BlobNode& blob) { blob.frames[0].units = 2; }));
}

TEST(BlobNode, HasTwoPiecesAtLeast) {
  EXPECT_TRUE(Refuses([](BlobNode& blob) {
    blob.frames.erase(blob.frames.begin());
    blob.packs.pop_back();
  }));
  EXPECT_TRUE(Refuses([](BlobNode& blob) { blob = BlobNode(); }));
}

TEST(BlobNode, HasTheMostPieces) {
  BlobNode blob = SampleBlob();
  blob.frames.insert(blob.frames.begin(), kMaxBlobFrames - 2, blob.frames[0]);
  EXPECT_TRUE(ValidateBlob(blob).ok()) << "64 GiB less a little";
  EXPECT_LE(EncodeBlob(blob).size(), kMaxNodeFrameRlen);
  blob.frames.insert(blob.frames.begin(), blob.frames[0]);
  EXPECT_FALSE(ValidateBlob(blob).ok());
}

TEST(BlobNode, PacksAscendAndAreUsed) {
  EXPECT_TRUE(Refuses([](BlobNode& blob) { std::swap(blob.packs[0], blob.packs[1]); }));
  EXPECT_TRUE(Refuses([](BlobNode& blob) { blob.frames[1].pack = 1; }));
  EXPECT_TRUE(Refuses([](BlobNode& blob) { blob.frames[1].pack = 2; }));
}

}  // namespace
}  // namespace pgkeep::repository

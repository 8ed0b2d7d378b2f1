// Keeps the format of packs and nodes fixed: what version 1 writes today it must read for ever.
// After a wanted change before the first release, run with PGKEEP_UPDATE_GOLDEN=1 and look at the
// difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/hex.h"
#include "repository/pack_scanner.h"
#include "repository/units_payload.h"
#include "testing/node_samples.h"
#include "testing/pack_samples.h"

namespace pgkeep::repository {
namespace {

using testing::PackFixture;
using testing::SeededRandom;

bool Updating() { return std::getenv("PGKEEP_UPDATE_GOLDEN") != nullptr; }

std::string PathOf(const std::string& name) {
  return std::string(PGKEEP_GOLDEN_DIR) + "/format-v1/" + name + ".hex";
}

void WriteGolden(const std::string& name, ByteSpan bytes) {
  std::ofstream file(PathOf(name));
  for (size_t at = 0; at < bytes.size(); at += 32) {
    file << HexEncode(bytes.subspan(at, std::min<size_t>(32, bytes.size() - at))) << "\n";
  }
}

Bytes ReadGolden(const std::string& name) {
  std::ifstream file(PathOf(name));
  std::string text;
  for (std::string line; std::getline(file, line);) text += line;
  EXPECT_FALSE(text.empty()) << PathOf(name);
  return HexDecode(text).value();
}

// Two frames, of three units and of one.
std::vector<std::vector<Bytes>> SampleFrames() {
  const auto text = [](std::string_view words) { return ToBytes(AsBytes(words)); };
  return {{text("the first unit\n"), text("2"), Bytes(200, 'x')}, {Bytes(5000, 'y')}};
}

PackBuilder::Finished WriteUnits(PackFixture& fixture, codec::BlockCodec& codec) {
  const auto builder = fixture.Begin(PackKind::kData, 7);
  for (const std::vector<Bytes>& units : SampleFrames()) {
    UnitsPayloadBuilder payload;
    for (const Bytes& unit : units) payload.Add(unit);
    const ByteSpan bytes = payload.Finish();
    builder
        ->Store(codec, FrameKind::kUnits, payload.units(), bytes,
                ComputeContentHash(fixture.content_key, bytes))
        .value();
  }
  return builder->Finish().value();
}

// Reads the pack with the fixture's keys and compares every unit.
void ExpectSampleFrames(const PackFixture& fixture, ByteSpan pack) {
  const PackName name{fixture.writer, PackKind::kData, 7};
  const auto keys =
      OpenPackHeader(pack.first(kPackHeaderBytes), name, fixture.repository, fixture.prk);
  ASSERT_TRUE(keys.ok()) << keys.error().ToString();
  FrameOpener opener;
  size_t frames = 0;
  const Status walked = WalkPack(
      pack, *keys, fixture.repository, opener, &fixture.content_key,
      [&](const ScannedFrame& frame, const FooterFrame&, ByteSpan payload) -> Status {
        PGK_ASSIGN_OR_RETURN(const UnitsView view, SplitUnits(payload, frame.header.units));
        const std::vector<Bytes> expected = SampleFrames().at(frames++);
        EXPECT_EQ(view.count, expected.size());
        for (size_t i = 0; i < view.count; ++i) {
          EXPECT_TRUE(BytesEqual(view.units()[i], expected.at(i)));
        }
        return Ok();
      });
  EXPECT_TRUE(walked.ok()) << walked.error().ToString();
  EXPECT_EQ(frames, SampleFrames().size());
}

TEST(PackGolden, UncompressedPackIsTheSameToTheByte) {
  PackFixture fixture(1);
  const PackBuilder::Finished pack = WriteUnits(fixture, *codec::MakeNone());
  if (Updating()) WriteGolden("pack_data", pack.bytes);
  EXPECT_EQ(HexEncode(pack.bytes), HexEncode(ReadGolden("pack_data")));
  ExpectSampleFrames(fixture, ReadGolden("pack_data"));
}

// The bytes that a compressor makes may change with its version; what they mean may not.
TEST(PackGolden, CompressedPackStaysReadable) {
  PackFixture fixture(1);
  const PackBuilder::Finished pack = WriteUnits(fixture, *fixture.codec);
  if (Updating()) WriteGolden("pack_data_zstd", pack.bytes);
  const Bytes golden = ReadGolden("pack_data_zstd");
  EXPECT_LT(golden.size(), ReadGolden("pack_data").size());
  ExpectSampleFrames(fixture, golden);
}

TEST(PackGolden, MetadataPackIsTheSameToTheByte) {
  PackFixture fixture(1);
  const auto builder = fixture.Begin(PackKind::kMeta, 0);
  const auto codec = codec::MakeNone();
  for (const FrameKind kind : {FrameKind::kLeaf, FrameKind::kIndex, FrameKind::kDirectory,
                               FrameKind::kFingerprints, FrameKind::kBlob}) {
    builder->Store(*codec, kind, 0, AsBytes(FrameKindName(kind)), {}).value();
  }
  const PackBuilder::Finished pack = builder->Finish().value();
  if (Updating()) WriteGolden("pack_meta", pack.bytes);
  EXPECT_EQ(HexEncode(pack.bytes), HexEncode(ReadGolden("pack_meta")));
}

// Drawn once; decoded and encoded again for ever.
template <class Draw, class Encode, class Decode>
void CheckNode(const std::string& name, Draw draw, Encode encode, Decode decode) {
  SeededRandom random(1);
  Bytes drawn = encode(draw(random));
  while (drawn.size() < 150 || drawn.size() > 2000) drawn = encode(draw(random));
  if (Updating()) WriteGolden(name, drawn);
  const Bytes golden = ReadGolden(name);
  const auto node = decode(golden);
  ASSERT_TRUE(node.ok()) << node.error().ToString();
  EXPECT_EQ(HexEncode(encode(*node)), HexEncode(golden));
}

TEST(NodeGolden, LeafStaysReadable) {
  CheckNode("node_leaf", testing::RandomLeaf, EncodeLeaf, DecodeLeaf);
}

TEST(NodeGolden, IndexStaysReadable) {
  CheckNode("node_index", testing::RandomIndex, EncodeIndex, DecodeIndex);
}

TEST(NodeGolden, DirectoryStaysReadable) {
  CheckNode("node_directory", testing::RandomDirectory, EncodeDirectory, DecodeDirectory);
}

TEST(NodeGolden, FingerprintsStayReadable) {
  CheckNode("node_fingerprints", testing::RandomFingerprints, EncodeFingerprints,
            DecodeFingerprints);
}

TEST(NodeGolden, BlobStaysReadable) {
  CheckNode("node_blob", testing::RandomBlob, EncodeBlob, DecodeBlob);
}

}  // namespace
}  // namespace pgkeep::repository

#include "repository/pack_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "repository/pack_scanner.h"
#include "repository/units_payload.h"
#include "testing/damage.h"
#include "testing/pack_samples.h"

namespace pgkeep::repository {
namespace {

using codec::CodecId;
using testing::HookedCodec;
using testing::PackFixture;
using testing::SampleText;
using testing::SeededRandom;

// One unit of some text as a payload.
Bytes SamplePayload(PackFixture& fixture, size_t unit_bytes) {
  UnitsPayloadBuilder payload;
  payload.Add(SampleText(fixture.random, unit_bytes));
  return ToBytes(payload.Finish());
}

PackBuilder::FrameInput PlainInput(ByteSpan payload) {
  return {.kind = FrameKind::kUnits,
          .codec = CodecId::kNone,
          .units = 1,
          .compressed = payload,
          .rlen = static_cast<uint32_t>(payload.size()),
          .hash = {}};
}

ErrorCode CodeOf(const Status& status) {
  return status.ok() ? ErrorCode::kInternal : status.error().code();
}

template <class T>
ErrorCode CodeOf(const Result<T>& result) {
  EXPECT_FALSE(result.ok());
  return result.ok() ? ErrorCode::kInternal : result.error().code();
}

TEST(PackBuilder, WhatItWritesReadsBack) {
  PackFixture fixture(1);
  const auto builder = fixture.Begin(PackKind::kData, 3);
  std::vector<Bytes> payloads;
  for (const size_t size : {1U, 100U, 127U, 128U, 8192U, 100'000U, 1'048'576U}) {
    payloads.push_back(SamplePayload(fixture, size));
    const ContentHash hash = ComputeContentHash(fixture.content_key, payloads.back());
    const auto place = builder->Store(*fixture.codec, FrameKind::kUnits, 1, payloads.back(), hash);
    ASSERT_TRUE(place.ok()) << place.error().ToString();
    EXPECT_EQ(place->rlen, payloads.back().size());
    EXPECT_EQ(place->pack, builder->name());
  }
  const PackBuilder::Finished pack = builder->Finish().value();
  EXPECT_EQ(pack.units, 7U);
  EXPECT_EQ(pack.sha256, crypto::Sha256(pack.bytes));
  EXPECT_EQ(pack.name.Key(), "p/" + fixture.writer.Hex() + "/00000003");

  FrameOpener opener;
  size_t seen = 0;
  const Status walked =
      WalkPack(pack.bytes, fixture.Keys(pack), fixture.repository, opener, &fixture.content_key,
               [&](const ScannedFrame& frame, const FooterFrame& entry, ByteSpan payload) {
                 EXPECT_EQ(entry, pack.frames[seen]);
                 EXPECT_EQ(frame.offset, entry.offset);
                 EXPECT_TRUE(BytesEqual(payload, payloads[seen]));
                 ++seen;
                 return Ok();
               });
  EXPECT_TRUE(walked.ok()) << walked.error().ToString();
  EXPECT_EQ(seen, payloads.size());
}

TEST(PackBuilder, KeepsWhatDoesNotShrinkUncompressed) {
  PackFixture fixture(2);
  const auto builder = fixture.Begin(PackKind::kData, 0);
  UnitsPayloadBuilder payload;
  Bytes noise(5000);
  fixture.random.Fill(noise);
  payload.Add(noise);
  const auto place = builder->Store(*fixture.codec, FrameKind::kUnits, 1, payload.Finish(), {});
  ASSERT_TRUE(place.ok());
  EXPECT_EQ(place->clen, place->rlen);
  const PackBuilder::Finished pack = builder->Finish().value();
  EXPECT_EQ(DecodeFrameHeader(testing::FrameOf(pack.bytes, 0)).value().codec, CodecId::kNone);
}

TEST(PackBuilder, RefusesWhatIsNoPack) {
  PackFixture fixture(3);
  auto options = fixture.Options(PackKind::kData, 0);
  options.prk = options.prk.first(31);
  EXPECT_EQ(CodeOf(PackBuilder::Create(std::move(options))), ErrorCode::kInvalidArgument);
  options = fixture.Options(PackKind::kData, kMaxPackSeq + 1);
  EXPECT_EQ(CodeOf(PackBuilder::Create(std::move(options))), ErrorCode::kInvalidArgument);
  options = fixture.Options(PackKind::kData, 0);
  options.target_bytes = kMaxPackBytes + 1;
  EXPECT_EQ(CodeOf(PackBuilder::Create(std::move(options))), ErrorCode::kInvalidArgument);
}

TEST(PackBuilder, RefusesFramesThatBreakARule) {
  PackFixture fixture(4);
  const Bytes payload = SamplePayload(fixture, 100);
  const auto refused = [&](PackKind pack,
                           const std::function<void(PackBuilder::FrameInput&)>& change) {
    const auto builder = fixture.Begin(pack, 0);
    PackBuilder::FrameInput input = PlainInput(payload);
    change(input);
    return CodeOf(builder->Append(input)) == ErrorCode::kInvalidArgument;
  };
  EXPECT_TRUE(refused(PackKind::kMeta, [](auto&) {})) << "units in a metadata pack";
  EXPECT_TRUE(refused(PackKind::kData, [](auto& input) {
    input.kind = FrameKind::kLeaf;
    input.units = 0;
  }));
  EXPECT_TRUE(refused(PackKind::kData, [](auto& input) { input.units = 17; }));
  EXPECT_TRUE(refused(PackKind::kData, [](auto& input) { input.units = 0; }));
  EXPECT_TRUE(refused(PackKind::kData, [](auto& input) { input.rlen = 10; }));
  EXPECT_TRUE(refused(PackKind::kData, [](auto& input) { input.codec = CodecId::kZstd; }));
  EXPECT_TRUE(refused(PackKind::kData, [](auto& input) {
    input.kind = FrameKind::kFooter;
    input.units = 0;
  }));
  EXPECT_TRUE(refused(PackKind::kMeta, [](auto& input) {
    input.kind = FrameKind::kLeaf;
    input.units = 0;
    input.hash[0] = 1;
  }));
  EXPECT_TRUE(refused(PackKind::kData, [](auto& input) {
    input.compressed = {};
    input.rlen = 0;
  }));
}

TEST(PackBuilder, EveryFrameMustBeVerified) {
  PackFixture fixture(5);
  const Bytes payload = SamplePayload(fixture, 100);
  const auto builder = fixture.Begin(PackKind::kData, 0);
  EXPECT_EQ(CodeOf(builder->Finish()), ErrorCode::kInternal) << "no frame yet";
  EXPECT_EQ(CodeOf(builder->VerifyLast(*fixture.codec, payload)), ErrorCode::kInternal);
  ASSERT_TRUE(builder->Append(PlainInput(payload)).ok());
  EXPECT_EQ(CodeOf(builder->Append(PlainInput(payload))), ErrorCode::kInternal);
  EXPECT_EQ(CodeOf(builder->Finish()), ErrorCode::kInternal);
  ASSERT_TRUE(builder->VerifyLast(*fixture.codec, payload).ok());
  EXPECT_FALSE(builder->VerifyLast(*fixture.codec, payload).ok()) << "verified already";
  ASSERT_TRUE(builder->Finish().ok());
  EXPECT_EQ(CodeOf(builder->Finish()), ErrorCode::kInternal);
  EXPECT_EQ(CodeOf(builder->Append(PlainInput(payload))), ErrorCode::kInternal);
}

TEST(PackBuilder, ChecksWithTheCodecOfTheFrameOnly) {
  PackFixture fixture(6);
  const Bytes payload = SamplePayload(fixture, 1000);
  Bytes compressed(fixture.codec->MaxCompressedSize(payload.size()));
  compressed.resize(fixture.codec->Compress(payload, compressed).value());
  const auto builder = fixture.Begin(PackKind::kData, 0);
  PackBuilder::FrameInput input = PlainInput(payload);
  input.codec = CodecId::kZstd;
  input.compressed = compressed;
  ASSERT_TRUE(builder->Append(input).ok());
  EXPECT_EQ(CodeOf(builder->VerifyLast(*codec::MakeNone(), payload)), ErrorCode::kInternal);
  EXPECT_TRUE(builder->VerifyLast(*fixture.codec, payload).ok());
}

// A child would go on with the same key and the same frame numbers as its parent.
TEST(PackBuilder, RefusesToGoOnAfterAFork) {
  PackFixture fixture(7);
  const Bytes payload = SamplePayload(fixture, 100);
  const auto builder = fixture.Begin(PackKind::kData, 0);
  ASSERT_TRUE(builder->Store(*fixture.codec, FrameKind::kUnits, 1, payload, {}).ok());
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool refused =
        CodeOf(builder->Append(PlainInput(payload))) == ErrorCode::kInternal &&
        CodeOf(builder->Store(*fixture.codec, FrameKind::kUnits, 1, payload, {})) ==
            ErrorCode::kInternal &&
        CodeOf(builder->VerifyLast(*fixture.codec, payload)) == ErrorCode::kInternal &&
        CodeOf(builder->Finish()) == ErrorCode::kInternal &&
        builder->Finish().error().ToString().find("another process") != std::string::npos;
    _exit(refused ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_TRUE(builder->Append(PlainInput(payload)).ok()) << "the parent goes on";
}

TEST(PackBuilder, IsFullAtItsTarget) {
  PackFixture fixture(8);
  auto options = fixture.Options(PackKind::kData, 0);
  options.target_bytes = 10'000;
  const auto builder = PackBuilder::Create(std::move(options)).value();
  EXPECT_TRUE(builder->HasRoom(1'000'000, 1)) << "the first frame may pass the target";
  const Bytes payload = SamplePayload(fixture, 998);
  size_t frames = 0;
  for (; builder->HasRoom(payload.size(), 1); ++frames) {
    ASSERT_TRUE(builder->Append(PlainInput(payload)).ok());
    ASSERT_TRUE(builder->VerifyLast(*fixture.codec, payload).ok());
  }
  const PackBuilder::Finished pack = builder->Finish().value();
  EXPECT_LE(pack.bytes.size(), 10'000U);
  EXPECT_GT(pack.bytes.size() + payload.size() + kFrameOverheadBytes + kFooterFrameBytesMax,
            10'000U - kFooterCountBytesMax - frames);
  EXPECT_EQ(pack.frames.size(), frames);
}

TEST(PackBuilder, HoldsTheLimitsOfTheFormat) {
  PackFixture fixture(9);
  auto options = fixture.Options(PackKind::kData, 0);
  options.target_bytes = kMaxPackBytes;
  const auto builder = PackBuilder::Create(std::move(options)).value();
  const Bytes payload(kMaxUnitsFrameRlen, 1);
  while (builder->HasRoom(payload.size(), 16)) {
    PackBuilder::FrameInput input = PlainInput(payload);
    input.units = 16;
    ASSERT_TRUE(builder->Append(input).ok());
    ASSERT_TRUE(builder->VerifyLast(*fixture.codec, payload).ok());
  }
  EXPECT_EQ(CodeOf(builder->Append(PlainInput(payload))), ErrorCode::kLimitExceeded);
  EXPECT_LE(builder->Finish().value().bytes.size(), kMaxPackBytes);
}

TEST(PackBuilder, HoldsTheLimitOfUnits) {
  PackFixture fixture(10);
  const auto builder = fixture.Begin(PackKind::kData, 0);
  const Bytes payload(32, 1);
  PackBuilder::FrameInput input = PlainInput(payload);
  input.units = 16;
  while (builder->HasRoom(payload.size(), 16)) {
    ASSERT_TRUE(builder->Append(input).ok());
    ASSERT_TRUE(builder->VerifyLast(*fixture.codec, payload).ok());
  }
  EXPECT_EQ(builder->units(), kMaxUnitsPerPack);
  EXPECT_EQ(CodeOf(builder->Append(input)), ErrorCode::kLimitExceeded);
  EXPECT_TRUE(builder->Finish().ok());
}

TEST(PackBuilder, ReusesTheMemoryOfAnEarlierPack) {
  PackFixture fixture(11);
  PackBuilder::Finished first = fixture.DataPack(0, 40);
  const Bytes before = first.bytes;
  const uint8_t* memory = first.bytes.data();
  auto options = fixture.Options(PackKind::kData, 1);
  options.recycled = std::move(first.bytes);
  const auto builder = PackBuilder::Create(std::move(options)).value();
  fixture.AddUnits(*builder, 3, 100);
  const PackBuilder::Finished second = builder->Finish().value();
  EXPECT_EQ(second.bytes.data(), memory);
  EXPECT_LT(second.bytes.size(), before.size());
  FrameOpener opener;
  EXPECT_TRUE(WalkPack(second.bytes, fixture.Keys(second), fixture.repository, opener,
                       &fixture.content_key, {})
                  .ok());
}

}  // namespace
}  // namespace pgkeep::repository

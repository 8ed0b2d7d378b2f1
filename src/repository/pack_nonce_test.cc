// The rule that must never break: one (key, nonce) pair seals one frame.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <type_traits>
#include <vector>

#include "base/hex.h"
#include "crypto/aead.h"
#include "repository/pack_builder.h"
#include "repository/pack_scanner.h"
#include "testing/pack_samples.h"

namespace pgkeep::repository {
namespace {

using testing::PackFixture;

static_assert(!std::is_copy_constructible_v<PackBuilder>);
static_assert(!std::is_move_constructible_v<PackBuilder>);
static_assert(!std::is_copy_assignable_v<PackBuilder>);
static_assert(!std::is_move_assignable_v<PackBuilder>);

// Salts count up; everything else is zero, so nonces are told apart by the frame number alone.
class CountingSalts final : public crypto::RandomSource {
 public:
  void Fill(MutableByteSpan out) override {
    std::ranges::fill(out, uint8_t{0});
    if (out.size() == 16) out[15] = ++salts_;
  }

 private:
  uint8_t salts_ = 0;
};

// Appends a frame with one tiny unit.
void AddTiny(PackBuilder& builder, codec::BlockCodec& codec) {
  constexpr std::array<uint8_t, 2> kPayload = {1, 'x'};
  const auto place = builder.Append({.kind = FrameKind::kUnits,
                                     .codec = codec::CodecId::kNone,
                                     .units = 1,
                                     .compressed = kPayload,
                                     .rlen = kPayload.size(),
                                     .hash = {}});
  ASSERT_TRUE(place.ok());
  ASSERT_TRUE(builder.VerifyLast(codec, kPayload).ok());
}

// Known answer: the nonces of consecutive frames count up by one, whatever the tail. A lost
// increment would repeat a nonce without any reader noticing.
TEST(PackNonce, CountsUpByOneFromFrameToFrame) {
  PackFixture fixture(1);
  CountingSalts random;
  auto options = fixture.Options(PackKind::kData, 0);
  options.random = &random;
  const auto builder = PackBuilder::Create(std::move(options)).value();
  for (int i = 0; i < 3; ++i) AddTiny(*builder, *fixture.codec);
  const PackBuilder::Finished pack = builder->Finish().value();
  std::vector<std::string> nonces;
  const ByteSpan bytes(pack.bytes);
  const PackKeys keys = fixture.Keys(pack);
  crypto::Aes256Gcm cipher(keys.ExposeKey());
  const std::vector<std::string> expected = {"000000000000000000000000", "010000000000000000000000",
                                             "020000000000000000000000",
                                             "030000000000000000000000" /* the footer */};
  for (size_t i = 0; i < expected.size(); ++i) {
    // The nonce that really sealed the frame is the one that opens it.
    const ByteSpan frame = testing::FrameOf(bytes, i);
    Bytes plain(frame.size() - kFrameOverheadBytes);
    const Bytes nonce = HexDecode(expected[i]).value();
    EXPECT_TRUE(
        cipher.Open(nonce, FrameAad(keys.header(), frame), frame.subspan(kFrameHeaderBytes), plain)
            .ok())
        << "frame " << i;
  }
}

TEST(PackNonce, HasAFreshTailInEveryFrame) {
  PackFixture fixture(2);
  const PackBuilder::Finished pack = fixture.DataPack(0, 200);
  std::set<ByteArray<8>> tails;
  for (const ScannedFrame& frame : SalvageFrames(pack.bytes)) {
    tails.insert(frame.header.nonce_tail);
  }
  EXPECT_EQ(tails.size(), 201U);
}

TEST(PackNonce, HasAFreshSaltAndKeyInEveryPack) {
  PackFixture fixture(3);
  std::set<Bytes> keys;
  // The same name again, as a writer would do that forgot what it had written.
  for (int i = 0; i < 50; ++i) {
    const auto builder = fixture.Begin(PackKind::kData, 0);
    fixture.AddUnits(*builder, 1, 10);
    keys.insert(ToBytes(fixture.Keys(builder->Finish().value()).ExposeKey()));
  }
  EXPECT_EQ(keys.size(), 50U);
}

// A million frames in packs as full as they get: keys differ between packs, frame numbers within
// one.
TEST(PackNonce, NeverRepeatsInAMillionFrames) {
  constexpr size_t kFrames = 1'000'000;
  PackFixture fixture(4);
  CountingSalts random;
  std::set<Bytes> keys;
  size_t frames = 0;
  Bytes recycled;
  for (uint32_t seq = 0; frames < kFrames; ++seq) {
    auto options = fixture.Options(PackKind::kData, seq);
    options.random = &random;
    options.recycled = std::move(recycled);
    const auto builder = PackBuilder::Create(std::move(options)).value();
    while (builder->HasRoom(2, 1)) AddTiny(*builder, *fixture.codec);
    PackBuilder::Finished pack = builder->Finish().value();
    EXPECT_TRUE(keys.insert(ToBytes(fixture.Keys(pack).ExposeKey())).second);
    // All tails are zero here, so distinct nonces in a pack are distinct numbers.
    std::vector<bool> used(kMaxFramesPerPack + 1);
    const std::vector<ScannedFrame> scanned = SalvageFrames(pack.bytes);
    ASSERT_EQ(scanned.size(), kMaxFramesPerPack + 1);
    for (const ScannedFrame& frame : scanned) {
      ASSERT_FALSE(used.at(frame.header.number)) << "frame number " << frame.header.number;
      used[frame.header.number] = true;
    }
    frames += scanned.size();
    recycled = std::move(pack.bytes);
  }
}

}  // namespace
}  // namespace pgkeep::repository

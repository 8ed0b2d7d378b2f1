#include "repository/pack_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/endian.h"
#include "codec/crc32c.h"
#include "testing/damage.h"
#include "testing/pack_samples.h"

namespace pgkeep::repository {
namespace {

using testing::FrameOf;
using testing::FrameOffset;
using testing::PackFixture;

ErrorCode CodeOf(const Status& status) {
  EXPECT_FALSE(status.ok());
  return status.ok() ? ErrorCode::kInternal : status.error().code();
}

class PackScanner : public ::testing::Test {
 protected:
  Status Walk(ByteSpan bytes) {
    return WalkPack(bytes, keys_, fixture_.repository, opener_, &fixture_.content_key, {});
  }

  // The pack with other frames between header and end, a footer that still describes the old ones.
  Bytes Rearranged(const std::vector<size_t>& order) const {
    Bytes out = ToBytes(ByteSpan(pack_.bytes).first(kPackHeaderBytes));
    for (const size_t index : order) Append(out, FrameOf(pack_.bytes, index));
    const size_t footer = out.size();
    Append(out, FrameOf(pack_.bytes, pack_.frames.size()));
    Append(out, EncodePackTrailer(
                    {.footer_offset = footer, .frames = static_cast<uint32_t>(order.size()) + 1}));
    return out;
  }

  PackFixture fixture_{1};
  PackBuilder::Finished pack_ = fixture_.DataPack(0, 4);
  PackKeys keys_ = fixture_.Keys(pack_);
  FrameOpener opener_;
};

TEST_F(PackScanner, FindsWhatTheBuilderWrote) {
  const PackLayout layout = ReadPackLayout(pack_.bytes, pack_.name, fixture_.repository).value();
  ASSERT_EQ(layout.frames.size(), 4U);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(layout.frames[i].offset, pack_.frames[i].offset);
    EXPECT_EQ(layout.frames[i].header.units, pack_.frames[i].units);
    EXPECT_EQ(layout.frames[i].header.number, i);
  }
  EXPECT_EQ(layout.footer.header.kind, FrameKind::kFooter);
  EXPECT_EQ(layout.header.writer, fixture_.writer);
  EXPECT_EQ(ReadPackFooter(pack_.bytes, layout, keys_, opener_).value(), pack_.frames);
}

TEST_F(PackScanner, EveryFlippedBitOfAPackIsCorruption) {
  ASSERT_TRUE(Walk(pack_.bytes).ok());
  testing::ForEachFlippedBit(pack_.bytes, [&](size_t bit) {
    ASSERT_EQ(CodeOf(Walk(pack_.bytes)), ErrorCode::kCorruption) << "bit " << bit;
  });
}

TEST_F(PackScanner, EveryTruncationIsCorruption) {
  for (size_t size = 0; size < pack_.bytes.size(); ++size) {
    ASSERT_EQ(CodeOf(Walk(ByteSpan(pack_.bytes).first(size))), ErrorCode::kCorruption) << size;
  }
  pack_.bytes.push_back(0);
  EXPECT_EQ(CodeOf(Walk(pack_.bytes)), ErrorCode::kCorruption);
}

TEST_F(PackScanner, RearrangedFramesAreRefused) {
  EXPECT_TRUE(Walk(Rearranged({0, 1, 2, 3})).ok()) << "the test's own way to build a pack";
  EXPECT_EQ(CodeOf(Walk(Rearranged({0, 2, 1, 3}))), ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(Walk(Rearranged({0, 1, 2}))), ErrorCode::kCorruption) << "one is missing";
  EXPECT_EQ(CodeOf(Walk(Rearranged({0, 1, 2, 3, 3}))), ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(Walk(Rearranged({1, 1, 2, 3}))), ErrorCode::kCorruption);
}

TEST_F(PackScanner, AFooterMustDescribeTheFrames) {
  PackLayout layout = ReadPackLayout(pack_.bytes, pack_.name, fixture_.repository).value();
  const auto refused = [&](const PackLayout& other) {
    return !ReadPackFooter(pack_.bytes, other, keys_, opener_).ok();
  };
  PackLayout other = layout;
  ++other.frames[1].header.units;
  EXPECT_TRUE(refused(other));
  other = layout;
  ++other.frames[2].offset;
  EXPECT_TRUE(refused(other));
  other = layout;
  other.frames[3].header.kind = FrameKind::kLeaf;
  EXPECT_TRUE(refused(other));
  other = layout;
  other.frames.pop_back();
  EXPECT_TRUE(refused(other));
}

TEST_F(PackScanner, ATrailerMustAgreeWithTheFrames) {
  const size_t end = pack_.bytes.size() - kPackTrailerBytes;
  const auto with_trailer = [&](uint64_t footer_offset, uint32_t frames) {
    Bytes bytes = ToBytes(ByteSpan(pack_.bytes).first(end));
    Append(bytes, EncodePackTrailer({.footer_offset = footer_offset, .frames = frames}));
    return bytes;
  };
  const size_t footer = FrameOffset(pack_.bytes, 4);
  EXPECT_TRUE(Walk(with_trailer(footer, 5)).ok());
  EXPECT_EQ(CodeOf(Walk(with_trailer(footer, 4))), ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(Walk(with_trailer(footer, 6))), ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(Walk(with_trailer(footer - 1, 5))), ErrorCode::kCorruption);
  EXPECT_EQ(CodeOf(Walk(with_trailer(FrameOffset(pack_.bytes, 3), 5))), ErrorCode::kCorruption);
}

TEST_F(PackScanner, NamesThePackInErrors) {
  pack_.bytes.pop_back();
  const auto layout = ReadPackLayout(pack_.bytes, pack_.name, fixture_.repository);
  ASSERT_FALSE(layout.ok());
  EXPECT_THAT(layout.error().ToString(), ::testing::HasSubstr(pack_.name.Key()));
}

TEST_F(PackScanner, AnotherPackInItsPlaceIsCorruption) {
  const PackBuilder::Finished other = fixture_.DataPack(1, 4);
  EXPECT_EQ(CodeOf(Walk(other.bytes)), ErrorCode::kCorruption);
  EXPECT_FALSE(ReadPackLayout(pack_.bytes, pack_.name, RepositoryId()).ok());
}

TEST_F(PackScanner, ChecksContentHashesWhenItHasTheirKey) {
  const auto walk = [&](const crypto::HmacSha256Key* key) {
    return WalkPack(pack_.bytes, keys_, fixture_.repository, opener_, key, {});
  };
  EXPECT_TRUE(walk(nullptr).ok());
  EXPECT_EQ(CodeOf(walk(&fixture_.node_key)), ErrorCode::kCorruption);
}

TEST_F(PackScanner, AVisitorMayEndTheWalk) {
  int visits = 0;
  const Status walked = WalkPack(pack_.bytes, keys_, fixture_.repository, opener_, nullptr,
                                 [&](const ScannedFrame&, const FooterFrame&, ByteSpan) -> Status {
                                   if (++visits == 2) return Err(ErrorCode::kCancelled, "enough");
                                   return Ok();
                                 });
  EXPECT_EQ(CodeOf(walked), ErrorCode::kCancelled);
  EXPECT_EQ(visits, 2);
}

TEST_F(PackScanner, SalvagesEveryFrameOfAnIntactPack) {
  const std::vector<ScannedFrame> found = SalvageFrames(pack_.bytes);
  ASSERT_EQ(found.size(), 5U);
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].offset, FrameOffset(pack_.bytes, i));
  }
}

TEST_F(PackScanner, SalvagesWhatIsLeftOfADamagedPack) {
  const size_t lost = FrameOffset(pack_.bytes, 1);
  const size_t after = FrameOffset(pack_.bytes, 2);
  Bytes bytes = pack_.bytes;
  testing::FlipBit(bytes, lost * 8 + 100);
  // A magic alone is no frame; nor is one whose frame would pass the end.
  std::ranges::copy(AsBytes("PGKF"), bytes.begin() + static_cast<ptrdiff_t>(lost + 40));
  bytes.resize(FrameOffset(pack_.bytes, 4) + 60);
  const std::vector<ScannedFrame> found = SalvageFrames(bytes);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].offset, kPackHeaderBytes);
  EXPECT_EQ(found[1].offset, after);
  FrameOpener opener;
  for (const ScannedFrame& frame : found) {
    const FrameExpectation expected{.kind = frame.header.kind,
                                    .offset = frame.offset,
                                    .clen = frame.header.clen,
                                    .rlen = frame.header.rlen,
                                    .units = frame.header.units,
                                    .number = frame.header.number};
    EXPECT_TRUE(opener
                    .Open(keys_, ByteSpan(bytes).subspan(frame.offset, frame.end() - frame.offset),
                          expected)
                    .ok());
  }
}

TEST_F(PackScanner, SalvagesFromAnyPartOfAPack) {
  for (size_t from = 0; from < pack_.bytes.size(); from += 13) {
    const std::vector<ScannedFrame> found = SalvageFrames(ByteSpan(pack_.bytes).subspan(from));
    size_t expected = 0;
    for (size_t i = 0; i < 5; ++i) expected += FrameOffset(pack_.bytes, i) >= from ? 1U : 0U;
    ASSERT_EQ(found.size(), expected) << "from " << from;
  }
  EXPECT_TRUE(SalvageFrames({}).empty());
}

}  // namespace
}  // namespace pgkeep::repository

// Packs for tests, fuzzers and golden files: the same bytes on every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/bytes.h"
#include "codec/codec.h"
#include "crypto/hmac.h"
#include "repository/frame_opener.h"
#include "repository/ids.h"
#include "repository/pack_builder.h"
#include "repository/pack_keys.h"
#include "repository/pack_scanner.h"
#include "testing/seeded_random.h"

namespace pgkeep::testing {

// `size` bytes that compress to roughly a third.
Bytes SampleText(SeededRandom& random, size_t size);

// A writer in a repository with its keys. Each seed is another one in another repository.
struct PackFixture {
  explicit PackFixture(uint64_t seed);

  repository::PackBuilder::Options Options(repository::PackKind kind, uint32_t seq);
  std::unique_ptr<repository::PackBuilder> Begin(repository::PackKind kind, uint32_t seq);

  // Adds one units frame with `units` units of `unit_bytes` bytes each.
  repository::FramePlace AddUnits(repository::PackBuilder& builder, unsigned units,
                                  size_t unit_bytes);

  // A finished data pack with `frames` frames of 1, 2, 3, ... small units.
  repository::PackBuilder::Finished DataPack(uint32_t seq, unsigned frames);

  // A finished metadata pack with one leaf frame that holds `payload`.
  repository::PackBuilder::Finished MetaPack(uint32_t seq, ByteSpan payload);

  // What opens a pack of this fixture. REQUIRES: an intact header.
  repository::PackKeys Keys(const repository::PackBuilder::Finished& pack) const;

  SeededRandom random;
  repository::RepositoryId repository;
  repository::WriterId writer;
  Bytes prk;
  crypto::HmacSha256Key content_key;
  crypto::HmacSha256Key node_key;
  std::unique_ptr<codec::BlockCodec> codec = codec::MakeZstd(1);
};

// What a footer and a map would say about frame `index` of a pack. REQUIRES: an intact pack.
repository::FrameExpectation ExpectFrame(ByteSpan pack, size_t index);

// The bytes of that frame.
ByteSpan FrameOf(ByteSpan pack, size_t index);

// Offset of frame `index`, found by walking the frame headers; the number of frames gives the
// footer.
size_t FrameOffset(ByteSpan pack, size_t index);

// A codec that does what it is told around the real zstd, to stand for a broken library, processor
// or memory. Hooks may be empty.
class HookedCodec final : public codec::BlockCodec {
 public:
  std::function<void(MutableByteSpan compressed)> after_compress;
  std::function<void(MutableByteSpan payload)> after_decompress;
  // What Compress returns, if not 0.
  size_t claimed_size = 0;

  codec::CodecId id() const override { return codec::CodecId::kZstd; }
  size_t MaxCompressedSize(size_t size) const override { return zstd_->MaxCompressedSize(size); }
  Result<size_t> Compress(ByteSpan in, MutableByteSpan out) override;
  Status Decompress(ByteSpan in, MutableByteSpan out) override;

 private:
  std::unique_ptr<codec::BlockCodec> zstd_ = codec::MakeZstd(1);
};

}  // namespace pgkeep::testing

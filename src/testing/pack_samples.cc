#include "testing/pack_samples.h"

#include <string_view>
#include <utility>
#include <vector>

#include "repository/units_payload.h"

namespace pgkeep::testing {

using namespace repository;  // NOLINT: nearly every name below is from there

namespace {

Bytes RandomBytes(SeededRandom& random, size_t size) {
  Bytes out(size);
  random.Fill(out);
  return out;
}

}  // namespace

Bytes SampleText(SeededRandom& random, size_t size) {
  constexpr std::string_view kWords =
      "1042\tpaid\t2026-11-22 13:05:00+00\tcustomer \t0.00\tf\t\\N\n";
  Bytes out;
  out.reserve(size + kWords.size());
  while (out.size() < size) {
    const uint64_t draw = random.Next();
    const size_t from = draw % kWords.size();
    Append(out, AsBytes(kWords.substr(from, 1 + (draw >> 8) % 24)));
    out.push_back(static_cast<uint8_t>(draw >> 16));
  }
  out.resize(size);
  return out;
}

PackFixture::PackFixture(uint64_t seed)
    : random(seed),
      repository(RepositoryId::New(random)),
      writer(WriterId::New(random)),
      prk(RandomBytes(random, kKeyBytes)),
      content_key(RandomBytes(random, kKeyBytes)),
      node_key(RandomBytes(random, kKeyBytes)) {}

PackBuilder::Options PackFixture::Options(PackKind kind, uint32_t seq) {
  return {.repository = repository,
          .writer = writer,
          .kind = kind,
          .seq = seq,
          .prk = prk,
          .target_bytes = kDefaultPackBytes,
          .random = &random,
          .recycled = {}};
}

std::unique_ptr<PackBuilder> PackFixture::Begin(PackKind kind, uint32_t seq) {
  return PackBuilder::Create(Options(kind, seq)).value();
}

FramePlace PackFixture::AddUnits(PackBuilder& builder, unsigned units, size_t unit_bytes) {
  UnitsPayloadBuilder payload;
  for (unsigned i = 0; i < units; ++i) payload.Add(SampleText(random, unit_bytes));
  const ByteSpan bytes = payload.Finish();
  return builder
      .Store(*codec, FrameKind::kUnits, payload.units(), bytes,
             ComputeContentHash(content_key, bytes))
      .value();
}

PackBuilder::Finished PackFixture::DataPack(uint32_t seq, unsigned frames) {
  const auto builder = Begin(PackKind::kData, seq);
  for (unsigned i = 0; i < frames; ++i) AddUnits(*builder, 1 + i % kMaxUnitsPerFrame, 100);
  return builder->Finish().value();
}

PackBuilder::Finished PackFixture::MetaPack(uint32_t seq, ByteSpan payload) {
  const auto builder = Begin(PackKind::kMeta, seq);
  builder->Store(*codec, FrameKind::kLeaf, 0, payload, {}).value();
  return builder->Finish().value();
}

PackKeys PackFixture::Keys(const PackBuilder::Finished& pack) const {
  return OpenPackHeader(ByteSpan(pack.bytes).first(kPackHeaderBytes), pack.name, repository, prk)
      .value();
}

size_t FrameOffset(ByteSpan pack, size_t index) {
  size_t offset = kPackHeaderBytes;
  for (size_t i = 0; i < index; ++i) {
    offset += FrameBytes(DecodeFrameHeader(pack.subspan(offset)).value().clen);
  }
  return offset;
}

FrameExpectation ExpectFrame(ByteSpan pack, size_t index) {
  const size_t offset = FrameOffset(pack, index);
  const FrameHeader header = DecodeFrameHeader(pack.subspan(offset)).value();
  return {.kind = header.kind,
          .offset = static_cast<uint32_t>(offset),
          .clen = header.clen,
          .rlen = header.rlen,
          .units = header.units,
          .number = std::nullopt};
}

ByteSpan FrameOf(ByteSpan pack, size_t index) {
  const size_t offset = FrameOffset(pack, index);
  return pack.subspan(offset, FrameBytes(DecodeFrameHeader(pack.subspan(offset)).value().clen));
}

Result<size_t> HookedCodec::Compress(ByteSpan in, MutableByteSpan out) {
  PGK_ASSIGN_OR_RETURN(const size_t size, zstd_->Compress(in, out));
  if (after_compress) after_compress(out.first(size));
  return claimed_size != 0 ? claimed_size : size;
}

Status HookedCodec::Decompress(ByteSpan in, MutableByteSpan out) {
  PGK_TRY(zstd_->Decompress(in, out));
  if (after_decompress) after_decompress(out);
  return Ok();
}

}  // namespace pgkeep::testing

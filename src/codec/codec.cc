#include "codec/codec.h"

#include <cstring>

#include "base/error.h"

namespace pgkeep::codec {
namespace {

class NoneCodec final : public BlockCodec {
 public:
  CodecId id() const override { return CodecId::kNone; }

  size_t MaxCompressedSize(size_t size) const override { return size; }

  Result<size_t> Compress(ByteSpan in, MutableByteSpan out) override {
    if (in.size() > kBlockBytesMax) {
      return Err(ErrorCode::kLimitExceeded, "block of {} bytes is too large", in.size());
    }
    if (in.size() > out.size()) {
      return Err(ErrorCode::kLimitExceeded, "block of {} bytes does not fit into {}", in.size(),
                 out.size());
    }
    if (!in.empty()) std::memcpy(out.data(), in.data(), in.size());
    return in.size();
  }

  Status Decompress(ByteSpan in, MutableByteSpan out) override {
    if (out.size() > kBlockBytesMax) {
      return Err(ErrorCode::kLimitExceeded, "block of {} bytes is too large", out.size());
    }
    if (in.size() != out.size()) {
      return Err(ErrorCode::kCorruption, "stored block has {} bytes instead of {}", in.size(),
                 out.size());
    }
    if (!in.empty()) std::memcpy(out.data(), in.data(), in.size());
    return Ok();
  }
};

}  // namespace

const char* CodecName(CodecId id) { return id == CodecId::kZstd ? "zstd" : "none"; }

std::unique_ptr<BlockCodec> MakeNone() { return std::make_unique<NoneCodec>(); }

Result<std::unique_ptr<BlockCodec>> MakeCodec(CodecId id, int level) {
  switch (id) {
    case CodecId::kNone:
      return MakeNone();
    case CodecId::kZstd:
      if (level < kZstdLevelMin || level > kZstdLevelMax) {
        return Err(ErrorCode::kInvalidArgument, "zstd level {} is out of range", level)
            .WithHint(fmt::format("use a level from {} to {}", kZstdLevelMin, kZstdLevelMax));
      }
      return MakeZstd(level);
  }
  return Err(ErrorCode::kUnsupportedVersion, "unknown codec {}", static_cast<unsigned>(id))
      .WithHint("a newer pgkeep wrote this; read it with that version");
}

}  // namespace pgkeep::codec

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace pgkeep::codec {

// How the payload of a frame is compressed. The values are bytes of the repository format: never
// reuse or renumber one.
enum class CodecId : uint8_t { kNone = 0, kZstd = 1 };

// Levels that zstd may run at. Negative ones trade ratio for speed. The top is far below zstd's own
// 22: higher levels cost more CPU than the bytes are worth, and the library's known corruption bugs
// were all in the parsers of the high levels.
inline constexpr int kZstdLevelMin = -7;
inline constexpr int kZstdLevelMax = 12;
inline constexpr int kZstdLevelDefault = 1;

// Compresses and decompresses one block at a time, each block on its own.
//
// Keep one per worker: the contexts are allocated at first use and reused. One thread at a time.
// Blocks are at most kBlockBytesMax. Compressed input is hostile: whatever it says, Decompress
// touches only `out`, and the memory it uses does not depend on any length inside the input.
class BlockCodec {
 public:
  virtual ~BlockCodec() = default;
  BlockCodec(const BlockCodec&) = delete;
  BlockCodec& operator=(const BlockCodec&) = delete;

  [[nodiscard]] virtual CodecId id() const = 0;

  // The room that Compress can need for `size` bytes of input, at worst. REQUIRES: size <=
  // kBlockBytesMax.
  [[nodiscard]] virtual size_t MaxCompressedSize(size_t size) const = 0;

  // Compresses all of `in` to the start of `out` and returns the length. A smaller `out` than
  // MaxCompressedSize is allowed and is how to ask for "only if it shrinks".
  // Errors: kLimitExceeded when the result does not fit (`out` then holds garbage) or `in` exceeds
  // kBlockBytesMax; kInternal when the library fails. Spans must not overlap.
  [[nodiscard]] virtual Result<size_t> Compress(ByteSpan in, MutableByteSpan out) = 0;

  // Fills exactly all of `out` from all of `in`. Errors: kCorruption when `in` is not one whole
  // block of out.size() bytes: garbage, truncated, followed by anything, of another size, or in
  // need of a dictionary; `out` then holds garbage. kLimitExceeded when out.size() exceeds
  // kBlockBytesMax. Spans must not overlap.
  [[nodiscard]] virtual Status Decompress(ByteSpan in, MutableByteSpan out) = 0;

 protected:
  BlockCodec() = default;
};

// Upper bound of one uncompressed block, 64 MiB: a pack is never larger. Bounds what any length
// field can make a caller ask for.
inline constexpr size_t kBlockBytesMax = size_t{64} << 20;

// "zstd" or "none".
[[nodiscard]] const char* CodecName(CodecId id);

// Zstandard frames (RFC 8878), one frame per block with its content size and without checksum: the
// AEAD tag and the content hash of the repository already cover the bytes, and the checksum would
// cost time on each side for nothing (see zstd_codec.cc for the figures). Level 0 means zstd's own
// default, 3. REQUIRES: kZstdLevelMin <= level <= kZstdLevelMax.
[[nodiscard]] std::unique_ptr<BlockCodec> MakeZstd(int level);

// Copies.
[[nodiscard]] std::unique_ptr<BlockCodec> MakeNone();

// The codec of an id from a file or an option. `level` is ignored by kNone; it has no influence on
// decompression. Errors: kUnsupportedVersion for an unknown id, kInvalidArgument for a level out of
// range.
[[nodiscard]] Result<std::unique_ptr<BlockCodec>> MakeCodec(CodecId id, int level);

}  // namespace pgkeep::codec

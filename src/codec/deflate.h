// Compression by zlib, for formats of others that need it: gzip files and raw zlib streams. The
// repository's own frames use codec.h.
#pragma once

#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace pgkeep::codec {

// What surrounds the compressed bytes.
enum class DeflateWrapper {
  kGzip,  // RFC 1952: one member, without name or time, so that equal input gives equal bytes
  kZlib,  // RFC 1950
};

// zlib's own choice between time and size (6 today).
inline constexpr int kDeflateLevelDefault = -1;

// Compresses one stream piece by piece. One thread at a time; about 270 KiB of memory each.
class DeflateStream {
 public:
  // Receives compressed bytes, at most 64 KiB at a time and never none. Its error ends the call.
  using Sink = std::function<Status(ByteSpan)>;

  virtual ~DeflateStream() = default;
  DeflateStream(const DeflateStream&) = delete;
  DeflateStream& operator=(const DeflateStream&) = delete;

  // Compresses `in`; what comes out so far goes to `sink`. After an error only destruction is left.
  virtual Status Write(ByteSpan in, const Sink& sink) = 0;

  // Ends the stream and hands out the rest. REQUIRES: not called before; no Write() after.
  virtual Status Finish(const Sink& sink) = 0;

 protected:
  DeflateStream() = default;
};

// Levels are 1 (fast) to 9 (small), or kDeflateLevelDefault; kInvalidArgument for others.
Result<std::unique_ptr<DeflateStream>> MakeDeflateStream(DeflateWrapper wrapper, int level);

}  // namespace pgkeep::codec

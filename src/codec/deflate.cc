#include "codec/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/error.h"

namespace pgkeep::codec {
namespace {

constexpr size_t kPieceBytes = size_t{64} << 10;
constexpr int kWindowBits = 15;
constexpr int kGzipWindowBits = kWindowBits + 16;  // zlib's way to ask for a gzip wrapper
constexpr int kMemoryLevel = 8;

class ZlibStream final : public DeflateStream {
 public:
  ZlibStream() = default;
  ~ZlibStream() override {
    if (ready_) deflateEnd(&stream_);
  }

  Status Start(DeflateWrapper wrapper, int level) {
    const int bits = wrapper == DeflateWrapper::kGzip ? kGzipWindowBits : kWindowBits;
    const int status =
        deflateInit2(&stream_, level, Z_DEFLATED, bits, kMemoryLevel, Z_DEFAULT_STRATEGY);
    if (status != Z_OK) return Err(ErrorCode::kInternal, "zlib cannot start: {}", status);
    ready_ = true;
    stream_.next_out = out_.data();
    stream_.avail_out = kPieceBytes;
    return Ok();
  }

  Status Write(ByteSpan in, const Sink& sink) override {
    PGK_CHECK(!finished_, "the stream has not ended");
    while (!in.empty()) {
      const size_t count = std::min<size_t>(in.size(), std::numeric_limits<uInt>::max());
      // zlib does not write to its input.
      stream_.next_in =
          const_cast<Bytef*>(in.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
      stream_.avail_in = static_cast<uInt>(count);
      while (stream_.avail_in > 0) PGK_TRY(Step(Z_NO_FLUSH, sink));
      in = in.subspan(count);
    }
    return Ok();
  }

  Status Finish(const Sink& sink) override {
    PGK_CHECK(!finished_, "the stream has not ended");
    while (!finished_) PGK_TRY(Step(Z_FINISH, sink));
    const size_t left = kPieceBytes - stream_.avail_out;
    return left == 0 ? Ok() : sink(ByteSpan(out_).first(left));
  }

 private:
  // One call of zlib; hands out the buffer when it is full.
  Status Step(int flush, const Sink& sink) {
    const int status = deflate(&stream_, flush);
    if (status != Z_OK && status != Z_STREAM_END) {
      return Err(ErrorCode::kInternal, "zlib cannot compress: {}", status);
    }
    finished_ = status == Z_STREAM_END;
    if (stream_.avail_out > 0) return Ok();
    PGK_TRY(sink(out_));
    stream_.next_out = out_.data();
    stream_.avail_out = kPieceBytes;
    return Ok();
  }

  z_stream stream_ = {};
  bool ready_ = false;
  bool finished_ = false;
  Bytes out_ = Bytes(kPieceBytes);
};

}  // namespace

Result<std::unique_ptr<DeflateStream>> MakeDeflateStream(DeflateWrapper wrapper, int level) {
  if (level != kDeflateLevelDefault && (level < Z_BEST_SPEED || level > Z_BEST_COMPRESSION)) {
    return Err(ErrorCode::kInvalidArgument, "gzip level {} is not between 1 and 9", level);
  }
  auto stream = std::make_unique<ZlibStream>();
  PGK_TRY(stream->Start(wrapper, level));
  return std::unique_ptr<DeflateStream>(std::move(stream));
}

}  // namespace pgkeep::codec

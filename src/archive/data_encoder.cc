#include "archive/data_encoder.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace pgkeep::archive {
namespace {

constexpr size_t kPieceBytes = size_t{64} << 10;

}  // namespace

Result<std::unique_ptr<DataEncoder>> DataEncoder::Make(codec::DeflateWrapper wrapper,
                                                       const ArchiveOptions& options) {
  std::unique_ptr<codec::DeflateStream> deflate;
  if (options.compression == Compression::kGzip) {
    PGK_ASSIGN_OR_RETURN(deflate, codec::MakeDeflateStream(wrapper, options.gzip_level));
  } else if (options.compression != Compression::kNone) {
    return Error(ErrorCode::kInvalidArgument, "archives are written with gzip or uncompressed");
  }
  return std::unique_ptr<DataEncoder>(new DataEncoder(std::move(deflate)));
}

Status DataEncoder::Write(ByteSpan bytes, const ByteSink& sink) {
  if (deflate_ != nullptr) return deflate_->Write(bytes, sink);
  while (!bytes.empty()) {
    const size_t count = std::min(bytes.size(), kPieceBytes - gathered_.size());
    Append(gathered_, bytes.first(count));
    bytes = bytes.subspan(count);
    if (gathered_.size() < kPieceBytes) break;
    PGK_TRY(sink(gathered_));
    gathered_.clear();
  }
  return Ok();
}

Status DataEncoder::Finish(const ByteSink& sink) {
  if (deflate_ != nullptr) return deflate_->Finish(sink);
  return gathered_.empty() ? Ok() : sink(gathered_);
}

}  // namespace pgkeep::archive

// From the data of one entry to the bytes of an archive. Internal to the room.
#pragma once

#include <memory>

#include "archive/archive_writer.h"
#include "base/bytes.h"
#include "base/result.h"
#include "codec/deflate.h"

namespace pgkeep::archive {

// Compresses, or only gathers, and hands out pieces of at most 64 KiB. One thread at a time.
class DataEncoder {
 public:
  // `wrapper` counts only if the options ask for compression. kInvalidArgument for a compression or
  // level that cannot be written.
  static Result<std::unique_ptr<DataEncoder>> Make(codec::DeflateWrapper wrapper,
                                                   const ArchiveOptions& options);

  // Takes the next bytes; an error of `sink` is passed on and ends the use of the encoder.
  Status Write(ByteSpan bytes, const ByteSink& sink);

  // Hands out what is left. REQUIRES: not called before.
  Status Finish(const ByteSink& sink);

 private:
  explicit DataEncoder(std::unique_ptr<codec::DeflateStream> deflate)
      : deflate_(std::move(deflate)) {}

  std::unique_ptr<codec::DeflateStream> deflate_;  // null: no compression
  Bytes gathered_;
};

}  // namespace pgkeep::archive

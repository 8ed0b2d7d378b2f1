// The plain parts of a pack: whatever bytes come, the decoders refuse them or mean exactly them.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/check.h"
#include "repository/pack_format.h"
#include "repository/pack_scanner.h"

namespace {

using namespace pgkeep;              // NOLINT: a fuzz target is one file
using namespace pgkeep::repository;  // NOLINT

void CheckParts(ByteSpan pack) {
  if (const auto header = DecodePackHeader(pack.first(std::min(pack.size(), kPackHeaderBytes)));
      header.ok()) {
    PGK_CHECK(BytesEqual(EncodePackHeader(*header), pack.first(kPackHeaderBytes)));
    // As the reader of this very pack; the layout may still be wrong.
    const auto layout = ReadPackLayout(pack, header->name(), header->repository);
    if (layout.ok()) {
      PGK_CHECK(layout->footer.end() + kPackTrailerBytes == pack.size());
      const std::vector<ScannedFrame> found = SalvageFrames(pack);
      PGK_CHECK(found.size() >= layout->frames.size());
    }
  }
  if (pack.size() >= kPackTrailerBytes) {
    const ByteSpan end = pack.last(kPackTrailerBytes);
    const auto trailer = DecodePackTrailer(end);
    if (trailer.ok()) PGK_CHECK(BytesEqual(EncodePackTrailer(*trailer), end));
  }
}

void CheckSalvage(ByteSpan pack) {
  size_t end = 0;
  for (const ScannedFrame& frame : SalvageFrames(pack)) {
    PGK_CHECK(frame.offset >= end && frame.end() <= pack.size());
    PGK_CHECK(
        BytesEqual(EncodeFrameHeader(frame.header), pack.subspan(frame.offset, kFrameHeaderBytes)));
    end = frame.end();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteSpan pack(data, size);
  CheckParts(pack);
  CheckSalvage(pack);
  return 0;
}

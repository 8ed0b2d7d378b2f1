// Any bytes as the head of a pg_dump archive: what is read is written again with the same bytes,
// however it is fed, and everything that looks at a table of contents gets along with it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "archive/contents.h"
#include "archive/convert.h"
#include "archive/selection.h"
#include "archive/toc_encoder.h"
#include "archive/toc_reader.h"
#include "base/check.h"

namespace archive = pgkeep::archive;
using pgkeep::ByteSpan;

namespace {

pgkeep::Result<archive::Toc> Read(ByteSpan bytes, size_t piece) {
  archive::TocReader reader;
  for (size_t at = 0; at < bytes.size() && !reader.complete(); at += piece) {
    const ByteSpan rest = bytes.subspan(at);
    PGK_TRY(reader.Feed(rest.first(std::min(piece, rest.size()))));
  }
  return std::move(reader).Take();
}

void Look(const archive::Toc& toc) {
  const archive::TocIndex index(toc);
  static_cast<void>(archive::ListSequenceValues(index));
  static_cast<void>(archive::ListLargeObjects(toc));
  const auto converted = archive::ConvertToVersion14(toc);
  if (converted.ok()) PGK_CHECK(archive::EncodeToc(*converted).ok());
  PGK_CHECK(archive::EncodeWithoutData(toc).ok());
  const auto tables = archive::ListTableData(index);
  archive::SelectionRequest request;
  if (tables.ok() && !tables->empty()) {
    request.tables.push_back({tables->front().schema, tables->front().name});
    request.schemas.push_back(tables->back().schema);
  }
  const auto chosen = archive::Select(index, request);
  if (!chosen.ok()) return;
  PGK_CHECK(archive::Subset(toc, chosen->entries).entries.size() >= chosen->entries.size());
  static_cast<void>(archive::FormatUseList(index, chosen->entries));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteSpan bytes(data, size);
  const auto toc = Read(bytes, bytes.size());
  const auto again = Read(bytes, 1 + size / 7);
  PGK_CHECK(toc.ok() == again.ok());
  if (!toc.ok()) return 0;
  PGK_CHECK(*toc == *again);
  const auto written = archive::EncodeToc(*toc);
  PGK_CHECK(written.ok() && written->size() <= size);
  PGK_CHECK(pgkeep::BytesEqual(*written, bytes.first(written->size())));
  Look(*toc);
  return 0;
}

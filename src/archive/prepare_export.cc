#include "archive/prepare_export.h"

#include <fmt/format.h>

#include "archive/contents.h"
#include "archive/entry_kind.h"
#include "archive/format_int.h"
#include "archive/toc_encoder.h"
#include "archive/toc_index.h"
#include "base/error.h"

namespace pgkeep::archive {
namespace {

Status CheckLargeObjects(const Toc& toc) {
  PGK_ASSIGN_OR_RETURN(const LargeObjects objects, ListLargeObjects(toc));
  const size_t expected = objects.oids.empty() ? 0 : 1;
  if (objects.data_entries.size() == expected) return Ok();
  return Err(ErrorCode::kInvalidArgument,
             "the archive has {} large objects and {} entries for their data; it must have one for "
             "all, or none without large objects",
             objects.oids.size(), objects.data_entries.size());
}

Status CheckKinds(const Toc& toc) {
  for (const TocEntry& entry : toc.entries) {
    const EntryKind kind = KindOf(entry);
    const bool may_have_data = kind == EntryKind::kTableData || kind == EntryKind::kLargeObjectData;
    if (entry.has_data != may_have_data || kind == EntryKind::kLargeObjectGroup) {
      return Err(ErrorCode::kInvalidArgument, "{} {} (dump id {}) {} data", entry.kind, entry.tag,
                 entry.dump_id, entry.has_data ? "has unknown" : "has no");
    }
  }
  return Ok();
}

void SetPlace(TocEntry& entry, ArchiveFormat format) {
  entry.offset_state = entry.has_data ? OffsetState::kNotSet : OffsetState::kNoData;
  entry.offset = 0;
  entry.file_name.reset();
  if (format == ArchiveFormat::kCustom) return;
  if (!entry.has_data) {
    entry.file_name = "";
  } else if (KindOf(entry) == EntryKind::kLargeObjectData) {
    entry.file_name = "blobs.toc";
  } else {
    entry.file_name = fmt::format("{}.dat", entry.dump_id);
  }
}

}  // namespace

Result<Toc> PrepareExport(Toc toc, ArchiveFormat format, const ArchiveOptions& options) {
  if (toc.header.version != kVersion14) {
    return Err(ErrorCode::kInvalidArgument, "archives are written in format 1.14, not 1.{}",
               toc.header.version.minor);
  }
  toc.header.int_size = kIntBytes;
  toc.header.offset_size = kOffsetBytes;
  toc.header.format = format;
  toc.header.compression = options.compression;
  toc.header.gzip_level = options.compression == Compression::kGzip ? options.gzip_level : -1;
  for (TocEntry& entry : toc.entries) SetPlace(entry, format);
  // Encoded now, so that what cannot be written is known before any data is; also makes sure that
  // dump ids are unique.
  PGK_TRY(EncodeToc(toc));
  PGK_TRY(CheckKinds(toc));
  PGK_TRY(ListTableData(TocIndex(toc)));
  PGK_TRY(CheckLargeObjects(toc));
  return toc;
}

}  // namespace pgkeep::archive

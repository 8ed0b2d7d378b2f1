// Making a table of contents ready to be written with data. Internal to the room.
#pragma once

#include "archive/archive_writer.h"
#include "archive/toc.h"
#include "base/result.h"

namespace pgkeep::archive {

// Checks that the archive can be exported and sets what depends on how: format, compression, sizes,
// file names, places. kInvalidArgument, or an error of ListTableData() or ListLargeObjects(), says
// what is wrong.
Result<Toc> PrepareExport(Toc toc, ArchiveFormat format, const ArchiveOptions& options);

}  // namespace pgkeep::archive

// Bringing a table of contents of any supported version into the one that is exported.
#pragma once

#include "archive/toc.h"
#include "base/result.h"

namespace pgkeep::archive {

// The same archive in version 1.14, for every pg_restore since 12. What changes:
//
// - the header's version; compression by lz4 or zstd becomes none (the writer sets its own);
// - relation kinds are dropped. They tell pg_restore 17 that the access method of a partitioned
//   table is set by ALTER TABLE, because before 17 it cannot be given at all: that statement is
//   appended to the definition here;
// - each BLOB METADATA entry of up to 1000 large objects becomes one BLOB entry per object, before
//   the first data entry, and its comments, labels and privileges follow them; "LARGE OBJECTS a..b"
//   privileges are written out for each object; the BLOBS entries become one. Dump ids of new
//   entries are above all that were there.
//
// SQL is not changed: what only a newer server understands still needs one. kCorruption if a BLOB
// METADATA entry or the privileges of a group are not in the form that pg_dump writes. 1.14 comes
// back as it is.
Result<Toc> ConvertToVersion14(Toc toc);

}  // namespace pgkeep::archive

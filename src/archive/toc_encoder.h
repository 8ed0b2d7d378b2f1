// Writing tables of contents: the inverse of toc_reader.h.
#pragma once

#include "archive/toc.h"
#include "base/bytes.h"
#include "base/result.h"

namespace pgkeep::archive {

// Header and entries in the layout of the header's version (1.14, 1.15 or 1.16). EncodeToc() of
// what TocReader read gives the bytes that it was read from.
//
// kInvalidArgument, naming the entry, for what the format cannot hold: a NUL in a text, a dump id
// that is not positive or used twice, a relation kind before 1.16, lz4 or zstd before 1.15;
// kLimitExceeded beyond limits.h.
Result<Bytes> EncodeToc(const Toc& toc);

// The same as a custom archive in which no data follows: pg_restore lists it, and restores
// definitions from it with --section=pre-data, --section=post-data and --use-list. Asked for data
// it fails loudly, since every entry still says that it has some.
Result<Bytes> EncodeWithoutData(Toc toc);

}  // namespace pgkeep::archive

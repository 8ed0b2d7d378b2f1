// Large objects where their table may not be read.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "backup/table_reader.h"
#include "base/result.h"
#include "crypto/siphash.h"
#include "logical/fingerprint.h"
#include "postgres/connection.h"
#include "repository/range_writer.h"

namespace pgkeep::backup {

// Asks for the bytes of each large object through its own function, which needs no right on
// pg_largeobject, and writes them as rows of that table would look in COPY text: number of the
// object, number of the page, bytes. Units are cut by size. Otherwise as ReadTable(). Slower: at
// least one question for each object.
Result<logical::TableFingerprint> ReadLargeObjects(postgres::Connection& connection,
                                                   std::span<const uint32_t> oids,
                                                   std::unique_ptr<repository::RangeWriter> range,
                                                   const crypto::SipHash128& hash,
                                                   ReadCounters& counters);

}  // namespace pgkeep::backup

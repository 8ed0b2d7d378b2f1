#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace pgkeep::codec {

// CRC-32C (Castagnoli; RFC 3720 appendix B.4), the checksum of PostgreSQL's WAL and control file
// and of the plain headers of packs and frames. Finds accidents, not attacks. Uses the SSE 4.2
// instruction where the processor has it and a table otherwise; the value is the same. Thread-safe,
// never fails.
[[nodiscard]] uint32_t Crc32c(ByteSpan data);

// The CRC of the concatenation of the bytes that gave `crc` and of `data`; Crc32c(x) is
// ExtendCrc32c(0, x).
[[nodiscard]] uint32_t ExtendCrc32c(uint32_t crc, ByteSpan data);

}  // namespace pgkeep::codec

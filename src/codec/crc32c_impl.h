#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace pgkeep::codec::internal {

// The two ways to compute ExtendCrc32c, apart so that tests can compare them; private to the room.

// Slicing by eight tables; runs everywhere.
[[nodiscard]] uint32_t ExtendCrc32cTable(uint32_t crc, ByteSpan data);

#if defined(__x86_64__)
// The crc32 instruction. REQUIRES: a processor with SSE 4.2.
[[nodiscard]] uint32_t ExtendCrc32cSse42(uint32_t crc, ByteSpan data);
#endif

}  // namespace pgkeep::codec::internal

// Hexadecimal text (RFC 4648 section 8).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace pgkeep {

// Two lower-case digits per byte.
std::string HexEncode(ByteSpan bytes);

// The inverse; accepts both cases and nothing but digits. kInvalidArgument for an odd length or
// another character. The text itself is never put into the error, as it may be a key.
Result<Bytes> HexDecode(std::string_view text);

}  // namespace pgkeep

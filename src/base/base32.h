// Base32 text (RFC 4648 section 6, without padding): for what people copy by hand.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace pgkeep {

// Upper-case letters and the digits 2 to 7, without padding.
std::string Base32Encode(ByteSpan bytes);

// The inverse. Accepts both cases and skips spaces and '-', so that text may be grouped for
// reading. kInvalidArgument for any other character (including '='), an impossible length, or bits
// left over that are not zero. The text itself is never put into the error, as it may be a key.
Result<Bytes> Base32Decode(std::string_view text);

}  // namespace pgkeep

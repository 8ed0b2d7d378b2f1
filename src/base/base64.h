// Base64 text (RFC 4648 section 4).
#pragma once

#include <string>

#include "base/bytes.h"

namespace pgkeep {

// With padding, without line breaks.
std::string Base64Encode(ByteSpan bytes);

}  // namespace pgkeep

#pragma once

#include <optional>

#include "base/array.h"
#include "base/bytes.h"

namespace pgkeep::crypto {

// An MD5 value.
using Digest16 = ByteArray<16>;

// MD5 (RFC 1321), which S3 uses as the tag of an object. Broken as a hash: never where somebody
// could gain from a collision. nullopt where the system's policy forbids it (FIPS). Thread-safe.
[[nodiscard]] std::optional<Digest16> Md5(ByteSpan data);

}  // namespace pgkeep::crypto

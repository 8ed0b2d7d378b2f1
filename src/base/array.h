// Fixed-size byte arrays, for keys, digests and nonces whose length is part of their type.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pgkeep {

// Exactly N owned bytes.
template <size_t N>
using ByteArray = std::array<uint8_t, N>;

}  // namespace pgkeep

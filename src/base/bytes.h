// The byte types that every room passes around. Spans borrow: they never own, and they are valid
// only as long as what they point at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pgkeep {

// An owned, growing run of bytes.
using Bytes = std::vector<uint8_t>;

// A borrowed run of bytes that is only read.
using ByteSpan = std::span<const uint8_t>;

// A borrowed run of bytes that is written.
using MutableByteSpan = std::span<uint8_t>;

// Views the characters of `text` as bytes; borrows from `text`.
ByteSpan AsBytes(std::string_view text);

// Views bytes as characters, without any check of encoding; borrows from `bytes`.
std::string_view AsText(ByteSpan bytes);

// True if both runs have the same length and content. Not constant time: never for secrets or
// authentication tags.
bool BytesEqual(ByteSpan left, ByteSpan right);

// Copies a borrowed run into an owned one.
Bytes ToBytes(ByteSpan bytes);

// Appends a copy of `tail` to `out`. REQUIRES: `tail` is not a part of `out`.
void Append(Bytes& out, ByteSpan tail);

}  // namespace pgkeep

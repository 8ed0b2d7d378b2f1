// Upper bounds of what is read from an archive. An archive is outside input: a table of contents
// that asks for more is refused before memory is given to it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pgkeep::archive {

// Header and table of contents together. A million tables with their indexes stay below 2 GB.
inline constexpr uint64_t kTocBytesMax = uint64_t{4} << 30;

// One string of an entry. PostgreSQL itself cannot make a longer one.
inline constexpr size_t kTocStringBytesMax = size_t{1} << 30;

// Entries of one table of contents.
inline constexpr int32_t kTocEntriesMax = 50'000'000;

// Bytes of one integer. pg_dump writes 4; the header says how many.
inline constexpr uint8_t kIntBytesMax = 8;

// Bytes of one file offset. pg_dump writes 8.
inline constexpr uint8_t kOffsetBytesMax = 8;

}  // namespace pgkeep::archive

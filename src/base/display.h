// Text for people on terminals: safe to print, of known width, with readable figures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace pgkeep {

// "0 B", "1023 B", "1.0 KiB", "31.9 MiB": three or four digits, rounded down so that nothing looks
// larger than it is.
std::string FormatBytes(uint64_t bytes);

// "0:07", "12:34", "3:05:00", "2 d 03:05": rounded down to seconds, from a day on to minutes.
// Negative is zero.
std::string FormatDuration(Duration duration);

// Text from outside as valid UTF-8 without what a terminal does not show but obeys: control
// characters, which could move the cursor or forge lines, marks that turn the direction of the text
// around or hide in it, and bytes that are no UTF-8. Each becomes '?'.
std::string Printable(std::string_view text);

// The columns that a terminal gives to valid UTF-8 without control characters: 2 for East Asian
// wide characters and emoji, 0 for combining marks, else 1.
size_t TextWidth(std::string_view text);

// The longest beginning of at most `columns` columns; with "~" at its end if something was cut off.
std::string FitWidth(std::string_view text, size_t columns);

}  // namespace pgkeep

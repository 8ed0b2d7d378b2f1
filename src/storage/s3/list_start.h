// Where a listing begins.
#pragma once

#include <string>
#include <string_view>

namespace pgkeep::storage {

// A text that S3 takes as start-after and that has the same valid keys behind it as `start_after`,
// which may be any bytes, while S3 knows only UTF-8 of limited length. Valid keys come back as they
// are.
std::string ListStart(std::string_view start_after);

}  // namespace pgkeep::storage

// Times as HTTP writes them.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace pgkeep::net {

// Parses the dates of RFC 9110 section 5.6.7 ("Sun, 06 Nov 1994 08:49:37 GMT" and its two obsolete
// forms). nullopt for everything that is no date.
std::optional<Timestamp> ParseHttpTime(std::string_view text);

}  // namespace pgkeep::net

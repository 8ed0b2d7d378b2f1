// Text that may be shown: what objects of a repository carry for people.
#pragma once

#include <string>
#include <string_view>

namespace pgkeep::repository {

// True for valid UTF-8 (RFC 3629) of at most kMaxTextBytes without control characters, which could
// forge lines of a log or a terminal. Empty text is clean.
bool IsCleanText(std::string_view text);

// `text` with every byte that IsCleanText() refuses replaced by '?', and cut at a character
// boundary to kMaxTextBytes: for reasons and names that come from other programs.
std::string CleanText(std::string_view text);

}  // namespace pgkeep::repository

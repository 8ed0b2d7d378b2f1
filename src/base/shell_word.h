// Commands that a user is told to run.
#pragma once

#include <string>
#include <string_view>

namespace pgkeep {

// `word` as a POSIX shell takes it for one word: quoted, but only where it needs that.
std::string ShellWord(std::string_view word);

}  // namespace pgkeep

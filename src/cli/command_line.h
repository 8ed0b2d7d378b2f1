// Reading the command line. The only file that knows the parser's library is command_line.cc.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cli/options.h"

namespace pgkeep::cli {

// Text that was asked for with --help or --version: print it and end well.
struct HelpText {
  std::string text;
};

// Reads the words after the program's name. kInvalidArgument, with a hint that names the nearest
// option or command, for everything that is no command line. Never prints, never exits.
Result<std::variant<Invocation, HelpText>> ParseCommandLine(
    const std::vector<std::string>& arguments);

}  // namespace pgkeep::cli

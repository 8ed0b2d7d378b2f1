#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/environment.h"
#include "cli/program.h"
#include "cli/signals.h"

int main(int count, char** words) {
  // Who reads the messages may go (`2>&1 | head`): the work goes on. Children get the default back.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  const auto watcher = pgkeep::cli::SignalWatcher::Start();
  if (!watcher.ok()) {
    fmt::print(stderr, "pgkeep: {}\n", watcher.error().ToString());
    return 1;
  }
  pgkeep::cli::Environment environment = pgkeep::cli::RealEnvironment();
  environment.stop = (*watcher)->token();
  const std::vector<std::string> arguments(words + (count > 0 ? 1 : 0), words + count);
  return pgkeep::cli::RunProgram(arguments, environment);
}

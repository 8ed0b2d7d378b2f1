#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/environment.h"
#include "cli/program.h"
#include "cli/signals.h"

namespace {

// A dump of this process would hold keys. The limit alone is not heeded where dumps go to a program
// (core(5)); children have only the limit.
void ForbidCoreDumps() {
  constexpr rlimit kNone{0, 0};
  static_cast<void>(::setrlimit(RLIMIT_CORE, &kNone));
  static_cast<void>(::prctl(PR_SET_DUMPABLE, 0));
}

}  // namespace

int main(int count, char** words) {
  ForbidCoreDumps();
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

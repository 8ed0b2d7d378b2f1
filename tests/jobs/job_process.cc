// Runs one job in a process of its own, for tests that kill it.
//
//   job_process CATALOG clean      holds the job until it is stopped, then gives up cleanly
//   job_process CATALOG stubborn   says that it was stopped, and goes on
//
// Says "PHASE ID" when a phase begins, and goes on with the next when it is told any line.
#include <cstdio>
#include <string>

#include "base/log.h"
#include "catalog/sqlite_catalog.h"
#include "cli/signals.h"
#include "crypto/random.h"
#include "jobs/job_runner.h"

namespace pgkeep {
namespace {

void Say(const std::string& text) {
  std::puts(text.c_str());
  std::fflush(stdout);
}

Result<jobs::JobResult> Hold(jobs::JobContext& context, bool stubborn) {
  for (const std::string phase : {"schema", "copy"}) {
    context.progress.BeginPhase(phase);
    Say(phase + " " + context.id);
    if (phase == "schema") std::getchar();
  }
  const Status stopped = SystemClock().SleepFor(std::chrono::hours(1), context.stop);
  Say("stopping");
  if (stubborn) return SystemClock().SleepFor(std::chrono::hours(1), {}).error();
  return stopped.error();
}

int Main(const std::string& path, bool stubborn) {
  SetLogLevel(LogLevel::kError);
  const auto signals = cli::SignalWatcher::Start().value();
  const auto catalog = catalog::OpenSqliteCatalog({.path = path}).value();
  jobs::JobRunner runner({.catalog = catalog.get(),
                          .fill_random = crypto::RandomBytes,
                          .host = "test",
                          .version = "test"});
  Progress progress;
  const jobs::JobReport report = runner.Run(
      {.source = "app"}, [&](jobs::JobContext& context) { return Hold(context, stubborn); },
      signals->token(), progress);
  return report.error ? ExitStatus(report.error->code()) : 0;
}

}  // namespace
}  // namespace pgkeep

int main(int count, char** words) {
  return count == 3 ? pgkeep::Main(words[1], std::string(words[2]) == "stubborn") : 2;
}

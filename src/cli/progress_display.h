// Progress on standard error.
#pragma once

#include <optional>

#include "base/progress.h"
#include "cli/commands.h"
#include "jobs/progress_reporter.h"

namespace pgkeep::cli {

// Shows what `progress` says, as long as this lives: a bar on a terminal, lines elsewhere, JSON
// lines with --json, nothing with --quiet. Both arguments outlive it.
class ProgressDisplay {
 public:
  ProgressDisplay(const Progress& progress, const CommandContext& context);
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;
  ~ProgressDisplay() = default;

 private:
  jobs::ProgressReporter reporter_;
  std::optional<jobs::ProgressReporterThread> thread_;  // last: it uses the reporter
};

}  // namespace pgkeep::cli

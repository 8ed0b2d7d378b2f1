// Progress on standard error.
#pragma once

#include <memory>
#include <optional>

#include "base/progress.h"
#include "cli/commands.h"
#include "jobs/progress_reporter.h"

namespace pgkeep::cli {

// Whether plain and JSON lines also tell when a phase begins.
enum class PhaseLines {
  kAnnounced,  // of long jobs, in whose log one looks for them
  kNone,       // of what is mostly done before the first line is due
};

// Shows what `progress` says, as long as this lives: a bar on a terminal, lines elsewhere, JSON
// lines with --json, nothing with --quiet. The first two arguments outlive it. One at a time in a
// process: where there is a bar, the lines of the log go around it (base/error_line.h). The console
// must be left alone meanwhile.
class ProgressDisplay {
 public:
  ProgressDisplay(const Progress& progress, const CommandContext& context, PhaseLines lines);
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;
  ~ProgressDisplay();

 private:
  // Shared with the writer of lines, which may be used a little longer.
  std::shared_ptr<jobs::ProgressReporter> reporter_;
  std::optional<jobs::ProgressReporterThread> thread_;
};

}  // namespace pgkeep::cli

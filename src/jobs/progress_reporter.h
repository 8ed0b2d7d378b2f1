// Shows the progress of a job on a terminal, in a pipe, or to a program.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/progress.h"
#include "jobs/progress_text.h"
#include "jobs/rate_meter.h"

namespace pgkeep::jobs {

// How to show it.
enum class ProgressStyle {
  kOff,
  kBar,    // one line that is redrawn
  kLines,  // a plain line every ten seconds and, if these are announced, at each phase
  kJson,   // a JSON object on a line, as often
};

// The style for an output: kOff with --quiet, kJson with --json, else a bar on a terminal and lines
// elsewhere.
ProgressStyle ChooseProgressStyle(bool terminal, bool json, bool quiet);

// How a reporter draws. Functions are called by one thread at a time.
struct ReporterOptions {
  ProgressStyle style = ProgressStyle::kOff;
  // Lines also when a phase begins. Not for what is mostly done in no time, and should then be
  // silent.
  bool announce_phases = true;
  // Takes what is to be shown, whole lines or one redrawing, in one piece. What it cannot write is
  // lost: progress is no result.
  std::function<void(std::string_view text)> write = {};
  // Columns of the terminal, asked before each drawing; 80 if there is no such function.
  std::function<size_t()> columns = {};
  Duration bar_interval = std::chrono::milliseconds(200);
  Duration line_interval = std::chrono::seconds(10);
};

// Turns snapshots into what is shown, when it is due. Thread-safe. `progress` and `clock` outlive
// it.
class ProgressReporter {
 public:
  ProgressReporter(const Progress& progress, Clock& clock, ReporterOptions options);

  // Looks, and draws if something is due: call several times a second.
  void Tick();

  // Takes the bar away, for other output to come; the next Tick() draws it again.
  void Clear();

  // Writes a line of somebody else: where the bar is, which comes back below it.
  void WriteLine(std::string_view line);

  // How long to wait between two calls of Tick().
  Duration interval() const;

 private:
  void DrawBar(const ProgressView& view) PGK_REQUIRES(mutex_);
  void Write(std::string_view text) PGK_REQUIRES(mutex_);

  const Progress& progress_;
  Clock& clock_;
  const ReporterOptions options_;
  const Duration begun_;

  Mutex mutex_;
  RateMeter rate_ PGK_GUARDED_BY(mutex_);
  std::string phase_ PGK_GUARDED_BY(mutex_);
  std::optional<Duration> last_ PGK_GUARDED_BY(mutex_);  // when something was drawn
  std::string shown_ PGK_GUARDED_BY(mutex_);             // the bar on the screen
};

// Ticks in a thread of its own from construction until destroyed; then takes the bar away.
class ProgressReporterThread {
 public:
  // The reporter and `clock`, which paces it, outlive this.
  ProgressReporterThread(ProgressReporter& reporter, Clock& clock);
  ~ProgressReporterThread();
  ProgressReporterThread(const ProgressReporterThread&) = delete;
  ProgressReporterThread& operator=(const ProgressReporterThread&) = delete;

 private:
  ProgressReporter& reporter_;
  std::jthread thread_;
};

}  // namespace pgkeep::jobs

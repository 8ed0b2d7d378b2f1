#include "jobs/progress_reporter.h"

#include <fmt/format.h>

#include <utility>

#include "base/display.h"
#include "base/thread_name.h"

namespace pgkeep::jobs {
namespace {

constexpr size_t kColumnsDefault = 80;
constexpr Duration kLook = std::chrono::milliseconds(500);  // for lines: to see a new phase

}  // namespace

ProgressStyle ChooseProgressStyle(bool terminal, bool json, bool quiet) {
  if (quiet) return ProgressStyle::kOff;
  if (json) return ProgressStyle::kJson;
  return terminal ? ProgressStyle::kBar : ProgressStyle::kLines;
}

ProgressReporter::ProgressReporter(const Progress& progress, Clock& clock, ReporterOptions options)
    : progress_(progress), clock_(clock), options_(std::move(options)), begun_(clock.Monotonic()) {}

Duration ProgressReporter::interval() const {
  return options_.style == ProgressStyle::kBar ? options_.bar_interval : kLook;
}

void ProgressReporter::Tick() {
  if (options_.style == ProgressStyle::kOff) return;
  const Duration now = clock_.Monotonic();
  ProgressView view{.snapshot = progress_.Snapshot(),
                    .bytes_per_second = {},
                    .remaining = {},
                    .elapsed = now - begun_};
  const ProgressSnapshot& at = view.snapshot;
  MutexLock lock(mutex_);
  const bool new_phase = at.phase != phase_;
  if (new_phase) {
    rate_ = RateMeter();
    phase_ = at.phase;
  }
  rate_.Add(now, at.bytes);
  view.bytes_per_second = rate_.PerSecond();
  if (at.total_bytes && *at.total_bytes >= at.bytes) {
    view.remaining = rate_.TimeFor(*at.total_bytes - at.bytes);
  }
  const bool bar = options_.style == ProgressStyle::kBar;
  const Duration every = bar ? options_.bar_interval : options_.line_interval;
  const bool due = !last_ ? (bar || now - begun_ >= every) : now - *last_ >= every;
  const bool announced = new_phase && !bar && options_.announce_phases;
  if (!due && !announced) return;
  last_ = now;
  if (bar) {
    DrawBar(view);
  } else {
    Write((options_.style == ProgressStyle::kJson ? JsonText(view) : LineText(view)) + "\n");
  }
}

void ProgressReporter::DrawBar(const ProgressView& view) {
  const size_t columns = options_.columns ? options_.columns() : kColumnsDefault;
  // Not the last column: writing there makes some terminals begin a new line.
  const std::string bar = BarText(view, columns > 1 ? columns - 1 : 0);
  if (bar == shown_) return;
  // The new text first, then the rest of the old one is erased: nothing ever looks empty.
  Write(fmt::format("\r{}\x1b[K", bar));
  shown_ = bar;
}

void ProgressReporter::Clear() {
  MutexLock lock(mutex_);
  if (shown_.empty()) return;
  Write("\r\x1b[K");
  shown_.clear();
  last_.reset();
}

void ProgressReporter::WriteLine(std::string_view line) {
  MutexLock lock(mutex_);
  // In one piece: nothing comes between the line and the bar.
  if (shown_.empty()) {
    Write(fmt::format("{}\n", line));
  } else {
    Write(fmt::format("\r\x1b[K{}\n{}", line, shown_));
  }
}

void ProgressReporter::Write(std::string_view text) {
  if (options_.write) options_.write(text);
}

ProgressReporterThread::ProgressReporterThread(ProgressReporter& reporter, Clock& clock)
    : reporter_(reporter), thread_([&reporter, &clock](const std::stop_token& stop) {
        SetThreadName("progress");
        do {
          reporter.Tick();
        } while (clock.SleepFor(reporter.interval(), stop).ok());
      }) {}

ProgressReporterThread::~ProgressReporterThread() {
  thread_.request_stop();
  thread_.join();
  reporter_.Clear();
}

}  // namespace pgkeep::jobs

#include "cli/progress_display.h"

#include <sys/ioctl.h>

#include <cstdio>
#include <string_view>
#include <utility>

#include "base/error_line.h"

namespace pgkeep::cli {
namespace {

constexpr size_t kColumnsDefault = 80;

size_t ColumnsOf(std::FILE* file) {
  winsize size{};
  if (ioctl(fileno(file), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kColumnsDefault;
  return size.ws_col;
}

jobs::ReporterOptions OptionsOf(const CommandContext& context, PhaseLines lines) {
  std::FILE* const err = context.environment.err;
  jobs::ReporterOptions options;
  options.style = jobs::ChooseProgressStyle(context.environment.terminal, context.options.json,
                                            context.options.quiet);
  options.announce_phases = lines == PhaseLines::kAnnounced;
  options.write = [err](std::string_view text) {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), err));
    static_cast<void>(std::fflush(err));
  };
  options.columns = [err] { return ColumnsOf(err); };
  return options;
}

}  // namespace

ProgressDisplay::ProgressDisplay(const Progress& progress, const CommandContext& context,
                                 PhaseLines lines) {
  jobs::ReporterOptions options = OptionsOf(context, lines);
  const jobs::ProgressStyle style = options.style;
  if (style == jobs::ProgressStyle::kOff) return;
  Clock& clock = *context.environment.clock;
  reporter_ = std::make_shared<jobs::ProgressReporter>(progress, clock, std::move(options));
  if (style == jobs::ProgressStyle::kBar) {
    SetErrorLineWriter(
        [reporter = reporter_](std::string_view line) { reporter->WriteLine(line); });
  }
  thread_.emplace(*reporter_, clock);
}

ProgressDisplay::~ProgressDisplay() {
  if (!reporter_) return;
  thread_.reset();  // which takes the bar away
  SetErrorLineWriter({});
}

}  // namespace pgkeep::cli

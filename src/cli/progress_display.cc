#include "cli/progress_display.h"

#include <sys/ioctl.h>

#include <cstdio>
#include <string_view>

namespace pgkeep::cli {
namespace {

constexpr size_t kColumnsDefault = 80;

size_t ColumnsOf(std::FILE* file) {
  winsize size{};
  if (ioctl(fileno(file), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kColumnsDefault;
  return size.ws_col;
}

jobs::ReporterOptions OptionsOf(const CommandContext& context) {
  std::FILE* const err = context.environment.err;
  jobs::ReporterOptions options;
  options.style = jobs::ChooseProgressStyle(context.environment.terminal, context.options.json,
                                            context.options.quiet);
  options.write = [err](std::string_view text) {
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), err));
    static_cast<void>(std::fflush(err));
  };
  options.columns = [err] { return ColumnsOf(err); };
  return options;
}

}  // namespace

ProgressDisplay::ProgressDisplay(const Progress& progress, const CommandContext& context)
    : reporter_(progress, *context.environment.clock, OptionsOf(context)) {
  const bool shown = jobs::ChooseProgressStyle(context.environment.terminal, context.options.json,
                                               context.options.quiet) != jobs::ProgressStyle::kOff;
  if (shown) thread_.emplace(reporter_, *context.environment.clock);
}

}  // namespace pgkeep::cli

#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <exception>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error_line.h"

namespace pgkeep {

namespace {

std::atomic<LogLevel> lowest_level{LogLevel::kInfo};
std::atomic<LogFormat> log_format{LogFormat::kHuman};

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

// Writes finished lines to standard error, one at a time.
spdlog::logger& Writer() {
  static const std::shared_ptr<spdlog::logger> writer = [] {
    auto made = std::make_shared<spdlog::logger>("pgkeep",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, "\n"));
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *writer;
}

// Length of the UTF-8 sequence at the start of `text` (RFC 3629), or 0 if there is no valid one.
size_t Utf8Length(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xed && byte(1) >= 0xa0;
  const bool too_large = lead == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || too_large ? 0 : length;
}

// Appends one character below 0x80, escaped if it could end a line, a string or a colour.
void AppendAscii(std::string& out, char character, bool json) {
  const auto byte = static_cast<unsigned char>(character);
  if (json && (character == '"' || character == '\\')) {
    out += '\\';
    out += character;
  } else if (character == '\n') {
    out += "\\n";
  } else if (character == '\t') {
    out += "\\t";
  } else if (byte < 0x20 || byte == 0x7f) {
    out += json ? fmt::format("\\u{:04x}", byte) : fmt::format("\\x{:02x}", byte);
  } else {
    out += character;
  }
}

// Appends text so that it stays on its line and is valid UTF-8, whatever it holds.
void AppendEscaped(std::string& out, std::string_view text, bool json) {
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 1) {
      AppendAscii(out, text.front(), json);
    } else if (length > 1) {
      out += text.substr(0, length);
    } else {
      out += "\xef\xbf\xbd";  // U+FFFD, the replacement character
    }
    text.remove_prefix(length > 0 ? length : 1);
  }
}

std::string MakeLine(LogLevel level, std::string_view component, std::string_view message) {
  const Timestamp now = SystemClock().Now();
  std::string line;
  if (log_format.load(std::memory_order_relaxed) == LogFormat::kJson) {
    line = fmt::format(R"({{"time":"{}","level":"{}","component":")", FormatUtcMicros(now),
                       LogLevelName(level));
    AppendEscaped(line, component, true);
    line += R"(","message":")";
    AppendEscaped(line, message, true);
    line += R"("})";
  } else {
    line = fmt::format("{} {} ", FormatUtc(now), LogLevelName(level));
    AppendEscaped(line, component, false);
    line += ": ";
    AppendEscaped(line, message, false);
  }
  return line;
}

}  // namespace

void SetLogLevel(LogLevel level) { lowest_level.store(level, std::memory_order_relaxed); }

void SetLogFormat(LogFormat format) { log_format.store(format, std::memory_order_relaxed); }

bool LogEnabled(LogLevel level) { return level >= lowest_level.load(std::memory_order_relaxed); }

std::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      break;
  }
  return "error";
}

void VLog(LogLevel level, std::string_view component, fmt::string_view format,
          fmt::format_args arguments) {
  try {
    const std::string line = MakeLine(level, component, fmt::vformat(format, arguments));
    if (const auto writer = CurrentErrorLineWriter()) {
      (*writer)(line);
    } else {
      Writer().log(ToSpdlog(level), spdlog::string_view_t(line));
    }
  } catch (const std::exception&) {
    // A formatter of an argument failed. The event is lost rather than the job.
  }
}

}  // namespace pgkeep

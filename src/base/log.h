// The log: one line per event, on standard error. For services and the command line; the leaf rooms
// (crypto, codec, storage) return errors and counters instead. Never under a lock, never with a
// secret. Lines go through base/error_line.h.
#pragma once

#include <fmt/core.h>

#include <string_view>

#include "base/log_level.h"

namespace pgkeep {

// kHuman: "2026-11-22T13:05:00Z warning gc: text". kJson: one object per line with time, level,
// component and message.
enum class LogFormat { kHuman, kJson };

// Lines below this level are dropped before they are formatted. Starts at kInfo. Thread-safe.
void SetLogLevel(LogLevel level);

// Starts as kHuman. Thread-safe.
void SetLogFormat(LogFormat format);

// True if lines of this level are written; for work that is done only for a log line.
bool LogEnabled(LogLevel level);

// "debug", "info", "warning" or "error".
std::string_view LogLevelName(LogLevel level);

// The work behind Log(), out of line so that callers compile fast.
void VLog(LogLevel level, std::string_view component, fmt::string_view format,
          fmt::format_args arguments);

// Writes one line. Control characters in the message are escaped, so that no text from outside can
// forge a second line. Thread-safe; lines never mix. Cannot fail: what cannot be written is lost.
template <class... Args>
void Log(LogLevel level, std::string_view component, fmt::format_string<Args...> format,
         Args&&... arguments) {
  if (LogEnabled(level)) VLog(level, component, format, fmt::make_format_args(arguments...));
}

}  // namespace pgkeep

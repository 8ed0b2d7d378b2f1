#include "restore/pg_restore_messages.h"

#include <fmt/core.h>

#include <utility>

namespace pgkeep::restore {
namespace {

constexpr std::string_view kProgram = "pg_restore: ";
constexpr std::string_view kHarmless =
    "unrecognized configuration parameter \"transaction_timeout\""
    " (in: SET transaction_timeout = 0;)";
constexpr size_t kLineMax = 4096;
constexpr size_t kRecordMax = 1000;
constexpr size_t kCommandMax = 120;
constexpr size_t kBeginningMax = 4096;

void SkipPrefix(std::string_view& text, std::string_view prefix) {
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

}  // namespace

void PgRestoreMessages::Feed(std::string_view piece) {
  beginning_ += piece.substr(0, kBeginningMax - beginning_.size());
  while (!piece.empty()) {
    const size_t end = piece.find('\n');
    if (line_.size() < kLineMax) line_ += piece.substr(0, end).substr(0, kLineMax);
    if (end == std::string_view::npos) return;
    TakeLine(std::exchange(line_, {}));
    piece.remove_prefix(end + 1);
  }
}

void PgRestoreMessages::Finish() {
  if (!line_.empty()) TakeLine(std::exchange(line_, {}));
  EndRecord();
}

void PgRestoreMessages::EndRecord() {
  if (!std::exchange(in_error_, false)) return;
  const std::string record = std::exchange(record_, {});
  if (record == kHarmless) {
    ++harmless_;
    return;
  }
  ++count_;
  if (errors_.size() < kErrorsMax) errors_.push_back(record);
}

std::string PgRestoreMessages::CommandOf(std::string_view statement) {
  const std::string_view line = Trimmed(statement.substr(0, statement.find('\n')));
  return line.empty() ? "" : fmt::format("(in: {})", line.substr(0, kCommandMax));
}

void PgRestoreMessages::TakeLine(std::string_view line) {
  if (line.starts_with(kProgram)) {
    EndRecord();
    SkipPrefix(line, kProgram);
    if (line.find("errors ignored on restore: ") != std::string_view::npos) reached_end_ = true;
    if (!line.starts_with("error: ")) return;
    SkipPrefix(line, "error: ");
    SkipPrefix(line, "could not execute query: ");
    SkipPrefix(line, "ERROR:  ");
    in_error_ = true;
    in_command_ = false;
    record_ = line.substr(0, kRecordMax);
    return;
  }
  if (!in_error_ || in_command_ || record_.size() >= kRecordMax) return;
  line = Trimmed(line);
  if (line.starts_with("Command was: ")) {
    in_command_ = true;
    SkipPrefix(line, "Command was: ");
    record_ += fmt::format(" (in: {})", line.substr(0, kCommandMax));
  } else if (line.starts_with("DETAIL:  ")) {
    SkipPrefix(line, "DETAIL:  ");
    record_ += fmt::format(": {}", line.substr(0, kRecordMax));
  } else if (!line.empty() && !line.starts_with("LINE ") && !line.starts_with("^") &&
             !line.starts_with("HINT: ") && !line.starts_with("CONTEXT: ")) {
    // More of the message, a name with a line break in it for instance.
    record_ += fmt::format(" {}", line.substr(0, kRecordMax));
  }
}

}  // namespace pgkeep::restore

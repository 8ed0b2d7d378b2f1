#include "cli/console.h"

#include <fmt/format.h>

#include <cerrno>

#include "cli/text_format.h"

namespace pgkeep::cli {
namespace {

void PutLine(std::FILE* file, std::string_view line) {
  // The result is looked at once, by ferror() at the end.
  static_cast<void>(std::fwrite(line.data(), 1, line.size(), file));
  static_cast<void>(std::fputc('\n', file));
}

Json ErrorJson(const Error& error) {
  Json json = Json::MakeObject();
  json.Set("code", CodeName(error.code()));
  json.Set("message", error.ToString());
  if (!error.hint().empty()) json.Set("hint", error.hint());
  return json;
}

}  // namespace

void Console::Print(std::string_view line) {
  if (!options_.json) PutLine(options_.out, Printable(line));
}

void Console::Note(std::string_view line) {
  if (!options_.quiet) Print(line);
}

void Console::Warn(const std::string& text) {
  if (options_.json) {
    warnings_.Add(text);
    warned_ = true;
  } else if (!options_.quiet) {
    static_cast<void>(std::fflush(options_.out));
    PutLine(options_.err, Printable("pgkeep: warning: " + text));
  }
}

void Console::ShowError(const Error& error) {
  if (options_.json) {
    document_.Set("error", ErrorJson(error));
    return;
  }
  // What was printed before comes first, also where both go to one place.
  static_cast<void>(std::fflush(options_.out));
  const std::string_view begin = options_.color ? "\x1b[1;31m" : "";
  const std::string_view end = options_.color ? "\x1b[0m" : "";
  PutLine(options_.err, fmt::format("{}pgkeep:{} {}", begin, end, Printable(error.ToString())));
  if (!error.hint().empty()) {
    PutLine(options_.err, fmt::format("hint: {}", Printable(error.hint())));
  }
}

int Console::Finish(const Status& status) {
  if (!status.ok()) ShowError(status.error());
  if (options_.json) {
    if (warned_) document_.Set("warnings", std::move(warnings_));
    PutLine(options_.out, document_.Print());
  }
  if (std::fflush(options_.out) != 0 || std::ferror(options_.out) != 0) {
    const Error failed = ErrnoError(errno, "writing the output");
    PutLine(options_.err, fmt::format("pgkeep: {}", failed.ToString()));
    return status.ok() ? ExitStatus(failed.code()) : ExitStatus(status.error().code());
  }
  return status.ok() ? 0 : ExitStatus(status.error().code());
}

}  // namespace pgkeep::cli

// Lines on standard error, and who may stand between: a bar that is redrawn on a terminal has to be
// taken away before a line is written, or the line stands beside it.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace pgkeep {

// Takes one line without its end. Called by any thread, several at a time, and perhaps once more a
// little after another one was set: it keeps alive what it needs.
using ErrorLineWriter = std::function<void(std::string_view line)>;

// From now on lines go to `writer`; an empty one: straight to standard error, as at the beginning.
// Thread-safe.
void SetErrorLineWriter(ErrorLineWriter writer);

// The writer that is set; null if there is none. Thread-safe.
std::shared_ptr<const ErrorLineWriter> CurrentErrorLineWriter();

// Writes one line, such as the answer to Ctrl-C; events are for the log (base/log.h), which comes
// the same way. Thread-safe. Cannot fail: what cannot be written is lost.
void WriteErrorLine(std::string_view line);

}  // namespace pgkeep

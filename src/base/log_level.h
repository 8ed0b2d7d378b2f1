// The four severities, apart from log.h so that the table of error codes can name one.
#pragma once

namespace pgkeep {

// kError: an operator must act. kWarning: degraded but safe. kInfo: one line per phase of a job.
// kDebug: one line per object.
enum class LogLevel { kDebug, kInfo, kWarning, kError };

}  // namespace pgkeep

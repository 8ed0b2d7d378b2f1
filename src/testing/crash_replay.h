// Power cuts: from the log of a RecordingFileSystem, every state in which a disk could be found
// again.
//
// The disk is as adversarial as POSIX allows. What was synced is there. Of the rest:
//   - Each change of a directory that was not followed by a sync of that directory is kept or lost,
//   each
//     for itself. A rename within one directory is one change; between two it is two changes, one
//     in each.
//   - The content of a file that was not synced is found as it was at its last sync; or in its new
//   length
//     with zeros; or with the first half of what was written since; or with only the last write; or
//     whole.
//   - Content and names are independent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "testing/recording_file_system.h"

namespace pgkeep::testing {

// Decides one thing that is open: a number below `options`. 0 is always "lost", options - 1 "kept".
using CrashChoice = std::function<size_t(size_t options)>;

// The states after a power cut, of one log. Immutable, thread-safe.
class CrashReplay {
 public:
  explicit CrashReplay(FileLog log) : log_(std::move(log)) {}

  // Cuts the power after the first `prefix` operations of the log (at least the baseline) and
  // writes what is left into `directory`, an empty existing one. `choose` is asked about each open
  // thing in a fixed order. Returns what was not simply kept, for messages.
  Result<std::string> Materialise(size_t prefix, const CrashChoice& choose,
                                  const std::string& directory) const;

  const FileLog& log() const { return log_; }

 private:
  FileLog log_;
};

// Bounds of a sweep.
struct CrashSweepOptions {
  // Per crash point: with no more combinations than this all are visited. Otherwise: all lost, all
  // kept, each single thing lost, each single thing kept, and random ones up to this number.
  size_t states_max = 256;
  uint64_t seed = 1;
};

// One state of the disk, for the checker.
struct CrashState {
  size_t prefix = 0;        // operations before the power cut
  std::string directory;    // holds the state, may be changed, and goes away after the visit
  std::string description;  // the last operation, and what was lost
};

// What a sweep has done.
struct CrashSweepReport {
  size_t points = 0;   // places of the power cut
  size_t states = 0;   // visited; states of one point that are equal count once
  size_t sampled = 0;  // points at which not all combinations were visited
};

// Visits the states of every crash point from the end of the baseline to the end of the log. Stops
// at the first error of `visit` and returns it with the description of the state. `scratch` is an
// existing directory; what the sweep makes in it goes away again.
Result<CrashSweepReport> ForEachCrash(const CrashReplay& replay, const std::string& scratch,
                                      const CrashSweepOptions& options,
                                      const std::function<Status(const CrashState&)>& visit);

}  // namespace pgkeep::testing

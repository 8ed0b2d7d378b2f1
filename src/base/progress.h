// What long work says about itself while it runs. In this room so that every room can report
// without knowing who watches; the bar, the lines and the history are drawn above.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace pgkeep {

// Where some work stands, all of one moment. A plain value.
struct ProgressSnapshot {
  std::string phase;                      // empty before the first
  uint64_t bytes = 0;                     // done in this phase
  std::optional<uint64_t> total_bytes;    // of this phase, where it can be told
  bool total_is_estimate = false;         // the total was guessed, from statistics for instance
  uint64_t rows = 0;                      // done in this phase
  uint64_t objects = 0;                   // tables, files, large objects done in this phase
  std::optional<uint64_t> total_objects;  // of this phase
  std::string object;      // what is being worked on, as it is named: may hold anything
  std::string note;        // what the user should know while this runs, or empty
  uint64_t job_bytes = 0;  // done in all phases together
  uint64_t job_rows = 0;
  uint64_t job_objects = 0;
};

// The counters of one job. Thread-safe: any number of workers count while others look.
//
// The work names its phases one after the other; counters, totals and the object begin anew with
// each, the sums over the job go on. A worker that still counts when the next phase begins is
// counted there.
class Progress {
 public:
  // Called with the name of each phase as it begins, by the thread that begins it, without a lock.
  using PhaseListener = std::function<void(std::string_view phase)>;

  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Replaces the listener; an empty one hears nothing. A phase that begins meanwhile in another
  // thread may still tell the one before.
  void SetPhaseListener(PhaseListener listener);

  // Ends the phase before and begins this one. Names are short and lower-case: "copy", "schema".
  void BeginPhase(std::string_view name);

  void AddBytes(uint64_t bytes);
  void AddRows(uint64_t rows);
  void AddObjects(uint64_t objects = 1);

  // How much there is to do in this phase; may be corrected at any time.
  void SetTotalBytes(uint64_t bytes, bool is_estimate);
  void SetTotalObjects(uint64_t objects);

  // What is being worked on, such as a table's name; with several workers the one that spoke last.
  void SetObject(std::string_view name);

  // A short text to show beside the figures ("snapshot 4 min old, 2 wait for our locks"); empty
  // takes it away. Outlives phases.
  void SetNote(std::string_view note);

  ProgressSnapshot Snapshot() const;

 private:
  mutable Mutex mutex_;
  PhaseListener listener_ PGK_GUARDED_BY(mutex_);
  ProgressSnapshot state_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep

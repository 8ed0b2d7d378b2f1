#include "base/progress.h"

#include <utility>

namespace pgkeep {

void Progress::SetPhaseListener(PhaseListener listener) {
  MutexLock lock(mutex_);
  listener_ = std::move(listener);
}

void Progress::BeginPhase(std::string_view name) {
  PhaseListener listener;
  {
    MutexLock lock(mutex_);
    ProgressSnapshot next;
    next.phase = name;
    next.note = std::move(state_.note);
    next.job_bytes = state_.job_bytes;
    next.job_rows = state_.job_rows;
    next.job_objects = state_.job_objects;
    state_ = std::move(next);
    listener = listener_;
  }
  if (listener) listener(name);
}

void Progress::AddBytes(uint64_t bytes) {
  MutexLock lock(mutex_);
  state_.bytes += bytes;
  state_.job_bytes += bytes;
}

void Progress::AddRows(uint64_t rows) {
  MutexLock lock(mutex_);
  state_.rows += rows;
  state_.job_rows += rows;
}

void Progress::AddObjects(uint64_t objects) {
  MutexLock lock(mutex_);
  state_.objects += objects;
  state_.job_objects += objects;
}

void Progress::SetTotalBytes(uint64_t bytes, bool is_estimate) {
  MutexLock lock(mutex_);
  state_.total_bytes = bytes;
  state_.total_is_estimate = is_estimate;
}

void Progress::SetTotalObjects(uint64_t objects) {
  MutexLock lock(mutex_);
  state_.total_objects = objects;
}

void Progress::SetObject(std::string_view name) {
  MutexLock lock(mutex_);
  state_.object = name;
}

void Progress::SetNote(std::string_view note) {
  MutexLock lock(mutex_);
  state_.note = note;
}

ProgressSnapshot Progress::Snapshot() const {
  MutexLock lock(mutex_);
  return state_;
}

}  // namespace pgkeep

#pragma once

#include <atomic>
#include <optional>

#include "base/mutex.h"
#include "base/result.h"

namespace pgkeep::repository {

// The first error of several threads that work on one thing, for all of them to see.
//
// Thread-safe. Asking costs one load while there is none.
class FirstError {
 public:
  // Keeps `error` unless there is one already.
  void Keep(const Error& error) PGK_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    if (!error_) error_ = error;
    failed_ = true;
  }

  Status Check() const PGK_EXCLUDES(mutex_) {
    if (!failed_) return Ok();
    const MutexLock lock(mutex_);
    return *error_;
  }

 private:
  mutable Mutex mutex_;
  std::optional<Error> error_ PGK_GUARDED_BY(mutex_);
  std::atomic<bool> failed_ = false;
};

}  // namespace pgkeep::repository

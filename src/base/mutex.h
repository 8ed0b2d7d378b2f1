// Locks that the compiler checks (see thread_annotations.h), and waiting that can be stopped.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#include "base/clock.h"
#include "base/thread_annotations.h"

namespace pgkeep {

// A mutual exclusion lock. Leaf locks only: no callback, no I/O and no logging while one is held.
class PGK_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() PGK_ACQUIRE() { mutex_.lock(); }
  void Unlock() PGK_RELEASE() { mutex_.unlock(); }
  bool TryLock() PGK_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds a Mutex for the length of a scope.
class PGK_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) PGK_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() PGK_RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// A condition to wait for. The predicate is called with the mutex held; for the analysis it is
// written
// `[this]() PGK_REQUIRES(mutex_) { return ...; }`. Every wait ends early when the token is stopped.
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  // Waits until the predicate holds or `stop` is requested. Returns the predicate's last value:
  // true may come together with a stop, false only with one.
  template <class Predicate>
  bool Wait(Mutex& mutex, std::stop_token stop, Predicate predicate) PGK_REQUIRES(mutex) {
    return condition_.wait(mutex.mutex_, std::move(stop), std::move(predicate));
  }

  // The same, for no longer than `duration` of real time.
  template <class Predicate>
  bool WaitFor(Mutex& mutex, Duration duration, std::stop_token stop, Predicate predicate)
      PGK_REQUIRES(mutex) {
    return condition_.wait_for(mutex.mutex_, std::move(stop), duration, std::move(predicate));
  }

  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable_any condition_;
};

}  // namespace pgkeep

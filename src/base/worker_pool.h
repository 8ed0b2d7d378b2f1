// A fixed number of threads for many short jobs.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace pgkeep {

// Runs jobs on its threads in the order of submission, with a bounded queue before them.
//
// Submit() and Drain() may be called by any thread but the pool's own. Jobs carry their results and
// errors out themselves; one that lets an exception escape ends the process. The destructor
// finishes everything that was submitted.
class WorkerPool {
 public:
  // `threads` = 0 runs every job inside Submit(), which makes callers deterministic in tests. At
  // most `queue_limit` jobs wait (at least one).
  WorkerPool(std::string name, unsigned threads, size_t queue_limit);
  ~WorkerPool();

  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Queues a job; blocks while the queue is full.
  void Submit(std::function<void()> job) PGK_EXCLUDES(mutex_);

  // Waits until no job is queued or running; all that was submitted before is then done, and its
  // effects are visible to the caller.
  void Drain() PGK_EXCLUDES(mutex_);

 private:
  void Work() PGK_EXCLUDES(mutex_);

  // Constant after construction.
  std::string name_;
  size_t queue_limit_;
  std::vector<std::jthread> threads_;

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> queue_ PGK_GUARDED_BY(mutex_);
  size_t running_ PGK_GUARDED_BY(mutex_) = 0;
  bool closed_ PGK_GUARDED_BY(mutex_) = false;
};

}  // namespace pgkeep

#include "base/worker_pool.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/thread_name.h"

namespace pgkeep {

namespace {

// Runs a job; noexcept, so that an exception ends the process where it was thrown.
void RunJob(const std::function<void()>& job) noexcept { job(); }

}  // namespace

WorkerPool::WorkerPool(std::string name, unsigned threads, size_t queue_limit)
    : name_(std::move(name)), queue_limit_(std::max<size_t>(queue_limit, 1)) {
  threads_.reserve(threads);
  try {
    for (unsigned i = 0; i < threads; ++i) {
      threads_.emplace_back([this] { Work(); });
    }
  } catch (const std::system_error&) {
    // The system gives no more threads: fewer do the same work.
  }
}

// No wait in this file has a token that can stop: jobs are never abandoned.
WorkerPool::~WorkerPool() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
  }
  changed_.NotifyAll();
  threads_.clear();  // joins, after the queue has been emptied
}

void WorkerPool::Submit(std::function<void()> job) {
  if (threads_.empty()) {
    RunJob(job);
    return;
  }
  {
    MutexLock lock(mutex_);
    changed_.Wait(mutex_, {},
                  [this]() PGK_REQUIRES(mutex_) { return queue_.size() < queue_limit_; });
    queue_.push_back(std::move(job));
  }
  changed_.NotifyAll();
}

void WorkerPool::Drain() {
  MutexLock lock(mutex_);
  changed_.Wait(mutex_, {},
                [this]() PGK_REQUIRES(mutex_) { return queue_.empty() && running_ == 0; });
}

void WorkerPool::Work() {
  SetThreadName(name_);
  while (true) {
    std::function<void()> job;
    {
      MutexLock lock(mutex_);
      changed_.Wait(mutex_, {},
                    [this]() PGK_REQUIRES(mutex_) { return closed_ || !queue_.empty(); });
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
      ++running_;
    }
    changed_.NotifyAll();
    RunJob(job);
    job = nullptr;  // what it captured goes before the job counts as done
    {
      MutexLock lock(mutex_);
      --running_;
    }
    changed_.NotifyAll();
  }
}

}  // namespace pgkeep

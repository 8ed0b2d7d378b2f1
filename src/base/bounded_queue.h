// The pipe between two stages.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/mutex.h"
#include "base/result.h"

namespace pgkeep {

// A first-in first-out queue of at most `max_items`, for any number of producers and consumers.
// Thread-safe; outlives the calls made on it. Items still queued when it is destroyed are dropped.
template <class T>
class BoundedQueue {
 public:
  // At least one item always fits.
  explicit BoundedQueue(size_t max_items) : max_items_(max_items > 0 ? max_items : 1) {}

  BoundedQueue(const BoundedQueue&) = delete;
  BoundedQueue& operator=(const BoundedQueue&) = delete;

  // Appends an item; blocks while the queue is full. kCancelled if `stop` is requested or the queue
  // is closed, also while waiting; the item is then destroyed.
  Status Push(T item, std::stop_token stop) PGK_EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      not_full_.Wait(mutex_, stop, [this]() PGK_REQUIRES(mutex_) {
        return closed_ || items_.size() < max_items_;
      });
      if (stop.stop_requested()) return PassOn(not_full_);
      if (closed_) return Error(ErrorCode::kCancelled, "queue: closed");
      items_.push_back(std::move(item));
    }
    not_empty_.NotifyOne();
    return Ok();
  }

  // Takes the oldest item; blocks while there is none. nullopt: the queue is closed and everything
  // was taken. kCancelled if `stop` is requested, even if items are there.
  Result<std::optional<T>> Pop(std::stop_token stop) PGK_EXCLUDES(mutex_) {
    std::optional<T> item;
    {
      MutexLock lock(mutex_);
      not_empty_.Wait(mutex_, stop,
                      [this]() PGK_REQUIRES(mutex_) { return closed_ || !items_.empty(); });
      if (stop.stop_requested()) return PassOn(not_empty_);
      if (items_.empty()) return item;
      item.emplace(std::move(items_.front()));
      items_.pop_front();
    }
    not_full_.NotifyOne();
    return item;
  }

  // No more items will come: wakes everybody. May be repeated, and called by either side.
  void Close() PGK_EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      closed_ = true;
    }
    not_full_.NotifyAll();
    not_empty_.NotifyAll();
  }

 private:
  // Who leaves without using its wake-up hands it to the next, who may have another stop token.
  static Error PassOn(CondVar& condition) {
    condition.NotifyOne();
    return Error(ErrorCode::kCancelled, "queue: stopped");
  }

  const size_t max_items_;
  Mutex mutex_;
  CondVar not_full_;
  CondVar not_empty_;
  std::deque<T> items_ PGK_GUARDED_BY(mutex_);
  bool closed_ PGK_GUARDED_BY(mutex_) = false;
};

}  // namespace pgkeep

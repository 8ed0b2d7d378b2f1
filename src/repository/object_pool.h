#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace pgkeep::repository {

// Keeps objects that are costly to make (cipher contexts, compressors, buffers) for the next user.
// Thread-safe; never holds more objects than were borrowed at one time. Must outlive its leases.
template <class T>
class ObjectPool {
 public:
  // `clean`, if given, is called for every object that is given back, however its use ended: the
  // next user finds it as new.
  explicit ObjectPool(std::function<std::unique_ptr<T>()> make,
                      std::function<void(T&)> clean = nullptr)
      : make_(std::move(make)), clean_(std::move(clean)) {}

  // An object that is the borrower's alone; the destructor gives it back.
  class Lease {
   public:
    Lease(ObjectPool& pool, std::unique_ptr<T> object) : pool_(&pool), object_(std::move(object)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (object_) pool_->Return(std::move(object_));
    }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_.get(); }

   private:
    ObjectPool* pool_;
    std::unique_ptr<T> object_;
  };

  // The object given back last, or a new one.
  Lease Borrow() PGK_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<T> object = std::move(idle_.back());
        idle_.pop_back();
        return Lease(*this, std::move(object));
      }
    }
    return Lease(*this, make_());
  }

 private:
  void Return(std::unique_ptr<T> object) PGK_EXCLUDES(mutex_) {
    if (clean_) clean_(*object);
    const MutexLock lock(mutex_);
    idle_.push_back(std::move(object));
  }

  const std::function<std::unique_ptr<T>()> make_;
  const std::function<void(T&)> clean_;
  Mutex mutex_;
  std::vector<std::unique_ptr<T>> idle_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::repository

// One ceiling for the memory of a whole pipeline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <stop_token>

#include "base/mutex.h"
#include "base/result.h"

namespace pgkeep {

// Hands out a number of bytes, and makes who wants more wait. Whoever fills a buffer reserves
// first, and the reservation travels with the buffer; so memory is bounded whatever the speeds of
// the stages.
//
// Thread-safe. First come, first served: a large request is not starved by small ones. Outlives its
// reservations. A thread that waits for a second reservation while it holds one can deadlock with
// its like: reserve once, for the largest need, and Shrink().
class ByteBudget {
 public:
  // Bytes taken from a budget, given back by the destructor. One thread at a time.
  class Reservation {
   public:
    // Holds nothing.
    Reservation() = default;
    Reservation(Reservation&& other) noexcept;
    Reservation& operator=(Reservation&& other) noexcept;
    ~Reservation() { Release(); }

    uint64_t bytes() const { return bytes_; }

    // Gives back all but `bytes`. REQUIRES: bytes <= this->bytes().
    void Shrink(uint64_t bytes);

    // Gives back everything; may be repeated.
    void Release();

   private:
    friend class ByteBudget;
    Reservation(ByteBudget* budget, uint64_t bytes) : budget_(budget), bytes_(bytes) {}

    ByteBudget* budget_ = nullptr;
    uint64_t bytes_ = 0;
  };

  explicit ByteBudget(uint64_t limit) : limit_(limit) {}
  ~ByteBudget();

  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  // Waits until `bytes` are free and takes them. More than the limit is granted alone, when nothing
  // else is held, so that no single object is too large to be handled. kCancelled when `stop` is
  // requested.
  Result<Reservation> Acquire(uint64_t bytes, std::stop_token stop) PGK_EXCLUDES(mutex_);

  uint64_t limit() const { return limit_; }

  // Bytes that are held now, and the most that were ever held at once.
  uint64_t used() const PGK_EXCLUDES(mutex_);
  uint64_t peak() const PGK_EXCLUDES(mutex_);

  // Requests that wait now.
  size_t waiting() const PGK_EXCLUDES(mutex_);

 private:
  bool Fits(uint64_t bytes) const PGK_REQUIRES(mutex_);
  void GiveBack(uint64_t bytes) PGK_EXCLUDES(mutex_);

  const uint64_t limit_;
  mutable Mutex mutex_;
  CondVar changed_;
  uint64_t used_ PGK_GUARDED_BY(mutex_) = 0;
  uint64_t peak_ PGK_GUARDED_BY(mutex_) = 0;
  uint64_t next_ticket_ PGK_GUARDED_BY(mutex_) = 0;
  std::deque<uint64_t> waiting_ PGK_GUARDED_BY(mutex_);  // tickets, first come first
};

}  // namespace pgkeep

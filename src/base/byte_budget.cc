#include "base/byte_budget.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace pgkeep {

ByteBudget::Reservation::Reservation(Reservation&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

ByteBudget::Reservation& ByteBudget::Reservation::operator=(Reservation&& other) noexcept {
  if (this != &other) {
    Release();
    budget_ = std::exchange(other.budget_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

void ByteBudget::Reservation::Shrink(uint64_t bytes) {
  PGK_CHECK(bytes <= bytes_, "a reservation cannot grow");
  const uint64_t surplus = bytes_ - bytes;
  bytes_ = bytes;
  if (surplus > 0) budget_->GiveBack(surplus);
}

void ByteBudget::Reservation::Release() {
  Shrink(0);
  budget_ = nullptr;
}

ByteBudget::~ByteBudget() { PGK_CHECK(used() == 0, "a reservation outlives its budget"); }

bool ByteBudget::Fits(uint64_t bytes) const {
  return used_ == 0 || (used_ < limit_ && bytes <= limit_ - used_);
}

Result<ByteBudget::Reservation> ByteBudget::Acquire(uint64_t bytes, std::stop_token stop) {
  bool granted = false;
  {
    MutexLock lock(mutex_);
    const uint64_t ticket = next_ticket_++;
    waiting_.push_back(ticket);
    const bool my_turn = changed_.Wait(mutex_, stop, [this, ticket, bytes]() PGK_REQUIRES(mutex_) {
      return waiting_.front() == ticket && Fits(bytes);
    });
    granted = my_turn && !stop.stop_requested();
    std::erase(waiting_, ticket);
    if (granted) {
      used_ += bytes;
      peak_ = std::max(peak_, used_);
    }
  }
  // Whether served or gone, the next in the line is another one now.
  changed_.NotifyAll();
  if (!granted) return Error(ErrorCode::kCancelled, "memory budget: stopped");
  return Reservation(this, bytes);
}

uint64_t ByteBudget::used() const {
  MutexLock lock(mutex_);
  return used_;
}

uint64_t ByteBudget::peak() const {
  MutexLock lock(mutex_);
  return peak_;
}

size_t ByteBudget::waiting() const {
  MutexLock lock(mutex_);
  return waiting_.size();
}

void ByteBudget::GiveBack(uint64_t bytes) {
  {
    MutexLock lock(mutex_);
    used_ -= bytes;
  }
  changed_.NotifyAll();
}

}  // namespace pgkeep

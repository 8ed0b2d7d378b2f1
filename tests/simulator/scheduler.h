// Threads that take turns: one runs, all others wait, and a seed decides who is next. So a history
// of many actors is repeatable, though the code that they run is the product's own and knows
// nothing of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"

namespace pgkeep::simulator {

// Holds the baton and the time. Actors pass the baton by calling Yield or Sleep, which the
// simulated store and clock do at every call. Time stands still while anybody can run.
class Scheduler {
 public:
  explicit Scheduler(uint64_t seed);
  ~Scheduler();

  // A new actor; may also be called by a running one.
  void Spawn(std::function<void()> body) PGK_EXCLUDES(mutex_);

  // Runs until every actor has ended. Main thread.
  void Run() PGK_EXCLUDES(mutex_);

  // The running actor lets another one run, or goes on.
  void Yield() PGK_EXCLUDES(mutex_);
  void Sleep(Duration duration) PGK_EXCLUDES(mutex_);

  Timestamp Now() PGK_EXCLUDES(mutex_);

  // One number after the other from the seed. Only for whoever has the baton.
  uint64_t Random() { return random_(); }
  // 0 .. limit - 1.
  uint64_t Below(uint64_t limit) { return random_() % limit; }
  bool Chance(double probability) {
    return static_cast<double>(random_() >> 11) * 0x1p-53 < probability;
  }

  // Adds to the trace: equal seeds must give equal hashes.
  void Trace(std::string_view event);
  uint64_t trace_hash() const { return trace_hash_; }
  uint64_t switches() const { return switches_; }

 private:
  struct Actor {
    std::function<void()> body;
    Timestamp wake;
    bool done = false;
    CondVar turn;
    std::jthread thread;
  };
  static constexpr size_t kNobody = SIZE_MAX;

  void Enter(size_t self) PGK_EXCLUDES(mutex_);
  void PassOn() PGK_REQUIRES(mutex_);
  void WaitForTurn(size_t self) PGK_REQUIRES(mutex_);

  std::mt19937_64 random_;
  uint64_t trace_hash_ = 14695981039346656037ULL;
  uint64_t switches_ = 0;

  Mutex mutex_;
  CondVar finished_;
  std::vector<std::unique_ptr<Actor>> actors_ PGK_GUARDED_BY(mutex_);
  size_t running_ PGK_GUARDED_BY(mutex_) = kNobody;
  Timestamp now_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::simulator

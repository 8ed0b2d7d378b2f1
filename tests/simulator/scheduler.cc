#include "tests/simulator/scheduler.h"

#include <utility>

#include "base/check.h"

namespace pgkeep::simulator {

namespace {

// 2026-01-01T00:00:00Z
constexpr Timestamp kStart{std::chrono::seconds(1'767'225'600)};
// What a call to the store takes when nothing is wrong.
constexpr Duration kCallTime = std::chrono::milliseconds(20);

}  // namespace

Scheduler::Scheduler(uint64_t seed) : random_(seed), now_(kStart) {}

Scheduler::~Scheduler() {
  const MutexLock lock(mutex_);
  for (const auto& actor : actors_) PGK_CHECK(actor->done, "every actor has ended");
}

void Scheduler::Spawn(std::function<void()> body) {
  const MutexLock lock(mutex_);
  const size_t self = actors_.size();
  actors_.push_back(std::make_unique<Actor>());
  Actor& actor = *actors_.back();
  actor.body = std::move(body);
  actor.wake = now_;
  actor.thread = std::jthread([this, self] { Enter(self); });
}

void Scheduler::Enter(size_t self) {
  std::function<void()> body;
  {
    const MutexLock lock(mutex_);
    WaitForTurn(self);
    body = std::move(actors_[self]->body);
  }
  body();
  body = nullptr;
  const MutexLock lock(mutex_);
  actors_[self]->done = true;
  PassOn();
}

void Scheduler::Run() {
  const MutexLock lock(mutex_);
  PassOn();
  finished_.Wait(mutex_, {}, [this]() PGK_REQUIRES(mutex_) { return running_ == kNobody; });
}

void Scheduler::PassOn() {
  std::vector<size_t> ready;
  size_t earliest = kNobody;
  for (size_t i = 0; i < actors_.size(); ++i) {
    const Actor& actor = *actors_[i];
    if (actor.done) continue;
    if (actor.wake <= now_) ready.push_back(i);
    if (earliest == kNobody || actor.wake < actors_[earliest]->wake) earliest = i;
  }
  if (earliest == kNobody) {
    running_ = kNobody;
    finished_.NotifyAll();
    return;
  }
  if (ready.empty()) {
    now_ = actors_[earliest]->wake;
    ready.push_back(earliest);
  }
  running_ = ready[random_() % ready.size()];
  actors_[running_]->turn.NotifyAll();
}

void Scheduler::WaitForTurn(size_t self) {
  actors_[self]->turn.Wait(mutex_, {}, [&]() PGK_REQUIRES(mutex_) { return running_ == self; });
}

void Scheduler::Yield() {
  const MutexLock lock(mutex_);
  const size_t self = running_;
  now_ += kCallTime;
  PassOn();
  if (running_ == self) return;
  ++switches_;
  WaitForTurn(self);
}

void Scheduler::Sleep(Duration duration) {
  const MutexLock lock(mutex_);
  const size_t self = running_;
  actors_[self]->wake = now_ + duration;
  PassOn();
  ++switches_;
  WaitForTurn(self);
}

Timestamp Scheduler::Now() {
  const MutexLock lock(mutex_);
  return now_;
}

void Scheduler::Trace(std::string_view event) {
  for (const char c : event) {
    trace_hash_ = (trace_hash_ ^ static_cast<uint8_t>(c)) * 1099511628211ULL;
  }
}

}  // namespace pgkeep::simulator

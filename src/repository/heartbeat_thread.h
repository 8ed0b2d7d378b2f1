// The sign of life of a writer: `pin/<S>.<n>`, n = 1, 2, ... every ten minutes. The collector
// aborts a writer whose newest one is a day old. Nothing about safety rests on it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "repository/ids.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// How often a writer shows that it is alive. The collector's patience is 144 times as long, so a
// few lost ones do no harm.
inline constexpr Duration kHeartbeatInterval = std::chrono::minutes(10);

// Creates the heartbeats of one writer, one per call. One thread at a time. Copies the context.
class Heartbeat {
 public:
  Heartbeat(const RepositoryContext& context, const WriterId& writer);

  // Creates the next heartbeat. Fails as the store does; the number is not used up then, so a call
  // whose answer was lost is completed by the next one. kConflict: another process writes under
  // this id, which never happens unless a machine was cloned.
  Status Beat();

 private:
  RepositoryContext context_;
  WriterId writer_;
  uint64_t next_ = 1;
  Bytes pending_;  // of number next_, while a try has failed
};

// Beats in a thread of its own from construction, first after one interval, until destroyed. A beat
// that fails is logged as a warning and tried again one interval later; it never stops the writer.
// The destructor interrupts the pause, or a beat's back-off, and joins. `clock` of the context is
// what paces it.
class HeartbeatThread {
 public:
  HeartbeatThread(const RepositoryContext& context, const WriterId& writer,
                  Duration interval = kHeartbeatInterval);
  ~HeartbeatThread();
  HeartbeatThread(const HeartbeatThread&) = delete;
  HeartbeatThread& operator=(const HeartbeatThread&) = delete;

 private:
  std::jthread thread_;
};

}  // namespace pgkeep::repository

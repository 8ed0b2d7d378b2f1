// Threads that succeed or fail together.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace pgkeep {

// A set of named threads, none of which outlives it. The first task that fails stops the others,
// and its error is the group's.
//
// Spawn(), RequestStop() and token() may be called by any thread, tasks included; Wait() and the
// destructor by one thread, which is none of the tasks. Meant for a few long-lived stages, one
// thread each; for many short jobs there is WorkerPool.
class TaskGroup {
 public:
  // A stop of `parent` stops the group. No stop of the group reaches the parent.
  explicit TaskGroup(std::stop_token parent = {});

  // Requests a stop and waits for every task. The error is lost if nobody called Wait().
  ~TaskGroup();

  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts a thread that runs `task`. The token tells it when to give up; the first 15 bytes of
  // `name` show in debuggers. An exception that leaves the task becomes kInternal (out of memory
  // ends the process). A thread that cannot be started is a failure of the group, kLimitExceeded.
  void Spawn(std::string name, std::function<Status(std::stop_token)> task);

  // Waits until all tasks have ended, and returns the first error. May be called again: same
  // answer.
  Status Wait();

  // Asks all tasks to end.
  void RequestStop();

  // Stopped when the group is.
  std::stop_token token() const;

 private:
  struct StopGroup {
    std::stop_source source;
    void operator()() { source.request_stop(); }
  };

  void Finish(Status status);

  std::stop_source stop_;
  std::optional<std::stop_callback<StopGroup>> parent_link_;

  Mutex mutex_;
  std::vector<std::jthread> threads_ PGK_GUARDED_BY(mutex_);
  Status first_error_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep

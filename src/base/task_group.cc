#include "base/task_group.h"

#include <exception>
#include <new>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/thread_name.h"

namespace pgkeep {

namespace {

// Runs a task and turns what it throws into an error: the last place where that is possible.
Status RunTask(const std::string& name, const std::function<Status(std::stop_token)>& task,
               std::stop_token stop) {
  try {
    return task(std::move(stop));
  } catch (const std::bad_alloc&) {
    PGK_CHECK(false, "out of memory");
  } catch (const std::exception& exception) {
    return Err(ErrorCode::kInternal, "task {}: unexpected exception: {}", name, exception.what());
  } catch (...) {
    return Err(ErrorCode::kInternal, "task {}: unexpected exception", name);
  }
}

}  // namespace

TaskGroup::TaskGroup(std::stop_token parent) {
  parent_link_.emplace(std::move(parent), StopGroup{stop_});
}

TaskGroup::~TaskGroup() {
  RequestStop();
  Status unobserved = Wait();
  static_cast<void>(unobserved);
}

void TaskGroup::Spawn(std::string name, std::function<Status(std::stop_token)> task) {
  Status started;
  {
    MutexLock lock(mutex_);
    try {
      threads_.emplace_back([this, name, task = std::move(task)] {
        SetThreadName(name);
        Finish(RunTask(name, task, stop_.get_token()));
      });
    } catch (const std::system_error& failure) {
      started = Err(ErrorCode::kLimitExceeded, "task {}: cannot start a thread: {}", name,
                    failure.code().message())
                    .WithHint("raise the limit of threads (ulimit -u, TasksMax)");
    }
  }
  Finish(std::move(started));
}

void TaskGroup::Finish(Status status) {
  if (status.ok()) return;
  {
    MutexLock lock(mutex_);
    if (first_error_.ok()) first_error_ = std::move(status);
  }
  stop_.request_stop();
}

Status TaskGroup::Wait() {
  // A task may spawn another while this waits: until a look finds none.
  while (true) {
    std::vector<std::jthread> threads;
    {
      MutexLock lock(mutex_);
      threads.swap(threads_);
      if (threads.empty()) return first_error_;
    }
    threads.clear();  // joins
  }
}

void TaskGroup::RequestStop() { stop_.request_stop(); }

std::stop_token TaskGroup::token() const { return stop_.get_token(); }

}  // namespace pgkeep

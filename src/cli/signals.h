// SIGINT and SIGTERM as a stop token.
#pragma once

#include <memory>
#include <stop_token>

#include "base/result.h"

namespace pgkeep::cli {

// Turns the first SIGINT or SIGTERM into a stop request, and says so on standard error; the second
// ends the process at once, with status 130, for when the first takes too long (nothing is lost: a
// backup exists or it does not).
// Make it before any thread: signals are blocked in the calling thread and in those that it starts.
// The destructor ends its thread; the signals stay blocked.
class SignalWatcher {
 public:
  static Result<std::unique_ptr<SignalWatcher>> Start();
  virtual ~SignalWatcher() = default;
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

  // Stopped by the first signal.
  virtual std::stop_token token() const = 0;

 protected:
  SignalWatcher() = default;
};

}  // namespace pgkeep::cli

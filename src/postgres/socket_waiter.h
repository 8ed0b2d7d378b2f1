// Waiting for a socket so that a stop and a deadline are noticed at once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace pgkeep::postgres::internal {

// Polls one socket together with a wake-up that a stop writes to. One thread at a time; the stop
// may come from any thread.
class SocketWaiter {
 public:
  // What a wait came to. Trouble on the socket counts as readable: the next read says what it is.
  struct Ready {
    bool readable = false;
    bool writable = false;
  };
  static constexpr Ready kReadable = {.readable = true, .writable = false};
  static constexpr Ready kWritable = {.readable = false, .writable = true};
  static constexpr Ready kEither = {.readable = true, .writable = true};

  // kLimitExceeded or kIo if the process has no descriptor left.
  static Result<std::unique_ptr<SocketWaiter>> Create(std::stop_token stop);

  SocketWaiter(const SocketWaiter&) = delete;
  SocketWaiter& operator=(const SocketWaiter&) = delete;
  ~SocketWaiter() = default;

  // Waits until the socket is what is `wanted`, for at most `at_most` (nothing: as long as it
  // takes; zero: looks and returns). Neither readable nor writable: the time is over. kCancelled
  // when the stop was requested, also before the call.
  Result<Ready> Wait(int socket, Ready wanted, std::optional<Duration> at_most);

  bool stop_requested() const { return stop_.stop_requested(); }

 private:
  explicit SocketWaiter(std::stop_token stop, UniqueFd wake);

  const std::stop_token stop_;
  const UniqueFd wake_;
  std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace pgkeep::postgres::internal

#include "postgres/socket_waiter.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <utility>

#include "base/error.h"
#include "base/posix_io.h"

namespace pgkeep::postgres::internal {
namespace {

Error Stopped() { return Error(ErrorCode::kCancelled, "stopped while using the server"); }

void Wake(int descriptor) {
  const uint64_t one = 1;
  // Can only fail if the counter is full: then it is readable too.
  static_cast<void>(
      ::pgkeep::internal::RetryInterrupted([&] { return ::write(descriptor, &one, sizeof one); }));
}

timespec ToTimespec(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(duration - seconds);
  return {.tv_sec = seconds.count(), .tv_nsec = rest.count()};
}

}  // namespace

Result<std::unique_ptr<SocketWaiter>> SocketWaiter::Create(std::stop_token stop) {
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return ErrnoError(errno, "making a wake-up for a connection");
  return std::unique_ptr<SocketWaiter>(new SocketWaiter(std::move(stop), std::move(wake)));
}

SocketWaiter::SocketWaiter(std::stop_token stop, UniqueFd wake)
    : stop_(std::move(stop)),
      wake_(std::move(wake)),
      on_stop_(stop_, [fd = wake_.get()] { Wake(fd); }) {}

Result<SocketWaiter::Ready> SocketWaiter::Wait(int socket, Ready wanted,
                                               std::optional<Duration> at_most) {
  const Duration begun = SystemClock().Monotonic();
  const int events = (wanted.readable ? POLLIN : 0) | (wanted.writable ? POLLOUT : 0);
  std::array<pollfd, 2> polled = {
      pollfd{.fd = socket, .events = static_cast<short>(events), .revents = 0},
      pollfd{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
  while (true) {
    if (stop_requested()) return Stopped();
    timespec limit{};
    if (at_most) {
      limit = ToTimespec(std::max(begun + *at_most - SystemClock().Monotonic(), Duration::zero()));
    }
    const int count = ::ppoll(polled.data(), polled.size(), at_most ? &limit : nullptr, nullptr);
    if (stop_requested()) return Stopped();
    if (count == 0) return Ready{};
    if (count > 0) break;
    if (errno != EINTR) return ErrnoError(errno, "waiting for a connection");
  }
  const int trouble = POLLERR | POLLHUP | POLLNVAL;
  return Ready{.readable = (polled[0].revents & (POLLIN | trouble)) != 0,
               .writable = (polled[0].revents & POLLOUT) != 0};
}

}  // namespace pgkeep::postgres::internal

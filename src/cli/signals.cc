#include "cli/signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <thread>
#include <utility>

#include "base/error_line.h"
#include "base/thread_name.h"
#include "base/unique_fd.h"

namespace pgkeep::cli {
namespace {

constexpr int kInterrupted = 130;
constexpr std::string_view kStopping = "pgkeep: stopping; press again to end at once";

class Watcher final : public SignalWatcher {
 public:
  Watcher(UniqueFd signals, UniqueFd wake)
      : signals_(std::move(signals)), wake_(std::move(wake)), thread_([this] { Watch(); }) {}

  ~Watcher() override {
    const uint64_t one = 1;
    // An eventfd takes 2^64 of these.
    static_cast<void>(!write(wake_.get(), &one, sizeof(one)));
    thread_.join();
  }

  std::stop_token token() const override { return source_.get_token(); }

 private:
  [[noreturn]] static void EndAtOnce() {
    // A bar stays where it is: what the shell writes next begins below it.
    if (CurrentErrorLineWriter() != nullptr) static_cast<void>(!write(STDERR_FILENO, "\n", 1));
    _exit(kInterrupted);
  }

  void Watch() {
    SetThreadName("signals");
    std::array<pollfd, 2> polled = {pollfd{signals_.get(), POLLIN, 0},
                                    pollfd{wake_.get(), POLLIN, 0}};
    while (true) {
      if (poll(polled.data(), polled.size(), -1) < 0) {
        if (errno == EINTR) continue;
        return;
      }
      if (polled[1].revents != 0) return;
      signalfd_siginfo info{};
      if (read(signals_.get(), &info, sizeof(info)) != sizeof(info)) continue;
      if (source_.stop_requested()) EndAtOnce();
      // Work that hangs in the kernel does not see the request, and the user sees nothing happen.
      WriteErrorLine(kStopping);
      source_.request_stop();
    }
  }

  const UniqueFd signals_;
  const UniqueFd wake_;
  std::stop_source source_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace

Result<std::unique_ptr<SignalWatcher>> SignalWatcher::Start() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  const int blocked = pthread_sigmask(SIG_BLOCK, &set, nullptr);
  if (blocked != 0) return ErrnoError(blocked, "blocking signals");
  UniqueFd signals(signalfd(-1, &set, SFD_CLOEXEC));
  if (!signals.valid()) return ErrnoError(errno, "opening a signalfd");
  UniqueFd wake(eventfd(0, EFD_CLOEXEC));
  if (!wake.valid()) return ErrnoError(errno, "opening an eventfd");
  return std::make_unique<Watcher>(std::move(signals), std::move(wake));
}

}  // namespace pgkeep::cli

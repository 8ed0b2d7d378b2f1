#include "base/child_process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string_view>
#include <utility>

#include "base/posix_io.h"

// glibc 2.36 declares it without this, for C only.
extern "C" {
#include <sys/pidfd.h>
}

namespace pgkeep {
namespace {

constexpr size_t kErrorsMax = size_t{16} << 10;
constexpr int kExecFailedStatus = 127;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoError(errno, "making a pipe to a program");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  return pointers;
}

// Everything that the child needs between fork and exec, where nothing may be allocated.
struct Launch {
  const char* path = nullptr;
  char* const* words = nullptr;
  char* const* environment = nullptr;
  int out = -1;
  int err = -1;
  int report = -1;  // takes the errno of a failed exec
  pid_t parent = -1;
};

// Runs in the child. Only calls that are safe between fork and exec of a process with threads.
[[noreturn]] void Become(const Launch& launch) {
  const auto fail = [&launch]() {
    const int error = errno;
    [[maybe_unused]] const ssize_t written = ::write(launch.report, &error, sizeof error);
    ::_exit(kExecFailedStatus);
  };
  // Before anything else, so that there is no moment in which it could outlive us.
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) fail();
  if (::getppid() != launch.parent) ::_exit(kExecFailedStatus);
  if (::setpgid(0, 0) != 0) fail();
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || ::dup2(null, STDIN_FILENO) < 0) fail();
  if (::dup2(launch.out, STDOUT_FILENO) < 0 || ::dup2(launch.err, STDERR_FILENO) < 0) fail();
  ::execve(launch.path, launch.words, launch.environment);
  fail();
  ::_exit(kExecFailedStatus);
}

// The errno that the child reports, 0 if it became the program.
int ReadReport(const UniqueFd& report) {
  int error = 0;
  const auto size =
      internal::RetryInterrupted([&] { return ::read(report.get(), &error, sizeof error); });
  return size == static_cast<ssize_t>(sizeof error) ? error : 0;
}

}  // namespace

std::string ChildEnd::Describe() const {
  return signal != 0 ? fmt::format("was ended by signal {}", signal)
                     : fmt::format("exited with status {}", status);
}

ChildProcess::ChildProcess(pid_t pid, UniqueFd handle, UniqueFd out, UniqueFd err, UniqueFd wake)
    : pid_(pid),
      handle_(std::move(handle)),
      wake_(std::move(wake)),
      out_(std::move(out)),
      err_(std::move(err)) {}

Result<std::unique_ptr<ChildProcess>> ChildProcess::Start(ChildSpec spec) {
  PGK_CHECK(!spec.words.empty(), "a child has a program");
  PGK_ASSIGN_OR_RETURN(Pipe out, MakePipe());
  PGK_ASSIGN_OR_RETURN(Pipe err, MakePipe());
  PGK_ASSIGN_OR_RETURN(Pipe report, MakePipe());
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return ErrnoError(errno, "preparing to start a program");

  std::vector<char*> words = Pointers(spec.words);
  words.push_back(nullptr);
  std::vector<char*> environment = Pointers(spec.environment);
  std::vector<SecretBytes> secrets;
  for (const SecretBytes& secret : spec.secret_environment) {
    SecretBytes& copy = secrets.emplace_back(secret.size() + 1);
    std::ranges::copy(secret.Expose(), copy.ExposeMutable().begin());
    environment.push_back(static_cast<char*>(static_cast<void*>(copy.ExposeMutable().data())));
  }
  environment.push_back(nullptr);

  const Launch launch{.path = spec.words[0].c_str(),
                      .words = words.data(),
                      .environment = environment.data(),
                      .out = out.write.get(),
                      .err = spec.errors_in_output ? out.write.get() : err.write.get(),
                      .report = report.write.get(),
                      .parent = ::getpid()};
  const pid_t pid = ::fork();
  if (pid < 0) return ErrnoError(errno, "starting " + spec.words[0]);
  if (pid == 0) Become(launch);

  UniqueFd handle(::pidfd_open(pid, 0));
  const int handle_error = errno;
  report.write = UniqueFd();
  const int error = ReadReport(report.read);
  if (error != 0 || !handle.valid()) {
    static_cast<void>(::kill(pid, SIGKILL));
    internal::RetryInterrupted([&] { return ::waitpid(pid, nullptr, 0); });
    return ErrnoError(error != 0 ? error : handle_error, "starting " + spec.words[0]);
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, std::move(handle), std::move(out.read),
                                                        std::move(err.read), std::move(wake)));
}

ChildProcess::~ChildProcess() { Stop(std::chrono::seconds(5)); }

void ChildProcess::DrainErrors() {
  std::array<char, 4096> buffer;
  const ssize_t size =
      internal::RetryInterrupted([&] { return ::read(err_.get(), buffer.data(), buffer.size()); });
  if (size <= 0) {
    err_ = UniqueFd();
    return;
  }
  errors_.append(buffer.data(), static_cast<size_t>(size));
  if (errors_.size() > kErrorsMax) errors_.erase(0, errors_.size() - kErrorsMax);
}

Result<ChildProcess::Ready> ChildProcess::Poll(bool want_out, std::optional<Duration> at_most,
                                               std::stop_token stop) {
  const std::stop_callback<std::function<void()>> on_stop(stop, [this] {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  });
  Clock& clock = SystemClock();
  const Duration end = at_most ? clock.Monotonic() + *at_most : Duration::max();
  while (true) {
    if (stop.stop_requested()) {
      return Err(ErrorCode::kCancelled, "waiting for a program was interrupted");
    }
    // A negative descriptor is passed over.
    std::array<pollfd, 4> polled = {
        pollfd{.fd = want_out && out_.valid() ? out_.get() : -1, .events = POLLIN, .revents = 0},
        pollfd{.fd = err_.valid() ? err_.get() : -1, .events = POLLIN, .revents = 0},
        pollfd{.fd = want_out ? -1 : handle_.get(), .events = POLLIN, .revents = 0},
        pollfd{.fd = wake_.get(), .events = POLLIN, .revents = 0}};
    int timeout_ms = -1;
    if (at_most) {
      const auto left = end - clock.Monotonic();
      if (left <= Duration::zero()) return Ready{};
      timeout_ms =
          static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1);
    }
    if (::poll(polled.data(), polled.size(), timeout_ms) < 0 && errno != EINTR) {
      return ErrnoError(errno, "waiting for a program");
    }
    if (polled[1].revents != 0) DrainErrors();
    if (polled[0].revents != 0) return Ready{.out = true, .ended = false};
    if (polled[2].revents != 0) return Ready{.out = false, .ended = true};
  }
}

Result<size_t> ChildProcess::Read(MutableByteSpan out, std::stop_token stop) {
  if (!out_.valid() || out.empty()) return size_t{0};
  PGK_TRY(Poll(true, std::nullopt, std::move(stop)));
  const ssize_t size =
      internal::RetryInterrupted([&] { return ::read(out_.get(), out.data(), out.size()); });
  if (size < 0) return ErrnoError(errno, "reading what a program writes");
  if (size == 0) out_ = UniqueFd();
  return static_cast<size_t>(size);
}

void ChildProcess::Reap() {
  if (end_) return;
  int status = 0;
  internal::RetryInterrupted([&] { return ::waitpid(pid_, &status, 0); });
  end_ = WIFSIGNALED(status) ? ChildEnd{.status = 0, .signal = WTERMSIG(status)}
                             : ChildEnd{.status = WEXITSTATUS(status), .signal = 0};
  // What it wrote last; grandchildren may keep the pipe open, so no waiting for its end.
  if (!err_.valid()) return;
  static_cast<void>(::fcntl(err_.get(), F_SETFL, O_NONBLOCK));
  while (err_.valid()) DrainErrors();
}

Result<ChildEnd> ChildProcess::Wait(std::stop_token stop) {
  if (!end_) {
    PGK_TRY(Poll(false, std::nullopt, std::move(stop)));
    Reap();
  }
  return *end_;
}

ChildEnd ChildProcess::Stop(Duration grace) {
  if (end_) return *end_;
  static_cast<void>(::kill(pid_, SIGTERM));
  // Whoever writes to us gets an error now instead of waiting for a reader.
  out_ = UniqueFd();
  const Result<Ready> ready = Poll(false, grace, {});
  if (!ready.ok() || !ready->ended) static_cast<void>(::kill(pid_, SIGKILL));
  Reap();
  return *end_;
}

Result<ChildOutput> RunChild(ChildSpec spec, size_t bytes_max, std::stop_token stop) {
  const std::string program = spec.words.empty() ? "" : spec.words[0];
  PGK_ASSIGN_OR_RETURN(const std::unique_ptr<ChildProcess> child,
                       ChildProcess::Start(std::move(spec)));
  ChildOutput output;
  Bytes buffer(size_t{64} << 10);
  while (true) {
    PGK_ASSIGN_OR_RETURN(const size_t size, child->Read(buffer, stop));
    if (size == 0) break;
    if (output.out.size() + size > bytes_max) {
      return Err(ErrorCode::kLimitExceeded, "{} writes more than {} bytes", program, bytes_max);
    }
    Append(output.out, ByteSpan(buffer).first(size));
  }
  PGK_ASSIGN_OR_RETURN(output.end, child->Wait(stop));
  output.errors = child->errors();
  return output;
}

std::vector<std::string> EnvironmentWithout(const std::vector<std::string>& prefixes) {
  std::vector<std::string> kept;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    if (std::ranges::none_of(prefixes, [variable](const std::string& prefix) {
          return variable.starts_with(prefix);
        })) {
      kept.emplace_back(variable);
    }
  }
  return kept;
}

}  // namespace pgkeep

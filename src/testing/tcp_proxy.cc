#include "testing/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <limits>
#include <list>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "base/unique_fd.h"

namespace pgkeep::testing {
namespace {

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
constexpr size_t kBufferBytes = 64 << 10;

template <class Address>
sockaddr* Generic(Address& address) {
  return static_cast<sockaddr*>(static_cast<void*>(&address));
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

}  // namespace

UniqueFd ConnectTo(const std::string& target) {
  if (!target.starts_with('/')) {
    int port = 0;
    std::from_chars(target.data(), target.data() + target.size(), port);
    sockaddr_in address = Loopback(port);
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(fd.get(), Generic(address), sizeof address) == 0 ? std::move(fd) : UniqueFd();
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  PGK_CHECK(target.size() < sizeof address.sun_path);
  std::copy(target.begin(), target.end(), &address.sun_path[0]);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(fd.get(), Generic(address), sizeof address) == 0 ? std::move(fd) : UniqueFd();
}

// The thread and what it shares with its owner.
class TcpProxy::Loop {
 public:
  struct Faults {
    uint64_t cut_from_server = kNoLimit;
    uint64_t cut_to_server = kNoLimit;
    bool cut_now = false;
    bool stalled = false;
  };
  struct Counts {
    uint64_t cuts = 0;
    uint64_t accepted = 0;
    uint64_t from_server = 0;
    uint64_t to_server = 0;
  };

  explicit Loop(std::string target);
  ~Loop();

  int port() const { return port_; }

  template <class Change>
  void Set(Change change) PGK_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      change(faults_);
    }
    Wake();
  }

  Counts counts() const PGK_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return counts_;
  }

 private:
  // One way through a connection.
  struct Direction {
    std::vector<char> waiting;  // read, not yet written
    uint64_t passed = 0;        // written
    bool ended = false;         // the source has nothing more
  };

  struct Link {
    UniqueFd client;
    UniqueFd server;
    Direction from_server;
    Direction to_server;
    bool dead = false;
  };

  void Wake() const;
  void Run(const std::stop_token& stop);
  Faults TakeFaults() PGK_EXCLUDES(mutex_);
  std::vector<pollfd> Wanted(bool stalled) const;
  void Accept();
  void Serve(Link& link, short client, short server, const Faults& faults);
  void Read(const UniqueFd& from, Direction& way, uint64_t limit);
  void Write(const UniqueFd& to, Direction& way, uint64_t Counts::*counter);
  void Cut(Link& link);

  const std::string target_;
  UniqueFd listener_;
  UniqueFd wake_;
  int port_ = 0;
  std::list<Link> links_;  // of the thread

  mutable Mutex mutex_;
  Faults faults_ PGK_GUARDED_BY(mutex_);
  Counts counts_ PGK_GUARDED_BY(mutex_);
  std::jthread thread_;  // last: it uses all of the above
};

TcpProxy::Loop::Loop(std::string target) : target_(std::move(target)) {
  listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  PGK_CHECK(listener_.valid() && wake_.valid());
  PGK_CHECK(::bind(listener_.get(), Generic(address), size) == 0 &&
                ::listen(listener_.get(), SOMAXCONN) == 0 &&
                ::getsockname(listener_.get(), Generic(address), &size) == 0,
            "a proxy can listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

TcpProxy::Loop::~Loop() {
  thread_.request_stop();
  Wake();
}

void TcpProxy::Loop::Wake() const {
  const uint64_t one = 1;
  PGK_CHECK(::write(wake_.get(), &one, sizeof one) == sizeof one, "the proxy can be woken");
}

TcpProxy::Loop::Faults TcpProxy::Loop::TakeFaults() {
  const MutexLock lock(mutex_);
  Faults faults = faults_;
  faults_.cut_now = false;
  return faults;
}

// The wake-up, the listener, then two for each link. A descriptor below zero is not looked at.
std::vector<pollfd> TcpProxy::Loop::Wanted(bool stalled) const {
  std::vector<pollfd> polled = {{.fd = wake_.get(), .events = POLLIN, .revents = 0},
                                {.fd = listener_.get(), .events = POLLIN, .revents = 0}};
  const auto add = [&polled, stalled](const UniqueFd& fd, const Direction& out,
                                      const Direction& in) {
    const int events =
        (out.waiting.empty() && !out.ended ? POLLIN : 0) | (in.waiting.empty() ? 0 : POLLOUT);
    const bool idle = stalled || events == 0;
    polled.push_back(
        {.fd = idle ? -1 : fd.get(), .events = static_cast<short>(events), .revents = 0});
  };
  for (const Link& link : links_) {
    add(link.client, link.to_server, link.from_server);
    add(link.server, link.from_server, link.to_server);
  }
  return polled;
}

void TcpProxy::Loop::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Faults faults = TakeFaults();
    if (faults.cut_now) {
      for (Link& link : links_) Cut(link);
    }
    links_.remove_if([](const Link& link) { return link.dead; });
    std::vector<pollfd> polled = Wanted(faults.stalled);
    if (::poll(polled.data(), polled.size(), -1) < 0) continue;
    uint64_t woken = 0;
    [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &woken, sizeof woken);
    size_t at = 2;
    for (Link& link : links_) {
      if (!faults.stalled) Serve(link, polled[at].revents, polled[at + 1].revents, faults);
      at += 2;
    }
    if (polled[1].revents != 0) Accept();
  }
}

void TcpProxy::Loop::Accept() {
  Link link;
  link.client = UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!link.client.valid()) return;
  link.server = ConnectTo(target_);
  // A server that does not answer looks to the client like one that hangs up.
  if (!link.server.valid()) return;
  links_.push_back(std::move(link));
  const MutexLock lock(mutex_);
  ++counts_.accepted;
}

void TcpProxy::Loop::Serve(Link& link, short client, short server, const Faults& faults) {
  if (client != 0 && link.to_server.waiting.empty()) {
    Read(link.client, link.to_server, faults.cut_to_server);
  }
  if (server != 0 && link.from_server.waiting.empty()) {
    Read(link.server, link.from_server, faults.cut_from_server);
  }
  Write(link.server, link.to_server, &Counts::to_server);
  Write(link.client, link.from_server, &Counts::from_server);
  if (link.to_server.passed >= faults.cut_to_server ||
      link.from_server.passed >= faults.cut_from_server) {
    Cut(link);
  }
  const auto over = [](const Direction& way) { return way.ended && way.waiting.empty(); };
  if (over(link.to_server) || over(link.from_server)) link.dead = true;
}

void TcpProxy::Loop::Read(const UniqueFd& from, Direction& way, uint64_t limit) {
  const uint64_t left = limit > way.passed ? limit - way.passed : 0;
  way.waiting.resize(std::min<uint64_t>(left, kBufferBytes));
  const ssize_t size = ::recv(from.get(), way.waiting.data(), way.waiting.size(), MSG_DONTWAIT);
  if (size == 0 && !way.waiting.empty()) way.ended = true;
  if (size < 0 && errno != EAGAIN && errno != EINTR) way.ended = true;
  way.waiting.resize(size > 0 ? static_cast<size_t>(size) : 0);
}

void TcpProxy::Loop::Write(const UniqueFd& to, Direction& way, uint64_t Counts::*counter) {
  if (way.waiting.empty()) return;
  // Counted before anybody can see the bytes and then the count.
  const MutexLock lock(mutex_);
  const ssize_t size =
      ::send(to.get(), way.waiting.data(), way.waiting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (size < 0 && errno != EAGAIN && errno != EINTR) {
    way.waiting.clear();
    way.ended = true;
  }
  if (size <= 0) return;
  way.waiting.erase(way.waiting.begin(), way.waiting.begin() + size);
  way.passed += static_cast<uint64_t>(size);
  counts_.*counter += static_cast<uint64_t>(size);
}

void TcpProxy::Loop::Cut(Link& link) {
  link.dead = true;
  const MutexLock lock(mutex_);
  ++counts_.cuts;
}

TcpProxy::TcpProxy(const std::string& target) : loop_(std::make_unique<Loop>(target)) {}
TcpProxy::~TcpProxy() = default;

int TcpProxy::port() const { return loop_->port(); }

void TcpProxy::CutAfterBytesFromServer(uint64_t bytes) {
  loop_->Set([bytes](Loop::Faults& faults) { faults.cut_from_server = bytes; });
}

void TcpProxy::CutAfterBytesToServer(uint64_t bytes) {
  loop_->Set([bytes](Loop::Faults& faults) { faults.cut_to_server = bytes; });
}

void TcpProxy::CutNow() {
  loop_->Set([](Loop::Faults& faults) { faults.cut_now = true; });
}

void TcpProxy::Stall() {
  loop_->Set([](Loop::Faults& faults) { faults.stalled = true; });
}

void TcpProxy::Heal() {
  loop_->Set([](Loop::Faults& faults) { faults = {}; });
}

uint64_t TcpProxy::cuts() const { return loop_->counts().cuts; }
uint64_t TcpProxy::accepted() const { return loop_->counts().accepted; }
uint64_t TcpProxy::bytes_from_server() const { return loop_->counts().from_server; }
uint64_t TcpProxy::bytes_to_server() const { return loop_->counts().to_server; }

}  // namespace pgkeep::testing

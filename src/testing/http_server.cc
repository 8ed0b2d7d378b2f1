#include "testing/http_server.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <list>
#include <optional>
#include <thread>

#include "base/check.h"
#include "base/mutex.h"
#include "base/unique_fd.h"

namespace pgkeep::testing {
namespace {

template <class Address>
sockaddr* Generic(Address& address) {
  return static_cast<sockaddr*>(static_cast<void*>(&address));
}

std::string ToLower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// The head of a request, without the empty line.
HttpServerRequest ParseHead(std::string_view head) {
  HttpServerRequest request;
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const size_t target = line.find(' ') + 1;
  request.method = line.substr(0, target - 1);
  request.target = line.substr(target, line.find(' ', target) - target);
  for (size_t at = line.size(); at < head.size();) {
    at += 2;
    const size_t end = std::min(head.find("\r\n", at), head.size());
    const std::string_view field = head.substr(at, end - at);
    const size_t colon = field.find(':');
    PGK_CHECK(colon != std::string_view::npos, "clients send well-formed fields");
    const size_t value = std::min(field.find_first_not_of(' ', colon + 1), field.size());
    request.headers.emplace_back(ToLower(std::string(field.substr(0, colon))),
                                 std::string(field.substr(value)));
    at = end;
  }
  return request;
}

size_t BodyLength(const HttpServerRequest& request) {
  const std::string text = request.Header("content-length");
  size_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

}  // namespace

std::string HttpServerRequest::Header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return value;
  }
  return "";
}

HttpServerAnswer MakeAnswer(int status, std::string_view body,
                            const std::vector<std::string>& headers) {
  std::string bytes = fmt::format("HTTP/1.1 {} Told\r\n", status);
  for (const std::string& header : headers) bytes += header + "\r\n";
  if (status != 204 && status != 304) bytes += fmt::format("Content-Length: {}\r\n", body.size());
  bytes += "\r\n";
  bytes += body;
  return {bytes};
}

// The threads and what they share.
class HttpServer::Impl {
 public:
  explicit Impl(Handler handler);
  ~Impl();

  int port() const { return port_; }
  std::vector<HttpServerRequest> requests() const {
    const MutexLock lock(mutex_);
    return requests_;
  }
  size_t connections() const {
    const MutexLock lock(mutex_);
    return connections_;
  }

 private:
  bool Readable(int fd) const;
  void Accept();
  void Serve(const UniqueFd& connection);
  std::optional<HttpServerRequest> Read(const UniqueFd& connection, std::string& buffer);
  bool ReadMore(const UniqueFd& connection, std::string& buffer);

  const Handler handler_;
  UniqueFd listener_;
  UniqueFd stop_;  // readable when the server goes
  int port_ = 0;

  mutable Mutex mutex_;
  std::vector<HttpServerRequest> requests_ PGK_GUARDED_BY(mutex_);
  size_t connections_ PGK_GUARDED_BY(mutex_) = 0;
  std::list<std::jthread> serving_;  // of the accepting thread
  std::jthread accepting_;           // last: it uses all of the above
};

HttpServer::Impl::Impl(Handler handler) : handler_(std::move(handler)) {
  listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  stop_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  PGK_CHECK(::bind(listener_.get(), Generic(address), size) == 0 &&
                ::listen(listener_.get(), SOMAXCONN) == 0 &&
                ::getsockname(listener_.get(), Generic(address), &size) == 0,
            "a server can listen");
  port_ = ntohs(address.sin_port);
  accepting_ = std::jthread([this] { Accept(); });
}

HttpServer::Impl::~Impl() {
  const uint64_t one = 1;
  PGK_CHECK(::write(stop_.get(), &one, sizeof one) == sizeof one);
  accepting_.join();
  serving_.clear();
}

// Waits; false when the server goes.
bool HttpServer::Impl::Readable(int fd) const {
  std::array<pollfd, 2> fds = {{{fd, POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
  while (::poll(fds.data(), fds.size(), -1) < 0) {
  }
  return fds[1].revents == 0;
}

void HttpServer::Impl::Accept() {
  while (Readable(listener_.get())) {
    UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.valid()) continue;
    {
      const MutexLock lock(mutex_);
      ++connections_;
    }
    serving_.emplace_back([this, connection = std::move(connection)] { Serve(connection); });
  }
}

bool HttpServer::Impl::ReadMore(const UniqueFd& connection, std::string& buffer) {
  if (!Readable(connection.get())) return false;
  std::array<char, 64 << 10> piece;
  const ssize_t got = ::read(connection.get(), piece.data(), piece.size());
  if (got <= 0) return false;
  buffer.append(piece.data(), static_cast<size_t>(got));
  return true;
}

std::optional<HttpServerRequest> HttpServer::Impl::Read(const UniqueFd& connection,
                                                        std::string& buffer) {
  size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (!ReadMore(connection, buffer)) return std::nullopt;
    if (buffer.front() < 'A' || buffer.front() > 'Z') {
      // No method begins so: somebody speaks TLS. Real servers answer in plain text.
      const std::string answer = MakeAnswer(400).bytes;
      static_cast<void>(::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL));
      return std::nullopt;
    }
  }
  HttpServerRequest request = ParseHead(std::string_view(buffer).substr(0, end));
  buffer.erase(0, end + 4);
  if (!request.Header("expect").empty()) {
    constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
    if (::send(connection.get(), kGoOn.data(), kGoOn.size(), MSG_NOSIGNAL) < 0) return std::nullopt;
  }
  const size_t length = BodyLength(request);
  while (buffer.size() < length) {
    if (!ReadMore(connection, buffer)) return std::nullopt;
  }
  request.body = buffer.substr(0, length);
  buffer.erase(0, length);
  return request;
}

void HttpServer::Impl::Serve(const UniqueFd& connection) {
  std::string buffer;
  while (const std::optional<HttpServerRequest> request = Read(connection, buffer)) {
    {
      const MutexLock lock(mutex_);
      requests_.push_back(*request);
    }
    const HttpServerAnswer answer = handler_(*request);
    for (size_t sent = 0; sent < answer.bytes.size();) {
      const ssize_t got = ::send(connection.get(), answer.bytes.data() + sent,
                                 answer.bytes.size() - sent, MSG_NOSIGNAL);
      if (got <= 0) return;
      sent += static_cast<size_t>(got);
    }
    if (answer.then == HttpServerAnswer::Then::kKeep) continue;
    if (answer.then == HttpServerAnswer::Then::kHang) {
      // Until the stop; what the client still says is not read.
      while (Readable(stop_.get())) {
      }
    }
    if (answer.then == HttpServerAnswer::Then::kReset) {
      const linger now{1, 0};
      ::setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    return;
  }
}

HttpServer::HttpServer(Handler handler) : impl_(std::make_unique<Impl>(std::move(handler))) {}
HttpServer::~HttpServer() = default;

int HttpServer::port() const { return impl_->port(); }

std::string HttpServer::url() const { return fmt::format("http://127.0.0.1:{}", port()); }

std::vector<HttpServerRequest> HttpServer::requests() const { return impl_->requests(); }

size_t HttpServer::connections() const { return impl_->connections(); }

}  // namespace pgkeep::testing

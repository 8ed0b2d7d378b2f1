#include "testing/tcp_proxy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>

#include "base/check.h"
#include "base/unique_fd.h"
#include "testing/temporary_directory.h"

namespace pgkeep::testing {
namespace {

template <class Address>
sockaddr* Generic(Address& address) {
  return static_cast<sockaddr*>(static_cast<void*>(&address));
}

// Sends everything back.
class EchoServer {
 public:
  EchoServer() : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = this->path();
    std::copy(path.begin(), path.end(), &address.sun_path[0]);
    PGK_CHECK(::bind(listener_.get(), Generic(address), sizeof address) == 0);
    PGK_CHECK(::listen(listener_.get(), 1) == 0);
    thread_ = std::jthread([this] {
      while (true) {
        const UniqueFd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!peer.valid()) return;
        std::array<char, 1000> buffer{};
        while (true) {
          const ssize_t size = ::recv(peer.get(), buffer.data(), buffer.size(), 0);
          if (size <= 0) break;
          if (::send(peer.get(), buffer.data(), static_cast<size_t>(size), MSG_NOSIGNAL) < 0) break;
        }
      }
    });
  }
  ~EchoServer() { ::shutdown(listener_.get(), SHUT_RDWR); }

  std::string path() const { return directory_.Join("echo"); }

 private:
  const TemporaryDirectory directory_;
  const UniqueFd listener_;
  std::jthread thread_;
};

UniqueFd Connect(const TcpProxy& proxy) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(proxy.port()));
  PGK_CHECK(::connect(fd.get(), Generic(address), sizeof address) == 0);
  return fd;
}

void Send(const UniqueFd& fd, const std::string& text) {
  PGK_CHECK(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
}

// Up to so many bytes; fewer only at the end of the connection.
std::string Receive(const UniqueFd& fd, size_t bytes) {
  std::string text(bytes, '\0');
  size_t have = 0;
  while (have < bytes) {
    const ssize_t size = ::recv(fd.get(), &text[have], bytes - have, 0);
    if (size <= 0) break;
    have += static_cast<size_t>(size);
  }
  text.resize(have);
  return text;
}

TEST(TcpProxy, PassesBytesOnAndCountsThem) {
  const EchoServer server;
  const TcpProxy proxy(server.path());
  const std::string text(300000, 'x');
  const UniqueFd fd = Connect(proxy);
  const std::jthread sender([&] { Send(fd, text); });
  EXPECT_EQ(Receive(fd, text.size()), text);
  EXPECT_EQ(proxy.bytes_to_server(), text.size());
  EXPECT_EQ(proxy.bytes_from_server(), text.size());
  EXPECT_EQ(proxy.accepted(), 1U);
  EXPECT_EQ(proxy.cuts(), 0U);
}

TEST(TcpProxy, CutsAfterExactlySoManyBytes) {
  const EchoServer server;
  TcpProxy proxy(server.path());
  proxy.CutAfterBytesFromServer(7);
  UniqueFd fd = Connect(proxy);
  Send(fd, "0123456789");
  EXPECT_EQ(Receive(fd, 100), "0123456");
  EXPECT_EQ(proxy.cuts(), 1U);
  proxy.Heal();
  proxy.CutAfterBytesToServer(5);
  fd = Connect(proxy);
  Send(fd, "0123456789");
  EXPECT_LE(Receive(fd, 100).size(), 5U);
  EXPECT_EQ(proxy.cuts(), 2U);
  EXPECT_EQ(proxy.bytes_to_server(), 10U + 5U);
}

TEST(TcpProxy, CutsOnCommand) {
  const EchoServer server;
  TcpProxy proxy(server.path());
  const UniqueFd fd = Connect(proxy);
  Send(fd, "a");
  EXPECT_EQ(Receive(fd, 1), "a");
  proxy.CutNow();
  EXPECT_EQ(Receive(fd, 1), "");
  EXPECT_EQ(proxy.cuts(), 1U);
  const UniqueFd next = Connect(proxy);
  Send(next, "b");
  EXPECT_EQ(Receive(next, 1), "b");
}

TEST(TcpProxy, StallsUntilItIsHealed) {
  const EchoServer server;
  TcpProxy proxy(server.path());
  const UniqueFd fd = Connect(proxy);
  Send(fd, "a");
  EXPECT_EQ(Receive(fd, 1), "a");
  proxy.Stall();
  // It may have looked at its sockets before it heard of this; a second connection shows that it
  // has gone round since.
  const UniqueFd other = Connect(proxy);
  while (proxy.accepted() < 2) std::this_thread::yield();
  Send(fd, "b");
  EXPECT_EQ(proxy.bytes_to_server(), 1U);
  char none = 0;
  EXPECT_EQ(::recv(fd.get(), &none, 1, MSG_DONTWAIT), -1);
  proxy.Heal();
  EXPECT_EQ(Receive(fd, 1), "b");
}

}  // namespace
}  // namespace pgkeep::testing

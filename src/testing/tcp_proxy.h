// A network that breaks on command.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace pgkeep::testing {

// Listens on 127.0.0.1 and passes bytes on to a server, in both directions, for any number of
// connections. Faults concern all connections that are open or come later, until they are taken
// back. A thread of its own does the work, until this goes. Thread-safe.
class TcpProxy {
 public:
  // `target` is the path of a unix socket, or "host:port" with a numeric host.
  explicit TcpProxy(const std::string& target);
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;
  ~TcpProxy();

  // Where clients connect.
  int port() const;

  // Resets a connection when so many bytes from the server (or to it) have passed on it, counted
  // from its beginning; exactly so many arrive.
  void CutAfterBytesFromServer(uint64_t bytes);
  void CutAfterBytesToServer(uint64_t bytes);
  // Resets all connections that are open now.
  void CutNow();
  // From now on nothing passes and nobody is accepted, but no connection ends: a network that
  // swallows packets.
  void Stall();
  // Takes back all faults. What was cut stays cut; what was stalled goes on.
  void Heal();

  // How many connections were cut by the functions above; how many were ever accepted.
  uint64_t cuts() const;
  uint64_t accepted() const;
  // Bytes that passed from the server, and to it, on all connections.
  uint64_t bytes_from_server() const;
  uint64_t bytes_to_server() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace pgkeep::testing

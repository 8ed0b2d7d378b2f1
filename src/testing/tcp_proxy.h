// A network that breaks on command.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/unique_fd.h"

namespace pgkeep::testing {

// A connection to the path of a unix socket, or to a port of 127.0.0.1 in decimal; not valid when
// nobody listens there.
UniqueFd ConnectTo(const std::string& target);

// Listens on 127.0.0.1 and passes bytes on to a server, in both directions, for any number of
// connections. Faults concern the connections that are open and those that come later, until they
// are taken back. A thread of its own does the work, until this goes. Thread-safe.
class TcpProxy {
 public:
  // `target` is as for ConnectTo().
  explicit TcpProxy(const std::string& target);
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;
  ~TcpProxy();

  // Where clients connect.
  int port() const;

  // Ends a connection on both sides when so many bytes from the server, or to it, have passed on
  // it, counted from its beginning. No more than these arrive.
  void CutAfterBytesFromServer(uint64_t bytes);
  void CutAfterBytesToServer(uint64_t bytes);
  // Ends all connections that are open now.
  void CutNow();
  // From now on nothing passes, but no connection ends and new ones are not refused: a network that
  // swallows what it gets.
  void Stall();
  // Takes back all faults. What was cut stays cut; what was stalled goes on.
  void Heal();

  // Connections that were cut by the functions above, and all that were ever accepted.
  uint64_t cuts() const;
  uint64_t accepted() const;
  // Bytes that passed from the server, and to it, on all connections together.
  uint64_t bytes_from_server() const;
  uint64_t bytes_to_server() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace pgkeep::testing

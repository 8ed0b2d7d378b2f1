// Stopping what a connection does, from another thread.
#pragma once

#include <atomic>
#include <memory>

#include "base/result.h"

struct pg_cancel;

namespace pgkeep::postgres {

// Asks the server to cancel the command that a connection runs at that moment, if any. The command
// then fails on its own connection with kCancelled (SQLSTATE 57014); the connection stays usable.
//
// Thread-safe; copies share one state. May outlive its connection: cancelling is then harmless, as
// the server compares a key.
class CancelHandle {
 public:
  // Opens a second connection to the server, sends the request and waits until the server has taken
  // it: as long as the network needs. Success says that the request was delivered, not that
  // something was cancelled. kUnavailable if the server cannot be reached.
  Status Cancel() const;

 private:
  friend class Session;
  struct State;
  explicit CancelHandle(std::shared_ptr<State> state) : state_(std::move(state)) {}

  // True once for each command that was cancelled: tells our own requests from those of others.
  bool TakeRequest() const;

  std::shared_ptr<State> state_;
};

}  // namespace pgkeep::postgres

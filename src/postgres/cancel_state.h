// What the copies of a CancelHandle share.
#pragma once

#include <atomic>
#include <utility>

#include "postgres/cancel.h"
#include "postgres/libpq.h"

namespace pgkeep::postgres {

// The request for one connection. libpq only reads `request`, so threads may share it.
struct CancelHandle::State {
  explicit State(internal::CancelPtr made) : request(std::move(made)) {}

  const internal::CancelPtr request;
  // Set before each request, taken back when the connection sees a cancelled command.
  std::atomic<bool> requested{false};
};

}  // namespace pgkeep::postgres

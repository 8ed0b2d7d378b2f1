#include "postgres/cancel.h"

#include <array>

#include "postgres/cancel_state.h"
#include "postgres/server_error.h"

namespace pgkeep::postgres {

Status CancelHandle::Cancel() const {
  constexpr size_t kMessageBytes = 256;  // what libpq recommends
  if (state_ == nullptr || state_->request == nullptr) {
    return Error(ErrorCode::kUnavailable, "the connection cannot be cancelled");
  }
  std::array<char, kMessageBytes> message{};
  state_->requested.store(true);
  if (PQcancel(state_->request.get(), message.data(), static_cast<int>(message.size())) == 1) {
    return Ok();
  }
  state_->requested.store(false);
  return internal::LostError(message.data()).WithContext("cancelling a statement");
}

bool CancelHandle::TakeRequest() const {
  return state_ != nullptr && state_->requested.exchange(false);
}

}  // namespace pgkeep::postgres

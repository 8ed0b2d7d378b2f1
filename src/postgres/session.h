// What Connection and the COPY classes stand on: one libpq connection that never blocks inside
// libpq, and the rule of how it ends.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "postgres/cancel.h"
#include "postgres/connection.h"
#include "postgres/connection_params.h"
#include "postgres/libpq.h"
#include "postgres/notice.h"
#include "postgres/socket_waiter.h"

namespace pgkeep::postgres {

// A libpq connection in non-blocking mode. All waiting happens in here, so a stop and the deadline
// end every call.
//
// Once ended (End(), by whatever caused it) libpq's connection is closed, and every call returns
// the error of the end. One thread at a time. For this room only.
class Session {
 public:
  using Ready = internal::SocketWaiter::Ready;

  // See Connection::Open().
  static Result<std::unique_ptr<Session>> Open(const ConnectionParams& params,
                                               const ConnectOptions& options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  // Cancels what still runs, and closes.
  ~Session();

  // Sends one text of statements, or one statement with values.
  Status Send(std::string_view sql);
  Status Send(std::string_view sql, std::span<const Param> params);

  // The next result of what was sent; null: all came, ready for the next. Errors of the server are
  // results; call ServerError() for them.
  Result<internal::ResultPtr> NextResult();

  // Reads results until the session is ready again: all of them, or the first error among them. A
  // COPY among them ends the session.
  Result<std::vector<internal::ResultPtr>> Collect();

  // The error in a result; ends the session if the server ends it. Cancelled through our handle, it
  // is kCancelled.
  Error ServerError(const PGresult* result);

  // Waits for the socket, no longer than `at_most`; neither readable nor writable means that this
  // time is over. A stop, the deadline and trouble with the socket end the session.
  Result<Ready> Wait(Ready wanted, std::optional<Duration> at_most = std::nullopt);

  // Waits until there is input and reads it. Losing the server is not an error here but false: what
  // came before is still to be read.
  Result<bool> ReadMore();

  // Hands all buffered output to the kernel.
  Status Flush();

  // Cancels what runs, closes, and remembers `reason` for later calls. Returns it.
  Error End(Error reason);
  // The same with the reason that the server or libpq gives for being gone.
  Error EndLost();

  // Not null while the session has not ended.
  PGconn* libpq() { return connection_.get(); }
  const PGconn* libpq() const { return connection_.get(); }

  // Success, or why the session has ended.
  Status CheckUsable() const;

  void SetDeadline(std::optional<Duration> moment) { deadline_ = moment; }
  CancelHandle cancel_handle() const { return cancel_; }
  // Notices that came so far.
  uint64_t notices() const { return notices_; }

 private:
  Session(std::unique_ptr<internal::SocketWaiter> waiter, NoticeHandler notice)
      : waiter_(std::move(waiter)), notice_(std::move(notice)) {}

  static void ReceiveNotice(void* session, const PGresult* result);
  Status Connect(const ConnectionParams& params, Duration timeout);
  Status Poll(const ConnectionParams& params);
  Status AfterConnect();
  Status CheckBeforeSend();
  Status CheckSent(int sent, std::string_view sql);

  const std::unique_ptr<internal::SocketWaiter> waiter_;
  const NoticeHandler notice_;
  internal::ConnectionPtr connection_;  // null once ended
  CancelHandle cancel_{nullptr};
  std::optional<Error> end_;
  std::optional<Duration> deadline_;
  std::string sql_;  // last sent, for messages
  uint64_t notices_ = 0;
};

}  // namespace pgkeep::postgres

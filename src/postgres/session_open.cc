// How a session begins.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "postgres/cancel_state.h"
#include "postgres/server_error.h"
#include "postgres/session.h"

namespace pgkeep::postgres {
namespace {

using internal::CancelPtr;
using internal::OptionsPtr;
using internal::SocketWaiter;

// The keywords and values as the arrays that libpq takes. Secrets are wiped when it goes.
class KeywordArrays {
 public:
  explicit KeywordArrays(const ConnectionParams& params) {
    if (!params.Has("application_name")) Add("application_name", "pgkeep");
    // Otherwise a dead network is noticed only after hours. A statement may take as long as it
    // likes: these bytes are answered by the server's kernel.
    if (!params.Has("keepalives_idle")) Add("keepalives_idle", "60");
    if (!params.Has("keepalives_interval")) Add("keepalives_interval", "10");
    if (!params.Has("keepalives_count")) Add("keepalives_count", "6");
    for (const auto& [keyword, value] : params.settings()) Add(keyword.c_str(), value.c_str());
    for (const auto& [keyword, value] : params.secrets()) {
      SecretBytes terminated(value.size() + 1);
      std::copy(value.Expose().begin(), value.Expose().end(), terminated.ExposeMutable().begin());
      secrets_.push_back(std::move(terminated));
      Add(keyword.c_str(), AsText(secrets_.back().Expose()).data());
    }
    keywords_.push_back(nullptr);
    values_.push_back(nullptr);
  }

  const char* const* keywords() const { return keywords_.data(); }
  const char* const* values() const { return values_.data(); }

 private:
  void Add(const char* keyword, const char* value) {
    keywords_.push_back(keyword);
    values_.push_back(value);
  }

  std::vector<SecretBytes> secrets_;  // their bytes do not move when they do
  std::vector<const char*> keywords_;
  std::vector<const char*> values_;
};

// The keyword connect_timeout, from wherever libpq has it: seconds, zero and less for no limit.
std::optional<Duration> ConnectTimeout(PGconn* connection, Duration otherwise) {
  const OptionsPtr options(PQconninfo(connection));
  for (const PQconninfoOption* option = options.get();
       option != nullptr && option->keyword != nullptr; ++option) {
    if (std::string_view(option->keyword) != "connect_timeout" || option->val == nullptr) continue;
    const std::string_view text(option->val);
    int seconds = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (parsed.ec != std::errc()) break;
    if (seconds <= 0) return std::nullopt;
    return std::chrono::seconds(seconds);
  }
  return otherwise;
}

// Connecting that a stop, the time or the system ended.
Error Interrupted(Error error, const ConnectionParams& params) {
  if (error.code() == ErrorCode::kTimeout) {
    error = std::move(error).WithHint("check host and port, and that no firewall is in between");
  }
  return std::move(error).WithContext(fmt::format("connecting to {}", params.Describe()));
}

}  // namespace

void Session::ReceiveNotice(void* session, const PGresult* result) {
  auto* self = static_cast<Session*>(session);
  ++self->notices_;
  // libpq is C: nothing may be thrown through it.
  try {
    const Notice notice = internal::MakeNotice(result);
    if (self->notice_) {
      self->notice_(notice);
    } else {
      LogNotice(notice);
    }
  } catch (const std::exception&) {
    // The notice is lost rather than the job.
  }
}

Result<std::unique_ptr<Session>> Session::Open(const ConnectionParams& params,
                                               const ConnectOptions& options) {
  PGK_ASSIGN_OR_RETURN(std::unique_ptr<SocketWaiter> waiter, SocketWaiter::Create(options.stop));
  auto session = std::unique_ptr<Session>(new Session(std::move(waiter), options.notice));
  PGK_TRY(session->Connect(params, options.connect_timeout));
  return session;
}

Status Session::Connect(const ConnectionParams& params, Duration timeout) {
  const KeywordArrays arrays(params);
  constexpr int kNeverExpandDatabaseName = 0;
  connection_.reset(
      PQconnectStartParams(arrays.keywords(), arrays.values(), kNeverExpandDatabaseName));
  if (connection_ == nullptr) return Error(ErrorCode::kLimitExceeded, "out of memory");
  // Only so a failed start tells its SQLSTATE.
  PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
  PQsetNoticeReceiver(connection_.get(), &Session::ReceiveNotice, this);

  const std::optional<Duration> limit = ConnectTimeout(connection_.get(), timeout);
  if (limit) deadline_ = SystemClock().Monotonic() + *limit;
  PGK_TRY(Poll(params));
  deadline_.reset();
  PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
  return AfterConnect();
}

Status Session::Poll(const ConnectionParams& params) {
  // As libpq documents it: begin as if it had asked to write.
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  if (PQstatus(connection_.get()) == CONNECTION_BAD) next = PGRES_POLLING_FAILED;
  while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
    const Ready wanted =
        next == PGRES_POLLING_READING ? SocketWaiter::kReadable : SocketWaiter::kWritable;
    Result<Ready> ready = Wait(wanted);
    if (!ready.ok()) return Interrupted(std::move(ready).error(), params);
    if (ready->readable || ready->writable) next = PQconnectPoll(connection_.get());
  }
  if (next == PGRES_POLLING_OK) return Ok();
  return End(internal::ConnectError(connection_.get(), params));
}

Status Session::AfterConnect() {
  if (PQsetnonblocking(connection_.get(), 1) != 0) {
    return End(Error(ErrorCode::kInternal, "the connection cannot be made non-blocking"));
  }
  cancel_ = CancelHandle(
      std::make_shared<CancelHandle::State>(CancelPtr(PQgetCancel(connection_.get()))));
  return Ok();
}

}  // namespace pgkeep::postgres

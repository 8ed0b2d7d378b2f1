#include "postgres/copy_in.h"

#include <fmt/core.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "postgres/libpq.h"
#include "postgres/session.h"

namespace pgkeep::postgres {
namespace {

using internal::ResultPtr;
using internal::SocketWaiter;

// libpq sends multiples of this at once (fe-misc.c, pqPutMsgEnd).
constexpr size_t kLibpqSendBytes = 8192;
constexpr size_t kSendBytesMax = 65'536;
constexpr size_t kPieceHeadBytes = 5;

// How much to send at once. The more, the less often server and client wake each other. But so
// little that it fits whenever the socket is writable: otherwise libpq would take in the server's
// error by itself while it waits for room, and we would not see that there was input. A socket is
// writable when a third of its buffer is free (TCP: sk_stream_is_writable) or three quarters
// (Unix: unix_writable), and what is sent takes somewhat more room than its bytes.
size_t PieceBytes(int socket) {
  int buffer = 0;
  socklen_t size = sizeof buffer;
  if (::getsockopt(socket, SOL_SOCKET, SO_SNDBUF, &buffer, &size) != 0) buffer = 0;
  const size_t fits = static_cast<size_t>(std::max(buffer, 0)) / 4;
  const size_t whole = fits - fits % kLibpqSendBytes;
  return std::clamp(whole, kLibpqSendBytes, kSendBytesMax) - kPieceHeadBytes;
}

// How long the rest of a notice may take after its first bytes.
constexpr Duration kNoticeRest = std::chrono::seconds(1);

constexpr const char* kUnexpectedInput = "the client got input that it did not expect";

}  // namespace

CopyIn::CopyIn(Session& session)
    : session_(&session), piece_bytes_(PieceBytes(PQsocket(session.libpq()))) {}

CopyIn::CopyIn(CopyIn&& other) noexcept
    : session_(std::exchange(other.session_, nullptr)),
      piece_bytes_(other.piece_bytes_),
      bytes_(other.bytes_) {}

CopyIn::~CopyIn() {
  if (session_ == nullptr) return;
  static_cast<void>(session_->End(Error(ErrorCode::kCancelled, "a COPY was left before its end")));
}

Result<CopyIn> CopyIn::Start(Connection& connection, std::string_view sql) {
  Session& session = connection.session();
  PGK_TRY(session.Send(sql));
  PGK_ASSIGN_OR_RETURN(const ResultPtr result, session.NextResult());
  switch (PQresultStatus(result.get())) {
    case PGRES_COPY_IN:
      return CopyIn(session);
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE: {
      Error error = session.ServerError(result.get());
      if (connection.usable()) PGK_TRY(session.Collect());
      return error;
    }
    default:
      return session.End(
          Error(ErrorCode::kInvalidArgument, "the statement is not a COPY FROM STDIN"));
  }
}

Error CopyIn::Fail(Error error) {
  session_ = nullptr;
  return std::move(error).WithContext(fmt::format("sending data, after {} bytes", bytes_));
}

Status CopyIn::Write(ByteSpan data) {
  if (session_ == nullptr) return Error(ErrorCode::kInternal, "this COPY has ended already");
  while (!data.empty()) {
    const ByteSpan piece = data.first(std::min(data.size(), piece_bytes_));
    Status sent = Send(piece);
    if (!sent.ok()) return Fail(std::move(sent).error());
    bytes_ += piece.size();
    data = data.subspan(piece.size());
  }
  return Ok();
}

Status CopyIn::Send(ByteSpan piece) {
  while (true) {
    PGK_ASSIGN_OR_RETURN(const Session::Ready ready, session_->Wait(SocketWaiter::kEither));
    if (ready.readable) PGK_TRY(LookForInput());
    if (ready.writable) break;
  }
  const int put =
      PQputCopyData(session_->libpq(), AsText(piece).data(), static_cast<int>(piece.size()));
  if (put < 0) return session_->EndLost();
  // The buffer is empty before each piece, so that there is no room means no memory.
  if (put == 0) return session_->End(Error(ErrorCode::kLimitExceeded, "out of memory"));
  return session_->Flush();
}

Status CopyIn::LookForInput() {
  const uint64_t before = session_->notices();
  while (PQconsumeInput(session_->libpq()) == 1) {
    // Has libpq look at its input and hand out whole notices, which is all it does with input now.
    static_cast<void>(PQisBusy(session_->libpq()));
    if (session_->notices() != before) return Ok();
    PGK_ASSIGN_OR_RETURN(const Session::Ready ready,
                         session_->Wait(SocketWaiter::kReadable, kNoticeRest));
    if (!ready.readable) return EndEarly();
  }
  return session_->EndLost();
}

Status CopyIn::PutEnd(const char* reason) {
  const int put = PQputCopyEnd(session_->libpq(), reason);
  if (put < 0) return session_->EndLost();
  if (put == 0) return session_->End(Error(ErrorCode::kLimitExceeded, "out of memory"));
  return session_->Flush();
}

Status CopyIn::EndEarly() {
  PGK_TRY(PutEnd(kUnexpectedInput));
  Result<std::vector<ResultPtr>> results = session_->Collect();
  if (results.ok()) {
    return session_->End(Error(ErrorCode::kProtocol, "the server stored a COPY that was ended"));
  }
  if (results.error().message().find(kUnexpectedInput) == std::string::npos) {
    return std::move(results).error();
  }
  return Error(ErrorCode::kProtocol, "the server sent something in the middle of COPY")
      .Attach(std::move(results).error());
}

Result<uint64_t> CopyIn::Finish() {
  if (session_ == nullptr) return Error(ErrorCode::kInternal, "this COPY has ended already");
  Status put = PutEnd(nullptr);
  if (!put.ok()) return Fail(std::move(put).error());
  Result<std::vector<ResultPtr>> results = session_->Collect();
  if (!results.ok()) return Fail(std::move(results).error());
  Session& session = *std::exchange(session_, nullptr);

  uint64_t rows = 0;
  const std::string_view text = results->size() == 1 ? PQcmdTuples((*results)[0].get()) : "";
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), rows);
  if (text.empty() || parsed.ec != std::errc()) {
    return session.End(
        Error(ErrorCode::kProtocol, "the server did not say how many rows it stored"));
  }
  return rows;
}

Status CopyIn::Abort(std::string_view reason) {
  if (session_ == nullptr) return Error(ErrorCode::kInternal, "this COPY has ended already");
  const std::string text(reason);
  Status put = PutEnd(text.c_str());
  if (!put.ok()) return Fail(std::move(put).error());
  const Result<std::vector<ResultPtr>> results = session_->Collect();
  Session& session = *std::exchange(session_, nullptr);
  if (results.ok()) {
    return session.End(Error(ErrorCode::kProtocol, "the server stored a COPY that was ended"));
  }
  return session.CheckUsable();
}

}  // namespace pgkeep::postgres

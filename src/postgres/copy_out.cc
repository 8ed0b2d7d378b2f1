#include "postgres/copy_out.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>

#include "postgres/libpq.h"
#include "postgres/session.h"

namespace pgkeep::postgres {
namespace {

using internal::ResultPtr;

// The rows that a command's tag counts, or nothing if it counts none.
std::optional<uint64_t> CountedRows(PGresult* result) {
  const std::string_view text = PQcmdTuples(result);
  uint64_t rows = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), rows);
  if (text.empty() || parsed.ec != std::errc()) return std::nullopt;
  return rows;
}

}  // namespace

void CopyOut::Free::operator()(char* buffer) const { PQfreemem(buffer); }

CopyOut::CopyOut(Session& session, size_t columns, bool binary)
    : session_(&session), columns_(columns), binary_(binary) {}

CopyOut::CopyOut(CopyOut&& other) noexcept
    : session_(std::exchange(other.session_, nullptr)),
      done_(other.done_),
      columns_(other.columns_),
      binary_(other.binary_),
      row_(std::move(other.row_)),
      row_size_(other.row_size_),
      rows_(other.rows_),
      bytes_(other.bytes_) {}

CopyOut::~CopyOut() {
  if (session_ == nullptr) return;
  static_cast<void>(session_->End(Error(ErrorCode::kCancelled, "a COPY was left before its end")));
}

Result<CopyOut> CopyOut::Start(Connection& connection, std::string_view sql) {
  Session& session = connection.session();
  PGK_TRY(session.Send(sql));
  PGK_ASSIGN_OR_RETURN(const ResultPtr result, session.NextResult());
  switch (PQresultStatus(result.get())) {
    case PGRES_COPY_OUT:
      return CopyOut(session, static_cast<size_t>(PQnfields(result.get())),
                     PQbinaryTuples(result.get()) != 0);
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE: {
      Error error = session.ServerError(result.get());
      if (connection.usable()) PGK_TRY(session.Collect());
      return error;
    }
    default:
      return session.End(
          Error(ErrorCode::kInvalidArgument, "the statement is not a COPY TO STDOUT"));
  }
}

Result<std::optional<ByteSpan>> CopyOut::Next() {
  row_.reset();
  if (done_) return std::optional<ByteSpan>();
  if (session_ == nullptr) return Error(ErrorCode::kInternal, "this COPY has failed already");
  const auto fail = [this](Error error) {
    session_ = nullptr;
    return std::move(error).WithContext(
        fmt::format("reading data, after {} rows and {} bytes", rows_, bytes_));
  };

  Result<bool> pulled = Pull();
  if (!pulled.ok()) return fail(std::move(pulled).error());
  if (*pulled) {
    ++rows_;
    bytes_ += row_size_;
    return std::optional<ByteSpan>(AsBytes({row_.get(), row_size_}));
  }
  Status finished = Finish();
  if (!finished.ok()) return fail(std::move(finished).error());
  session_ = nullptr;
  done_ = true;
  return std::optional<ByteSpan>();
}

// True with a row, false when the server has nothing more to send: whatever the reason.
Result<bool> CopyOut::Pull() {
  bool lost = false;
  while (true) {
    PGK_TRY(session_->CheckUsable());
    char* buffer = nullptr;
    constexpr int kDoNotBlock = 1;
    const int size = PQgetCopyData(session_->libpq(), &buffer, kDoNotBlock);
    row_.reset(buffer);
    if (size > 0) {
      row_size_ = static_cast<size_t>(size);
      return true;
    }
    if (size == -1) return false;
    if (size < -1 || lost) return session_->EndLost();
    // Rows that came before the server was lost are handed out first.
    PGK_ASSIGN_OR_RETURN(const bool more, session_->ReadMore());
    lost = !more;
  }
}

// The end of the data is the end of the backup of a table only if the server says so.
Status CopyOut::Finish() {
  PGK_ASSIGN_OR_RETURN(std::vector<ResultPtr> results, session_->Collect());
  if (results.size() != 1 || PQresultStatus(results[0].get()) != PGRES_COMMAND_OK) {
    return session_->End(
        Error(ErrorCode::kProtocol, "the server ended the data without confirming the command"));
  }
  const PGTransactionStatusType state = PQtransactionStatus(session_->libpq());
  if (state != PQTRANS_IDLE && state != PQTRANS_INTRANS) {
    return session_->End(
        Error(ErrorCode::kProtocol, "the server confirmed the data but is not ready"));
  }
  const std::optional<uint64_t> counted = CountedRows(results[0].get());
  if (!binary_ && counted != rows_) {
    return session_->End(Err(ErrorCode::kProtocol, "the server counted {} rows, {} came",
                             counted.value_or(0), rows_));
  }
  return Ok();
}

}  // namespace pgkeep::postgres

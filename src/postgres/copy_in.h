// COPY ... FROM STDIN, in pieces of any size.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "postgres/connection.h"

namespace pgkeep::postgres {

// A running COPY into a connection, which it borrows and occupies until the end.
//
// Life: Start, any number of Write, then Finish or Abort. When it goes before that, the connection
// ends, so that nothing is stored. One thread at a time.
//
// Back-pressure: Write returns when the kernel has taken all bytes, so a slow server slows the
// caller, and nothing piles up here. An error of the server in the middle is noticed at one of the
// next Writes, not only at the end (unless it comes together with a notice). libpq has no call for
// that: input that turns out to be no notice within a second counts as an error, the COPY is ended,
// and the server says why.
class CopyIn {
 public:
  // Starts it. REQUIRES of `sql`: one COPY ... FROM STDIN. kInvalidArgument if the server takes it
  // for something else.
  static Result<CopyIn> Start(Connection& connection, std::string_view sql);

  CopyIn(CopyIn&& other) noexcept;
  CopyIn& operator=(CopyIn&&) = delete;
  ~CopyIn();

  // Sends a piece, cut anywhere. An error is final: the COPY has failed as a whole.
  Status Write(ByteSpan data);

  // Tells the server that this was all, and waits for its answer: the number of rows it stored.
  // Before success nothing is stored; afterwards it is, as far as the transaction is committed.
  Result<uint64_t> Finish();

  // Makes the COPY fail on purpose. Success if it did: the connection is usable, its transaction
  // has failed. `reason` goes to the server's log.
  Status Abort(std::string_view reason);

  // Bytes that Write() has taken.
  uint64_t bytes() const { return bytes_; }

 private:
  explicit CopyIn(Session& session);
  Status Send(ByteSpan piece);
  Status LookForInput();
  Status EndEarly();
  Status PutEnd(const char* reason);
  Error Fail(Error error);

  Session* session_;    // null once it has ended
  size_t piece_bytes_;  // that are sent at once
  uint64_t bytes_ = 0;
};

}  // namespace pgkeep::postgres

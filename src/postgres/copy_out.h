// COPY ... TO STDOUT, row by row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "postgres/connection.h"

namespace pgkeep::postgres {

// A running COPY out of a connection, which it borrows and occupies until the end.
//
// Life: Start, Next until it returns nothing, gone. The end is reported only after the server has
// confirmed the command, the connection is ready again and, for the text format, the server's count
// of rows is the one that came; data that merely stops is an error. When it goes before that, the
// connection ends. One thread at a time.
//
// Memory: the row at hand, and what libpq buffers: at most about twice the longest row so far.
class CopyOut {
 public:
  // Starts it. REQUIRES of `sql`: one COPY ... TO STDOUT, without HEADER. kInvalidArgument if the
  // server takes it for something else.
  static Result<CopyOut> Start(Connection& connection, std::string_view sql);

  CopyOut(CopyOut&& other) noexcept;
  CopyOut& operator=(CopyOut&&) = delete;
  ~CopyOut();

  // The next row as the server sent it (in the text format with its line feed), valid until the
  // next call; nothing after the last row. In the binary format the header of the stream comes with
  // the first row, and the trailer is one more piece. Any bytes: a row is not a C string.
  // An error has said how many rows came before it, and is final.
  Result<std::optional<ByteSpan>> Next();

  // Columns of each row, and whether the format is binary.
  size_t columns() const { return columns_; }
  bool binary() const { return binary_; }

  // Pieces and bytes that Next() has returned.
  uint64_t rows() const { return rows_; }
  uint64_t bytes() const { return bytes_; }

 private:
  CopyOut(Session& session, size_t columns, bool binary);
  Result<bool> Pull();
  Status Finish();

  struct Free {
    void operator()(char* buffer) const;
  };

  Session* session_;   // null once the end or an error was returned
  bool done_ = false;  // the end was confirmed
  size_t columns_;
  bool binary_;
  std::unique_ptr<char, Free> row_;
  size_t row_size_ = 0;
  uint64_t rows_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace pgkeep::postgres

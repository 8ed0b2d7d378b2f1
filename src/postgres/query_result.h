// The rows that a statement returned, read with checks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct pg_result;

namespace pgkeep::postgres {

// All rows of one statement, in memory, in PostgreSQL's text format. Rows and columns count from 0.
//
// Every accessor compares what is there with what is asked for: a row or column that does not
// exist, a null where a value is wanted, or text that is not of the type is kProtocol, since it
// means that the server did not answer the question that was asked. Move-only; views that it gives
// out live as long as it does. Reading is safe from several threads.
class QueryResult {
 public:
  // Takes over a result of libpq. REQUIRES: it is not null and no error.
  explicit QueryResult(pg_result* owned);

  size_t rows() const;
  size_t columns() const;

  // "SELECT 5", "SET", "COMMIT": what the server says it has done.
  std::string_view command_tag() const;

  // kProtocol unless there are exactly so many columns, or rows.
  Status ExpectColumns(size_t columns) const;
  Status ExpectRows(size_t rows) const;

  // The number of the column with this name; kProtocol if there is none.
  Result<size_t> ColumnNamed(std::string_view name) const;

  // A value that may be null, and one that may not. Bytes in the connection's encoding.
  Result<std::optional<std::string_view>> NullableText(size_t row, size_t column) const;
  Result<std::string_view> Text(size_t row, size_t column) const;

  // Whole numbers of any PostgreSQL type, in decimal.
  Result<int64_t> Int64(size_t row, size_t column) const;
  Result<uint64_t> UInt64(size_t row, size_t column) const;
  // An oid, xid or other unsigned 32-bit number.
  Result<uint32_t> Oid(size_t row, size_t column) const;
  // "t" or "f".
  Result<bool> Bool(size_t row, size_t column) const;

 private:
  struct Free {
    void operator()(pg_result* result) const;
  };
  Error WrongValue(size_t row, size_t column, std::string_view wanted) const;

  std::unique_ptr<pg_result, Free> result_;
};

}  // namespace pgkeep::postgres

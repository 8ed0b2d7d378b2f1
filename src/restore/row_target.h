// Where rows go: a table, or the large objects.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "postgres/connection.h"

namespace pgkeep::restore {

// Takes the rows of one part of a stream, on one connection, which it borrows.
//
// Life: opened, any number of Write, then Finish or Abort. After an error only destruction is left;
// whether the connection can still be used, it says itself. One thread at a time.
class RowTarget {
 public:
  virtual ~RowTarget() = default;
  RowTarget(const RowTarget&) = delete;
  RowTarget& operator=(const RowTarget&) = delete;

  // Whole rows of COPY text.
  virtual Status Write(ByteSpan rows) = 0;

  // Makes them stay; the number of rows that the server has stored.
  virtual Result<uint64_t> Finish() = 0;

  // Takes back what can be taken back. `reason` goes to the server's log.
  virtual void Abort(std::string_view reason) = 0;

 protected:
  RowTarget() = default;
};

// A table, by the COPY statement of its entry. `truncate` names the table if it is to be emptied in
// the same transaction: then a server with wal_level = minimal writes no WAL for it, and nobody
// else can load it at the same time. Aborted, it is as before.
Result<std::unique_ptr<RowTarget>> OpenTable(postgres::Connection& connection,
                                             const std::string& copy_statement,
                                             const std::string& truncate);

// The large objects, which have been created: rows (loid, pageno, data) of pg_largeobject, in any
// order. Several parts may be written at the same time. What was written stays, also after Abort().
Result<std::unique_ptr<RowTarget>> OpenLargeObjects(postgres::Connection& connection);

}  // namespace pgkeep::restore

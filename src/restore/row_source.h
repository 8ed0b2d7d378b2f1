// The rows of a table as they come out of a backup.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/siphash.h"
#include "logical/fingerprint.h"
#include "repository/stream_reader.h"

namespace pgkeep::restore {

// Takes whole rows of COPY text, each with its line feed; any number of them at once.
using RowSink = std::function<Status(ByteSpan rows)>;

// Reads units of a stream of rows and adds up the fingerprint of every row on its way.
//
// One thread at a time. Memory: what the stream's reader needs, a quarter of a megabyte of rows,
// and up to twice the longest row. Borrows everything.
class RowSource {
 public:
  RowSource(repository::StreamReader& reader, const crypto::SipHash128& hash)
      : reader_(reader), sum_(hash) {}

  // Hands the rows of these units to `sink`; its error ends the reading and is returned, with
  // context. kCorruption if a unit ends inside a row.
  Status Read(uint64_t first_unit, uint64_t units, const RowSink& sink);

  // Of all rows that were read so far.
  const logical::TableFingerprint& fingerprint() const { return sum_.value(); }
  uint64_t bytes() const { return bytes_; }

 private:
  Status Take(const repository::UnitPart& part, const RowSink& sink);
  void CountRows();
  Status HandOut(const RowSink& sink);

  repository::StreamReader& reader_;
  logical::FingerprintSum sum_;
  uint64_t bytes_ = 0;
  Bytes buffer_;          // rows, and the beginning of one
  size_t row_begin_ = 0;  // of the row that is not complete
  size_t scanned_ = 0;    // where the search for its end goes on
};

}  // namespace pgkeep::restore

// Putting large objects together: their pages come in the order of the table that holds them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/siphash.h"
#include "logical/fingerprint.h"
#include "repository/stream_reader.h"

namespace pgkeep::restore {

// Where the pages of one large object are: pages that follow each other in the stream and in the
// object.
struct PageRun {
  uint32_t oid = 0;
  uint32_t first_page = 0;
  uint32_t pages = 0;
  uint32_t first_row = 0;  // in the unit where it begins
  uint64_t first_unit = 0;
  uint64_t last_unit = 0;
};

// The places of all pages of a stream of large objects. Costs some 32 bytes for each object and for
// each place where its pages do not follow each other.
class LargeObjectIndex {
 public:
  // Reads the whole stream, and adds up its rows. kCorruption if a page is there twice. `count`
  // hears of bytes that were read.
  static Result<LargeObjectIndex> Build(repository::StreamReader& stream,
                                        const crypto::SipHash128& hash,
                                        const std::function<void(uint64_t)>& count,
                                        const std::stop_token& stop);

  const logical::TableFingerprint& fingerprint() const { return fingerprint_; }

  // Objects that have pages, ascending.
  std::vector<uint32_t> Oids() const;

  // Hands the bytes of an object to `sink`, in order and with zeros where no page is. Nothing for
  // an object without pages.
  Status Read(repository::StreamReader& stream, uint32_t oid,
              const std::function<Status(ByteSpan)>& sink) const;

 private:
  std::span<const PageRun> RunsOf(uint32_t oid) const;

  std::vector<PageRun> runs_;  // by object and page
  logical::TableFingerprint fingerprint_;
};

}  // namespace pgkeep::restore

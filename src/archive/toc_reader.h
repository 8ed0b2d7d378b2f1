// Reading the table of contents of pg_dump archives 1.14, 1.15 and 1.16.
//
//   TocReader reader;
//   for (bool complete = false; !complete;) {
//     PGK_ASSIGN_OR_RETURN(ByteSpan piece, ReadFromPipe());
//     if (piece.empty()) break;
//     PGK_ASSIGN_OR_RETURN(complete, reader.Feed(piece));
//   }
//   return std::move(reader).Take();
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>

#include "archive/limits.h"
#include "archive/toc.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"

namespace pgkeep::archive {

// Takes an archive piece by piece and stops at the end of its table of contents.
//
// `pg_dump -Fc` into a pipe writes the whole table before the first row, so that the reader is
// complete as soon as those bytes have arrived; pg_dump may then be stopped. The input is hostile:
// every length is compared with its limit, and no memory is taken for bytes that have not arrived.
// It accepts one form only (no negative zeros, no NUL in texts, decimal numbers without leading
// zeros: all that pg_dump writes), so that EncodeToc() of what was read gives the same bytes.
//
// One thread at a time. After an error it stays failed. Errors name the place: kCorruption for what
// cannot be an archive or ends early, kUnsupportedVersion for another version of the format,
// kLimitExceeded for what is larger than limits.h allows.
class TocReader {
 public:
  // `bytes_max` bounds header and table together.
  explicit TocReader(uint64_t bytes_max = kTocBytesMax) : bytes_max_(bytes_max) {}

  // Takes the next bytes; true when the table is complete. What follows the table in the piece is
  // left alone. REQUIRES: not complete, no error before.
  Result<bool> Feed(ByteSpan piece);

  bool complete() const { return step_ == Step::kComplete; }

  // Bytes of header and table that were understood so far; when complete, the length of both.
  uint64_t bytes_read() const { return base_ + position_; }

  // The table. kCorruption, with the place where the input ended, if it is not complete.
  Result<Toc> Take() &&;

 private:
  enum class Step {
    kMagic,
    kHeaderBytes,
    kCompression,
    kCreated,
    kDatabase,
    kServerVersion,
    kDumpVersion,
    kCount,
    kDumpId,
    kHasData,
    kCatalogOid,
    kOid,
    kTag,
    kKind,
    kSection,
    kDefinition,
    kDropStatement,
    kCopyStatement,
    kSchema,
    kTablespace,
    kAccessMethod,
    kRelationKind,
    kOwner,
    kWithOids,
    kDependency,
    kPlace,
    kComplete,
  };
  struct Cursor;

  // Reads the field of the current step; false when its bytes have not all arrived.
  Result<bool> ReadStep();
  // Those of the header, and those of an entry.
  Result<bool> ReadHeaderField(Cursor& cursor);
  Result<bool> ReadHeaderBytes(Cursor& cursor);
  Result<bool> ReadCompression(Cursor& cursor);
  Result<bool> ReadCreated(Cursor& cursor);
  Result<bool> ReadCount(Cursor& cursor);
  Result<bool> ReadEntryField(Cursor& cursor);
  Result<bool> ReadEntryNumber(Cursor& cursor);
  Result<bool> ReadEntryText(Cursor& cursor);
  Result<bool> ReadDependency(Cursor& cursor);
  Result<bool> ReadPlace(Cursor& cursor);
  // Goes to the step after the current one, which was read.
  Status Advance();
  Status EndEntry();
  // Where the reader is, for messages: "owner of entry 5 of 64".
  std::string DescribePlace() const;

  const uint64_t bytes_max_;
  Step step_ = Step::kMagic;
  bool failed_ = false;
  Bytes buffer_;         // what has arrived and is not understood yet, from position_ on
  size_t position_ = 0;  // in buffer_
  uint64_t base_ = 0;    // bytes dropped before buffer_
  Toc toc_;
  TocEntry entry_;  // the one being read
  int32_t count_ = 0;
  std::unordered_set<int32_t> seen_;  // dump ids
};

// Reads the head of a stream: calls `read` until the table of contents is complete. `read` fills
// some of its argument and returns how much, 0 only at the end of the stream, which is kCorruption
// here; its own errors are passed on. Reads up to 64 KiB beyond the table.
Result<Toc> ReadArchiveHead(const std::function<Result<size_t>(MutableByteSpan)>& read,
                            uint64_t bytes_max = kTocBytesMax);

// Reads one whole table of contents from memory; kCorruption also if anything follows it.
Result<Toc> DecodeToc(ByteSpan bytes);

// Reads `toc.dat` of an archive in directory format; kNotFound if there is none.
Result<Toc> ReadDirectoryToc(FileSystem& files, const std::string& directory);

}  // namespace pgkeep::archive

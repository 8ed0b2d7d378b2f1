// Writing complete pg_dump archives, version 1.14, which every pg_restore since 12 reads.
//
//   PGK_ASSIGN_OR_RETURN(auto archive, CreateDirectoryArchive(files, path, std::move(toc),
//   options)); for (const int32_t id : archive->DataEntries()) {           // TABLE DATA, then
//   BLOBS
//     PGK_ASSIGN_OR_RETURN(auto data, archive->StartTableData(id));
//     PGK_TRY(data->Write(rows));                              // any number of times
//     PGK_TRY(data->Finish());
//   }
//   return archive->Finish();
//
// A plain SQL script is not written here: stream a custom archive (CreateCustomStream) into
// `pg_restore -f FILE`, which makes the script that stock tools make.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "archive/toc.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"

namespace pgkeep::archive {

// How an archive is written.
struct ArchiveOptions {
  // kNone or kGzip: the others cannot be read before PostgreSQL 16.
  Compression compression = Compression::kGzip;
  // 1 to 9, or -1 for zlib's default (6). Only for kGzip.
  int gzip_level = -1;
  // Whether Finish() returns only when everything would survive a power cut. Costs an fsync for
  // every file.
  bool durable = true;
};

// Takes the data of one entry: rows in COPY text format, or the bytes of one large object.
//
// One thread at a time. Destroyed without a successful Finish() the entry counts as not written,
// and the archive's Finish() will fail. Must not outlive the archive. After an error only
// destruction is left.
class DataWriter {
 public:
  virtual ~DataWriter() = default;
  DataWriter(const DataWriter&) = delete;
  DataWriter& operator=(const DataWriter&) = delete;

  // Appends. Pieces may be cut anywhere. For a table: kCorruption if a line in the data would end
  // the COPY (which the server never sends).
  virtual Status Write(ByteSpan bytes) = 0;

  // Ends the data; for a table this adds the end marker, and is kCorruption if the last row does
  // not end. REQUIRES: not called before.
  virtual Status Finish() = 0;

 protected:
  DataWriter() = default;
};

// One archive that is being written.
//
// Life: created; every entry of DataEntries() gets its data, once; Finish(). Until then there is no
// archive: a directory has no toc.dat yet, a file has another name. Destroyed without a successful
// Finish() it removes the files that it made.
//
// Directory archives take the data of several entries at the same time, from several threads, in
// any order: the archive is thread-safe, each DataWriter has one thread. Custom archives are for
// one thread, and take one entry at a time, in the order of DataEntries(), as pg_restore from a
// pipe needs it; large objects one after the other.
//
// Calls that break these rules, name entries without data, or repeat one, are kInvalidArgument.
// Errors of the file system come back as they are (kOutOfSpace, kIo, ...).
class ArchiveWriter {
 public:
  virtual ~ArchiveWriter() = default;
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  // Dump ids of the entries that must get data, in the order of the table of contents: every
  // TABLE DATA, and BLOBS if there are large objects.
  virtual const std::vector<int32_t>& DataEntries() const = 0;

  // Begins the rows of a TABLE DATA entry.
  virtual Result<std::unique_ptr<DataWriter>> StartTableData(int32_t dump_id) = 0;

  // Begins the bytes of one large object, one of those that have a BLOB entry. An empty one is
  // begun and finished too.
  virtual Result<std::unique_ptr<DataWriter>> StartLargeObject(uint32_t oid) = 0;

  // Completes the archive. kInvalidArgument, naming some, if an entry or a large object did not get
  // its data. REQUIRES: all DataWriters are gone or finished.
  virtual Status Finish() = 0;

 protected:
  ArchiveWriter() = default;
};

// What CreateCustomStream() writes to. Called with pieces in order, from the thread that writes.
using ByteSink = std::function<Status(ByteSpan)>;

// An archive in directory format: toc.dat, <dump id>.dat[.gz], blobs.toc, blob_<oid>.dat[.gz].
// `directory` must not exist, or be empty. The header's version must be 1.14 (see
// ConvertToVersion14()); format, compression and the places of data are set here. `files` must
// outlive the archive. kAlreadyExists if the directory is not empty; kInvalidArgument, or an error
// of ListTableData() or ListLargeObjects(), for a table of contents that cannot be exported: two
// TABLE DATA entries of one table, data without a COPY statement, several BLOBS entries.
Result<std::unique_ptr<ArchiveWriter>> CreateDirectoryArchive(FileSystem& files,
                                                              const std::string& directory, Toc toc,
                                                              const ArchiveOptions& options);

// An archive in custom format at `path`, which must not exist; written as `path`.part until
// Finish(), which writes the places of the data into the table of contents, so that pg_restore -j
// need not search for them. Otherwise as above.
Result<std::unique_ptr<ArchiveWriter>> CreateCustomFile(FileSystem& files, const std::string& path,
                                                        Toc toc, const ArchiveOptions& options);

// The same into a pipe or socket: the places of the data stay unknown, as with `pg_dump -Fc | ...`.
// `durable` has no meaning here. An error of the sink is passed on.
Result<std::unique_ptr<ArchiveWriter>> CreateCustomStream(ByteSink sink, Toc toc,
                                                          const ArchiveOptions& options);

}  // namespace pgkeep::archive

// Reading the rows of one table, or of a part of one, into the repository.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "backup/read_plan.h"
#include "backup/row_cutter.h"
#include "backup/table_info.h"
#include "base/result.h"
#include "crypto/siphash.h"
#include "logical/fingerprint.h"
#include "postgres/connection.h"
#include "repository/range_writer.h"

namespace pgkeep::backup {

// What all workers have read so far. Thread-safe.
struct ReadCounters {
  std::atomic<uint64_t> rows = 0;
  std::atomic<uint64_t> text_bytes = 0;
  std::atomic<uint64_t> disk_bytes = 0;  // of the tables' files, about
  std::atomic<uint64_t> tables = 0;      // that are done
};

// Adds to the counters now and then, since every row would be too often. One thread at a time.
class ReadMeter {
 public:
  explicit ReadMeter(ReadCounters& counters) : counters_(counters) {}
  ~ReadMeter() { Flush(); }
  ReadMeter(const ReadMeter&) = delete;
  ReadMeter& operator=(const ReadMeter&) = delete;

  void AddRow(size_t bytes);
  // Makes the disk bytes of the task at hand this many.
  void SetDisk(uint64_t bytes);
  void Flush();

 private:
  ReadCounters& counters_;
  uint64_t rows_ = 0;
  uint64_t bytes_ = 0;
  uint64_t disk_ = 0;
  uint64_t disk_reported_ = 0;
};

// The statement that reads a task's rows. Exposed for tests.
std::string CopyStatement(const TableInfo& table, const ReadTask& task);

// The settings under which the server scans as CopyStatement() needs it: in the order of the
// blocks, and with ranges only these blocks. For the whole session.
std::string ScanSettings(ReadMode mode, int server_version_num);

// Reads a task's rows in one COPY, writes them as units into `range`, which is used up, and returns
// their fingerprint. After an error the range's stream cannot be finished.
// Errors: the server's, kProtocol for rows that do not belong here, and the repository's.
Result<logical::TableFingerprint> ReadTable(postgres::Connection& connection,
                                            const TableInfo& table, const ReadTask& task,
                                            std::unique_ptr<repository::RangeWriter> range,
                                            const crypto::SipHash128& hash, ReadCounters& counters);

}  // namespace pgkeep::backup

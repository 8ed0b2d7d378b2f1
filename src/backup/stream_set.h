// The streams of tables while several workers write them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "backup/database_backup.h"
#include "backup/read_plan.h"
#include "backup/table_info.h"
#include "base/mutex.h"
#include "base/result.h"
#include "logical/fingerprint.h"
#include "repository/backup_writer.h"

namespace pgkeep::backup {

// Opens the stream of a table with its first task, and finishes it with its last. Thread-safe.
class StreamSet {
 public:
  // What `tasks` says belongs together. All must outlive this.
  StreamSet(repository::SubtreeWriter& subtree, std::span<const TableInfo> tables,
            const ReadPlan& plan);
  ~StreamSet();

  // The stream for a task of this table.
  Result<repository::StreamWriter*> Open(size_t table) PGK_EXCLUDES(mutex_);

  // A task of this table is done; with the last one the stream is finished. True: it was.
  Result<bool> TaskDone(size_t table, const logical::TableFingerprint& part) PGK_EXCLUDES(mutex_);

  // Streams that are finished.
  std::vector<TableOutcome> TakeOutcomes() PGK_EXCLUDES(mutex_);
  // Tables that the plan has.
  size_t tables() const { return total_; }

 private:
  struct Entry {
    std::unique_ptr<repository::StreamWriter> stream;
    size_t tasks_left = 0;
    bool opening = false;
    logical::TableFingerprint fingerprint;
  };

  repository::SubtreeWriter& subtree_;
  const std::span<const TableInfo> tables_;
  size_t total_ = 0;
  Mutex mutex_;
  CondVar opened_;
  std::map<size_t, Entry> entries_ PGK_GUARDED_BY(mutex_);
  std::vector<TableOutcome> outcomes_ PGK_GUARDED_BY(mutex_);
};

// What a stream of rows says about itself when it is whole.
Bytes AttributesOf(const TableInfo& table, const logical::TableFingerprint& fingerprint);

}  // namespace pgkeep::backup

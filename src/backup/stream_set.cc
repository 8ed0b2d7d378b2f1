#include "backup/stream_set.h"

#include <utility>

#include "logical/stream_format.h"

namespace pgkeep::backup {

using logical::StreamKind;
using logical::TableFingerprint;

Bytes AttributesOf(const TableInfo& table, const TableFingerprint& fingerprint) {
  return logical::EncodeAttributes({.schema = table.schema,
                                    .name = table.name,
                                    .access_method = table.access_method,
                                    .condition = table.condition,
                                    .generated_columns = table.generated_columns,
                                    .fingerprint = fingerprint});
}

StreamSet::StreamSet(repository::SubtreeWriter& subtree, std::span<const TableInfo> tables,
                     const ReadPlan& plan)
    : subtree_(subtree), tables_(tables) {
  const MutexLock lock(mutex_);
  for (const ReadTask& task : plan.shared) ++entries_[task.table].tasks_left;
  for (const std::vector<ReadTask>& tasks : plan.own) {
    for (const ReadTask& task : tasks) ++entries_[task.table].tasks_left;
  }
  total_ = entries_.size();
}

StreamSet::~StreamSet() = default;

Result<repository::StreamWriter*> StreamSet::Open(size_t table) {
  {
    const MutexLock lock(mutex_);
    Entry& entry = entries_.at(table);
    opened_.Wait(mutex_, {}, [&entry] { return !entry.opening; });
    if (entry.stream) return entry.stream.get();
    entry.opening = true;
  }
  // Asks the store for the base's stream, hence without the lock.
  const TableInfo& info = tables_[table];
  repository::StreamSpec spec;
  spec.name = logical::TableStreamName(info.schema, info.name);
  spec.identity = logical::EncodeIdentity({.oid = info.oid, .columns = info.columns});
  spec.kind = static_cast<uint8_t>(info.has_blocks() ? StreamKind::kTableByBlock
                                                     : StreamKind::kTableBySize);
  Result<std::unique_ptr<repository::StreamWriter>> stream = subtree_.OpenStream(std::move(spec));
  const MutexLock lock(mutex_);
  Entry& entry = entries_.at(table);
  entry.opening = false;
  opened_.NotifyAll();
  PGK_ASSIGN_OR_RETURN(entry.stream, std::move(stream));
  return entry.stream.get();
}

Result<bool> StreamSet::TaskDone(size_t table, const TableFingerprint& part) {
  std::unique_ptr<repository::StreamWriter> stream;
  TableFingerprint whole;
  {
    const MutexLock lock(mutex_);
    Entry& entry = entries_.at(table);
    entry.fingerprint += part;
    if (--entry.tasks_left > 0) return false;
    stream = std::move(entry.stream);
    whole = entry.fingerprint;
  }
  const TableInfo& info = tables_[table];
  PGK_TRY(stream->Finish(AttributesOf(info, whole)));
  const MutexLock lock(mutex_);
  entries_.erase(table);
  outcomes_.push_back(
      {.schema = info.schema, .name = info.name, .oid = info.oid, .fingerprint = whole});
  return true;
}

std::vector<TableOutcome> StreamSet::TakeOutcomes() {
  const MutexLock lock(mutex_);
  return std::move(outcomes_);
}

}  // namespace pgkeep::backup

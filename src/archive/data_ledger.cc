#include "archive/data_ledger.h"

#include "archive/entry_kind.h"
#include "base/check.h"
#include "base/error.h"

namespace pgkeep::archive {

DataLedger::DataLedger(const Toc& toc) {
  const MutexLock lock(mutex_);
  for (const TocEntry& entry : toc.entries) {
    const EntryKind kind = KindOf(entry);
    if (entry.has_data) entries_.push_back(entry.dump_id);
    if (kind == EntryKind::kLargeObjectData) large_object_entry_ = entry.dump_id;
    if (kind == EntryKind::kTableData) tables_[entry.dump_id] = State::kMissing;
    if (kind == EntryKind::kLargeObject) large_objects_[entry.oid] = State::kMissing;
  }
  tables_left_ = tables_.size();
  large_objects_left_ = large_objects_.size();
}

Status DataLedger::BeginTable(int32_t dump_id) {
  const MutexLock lock(mutex_);
  const auto found = tables_.find(dump_id);
  if (found == tables_.end()) {
    return Err(ErrorCode::kInvalidArgument, "the archive has no table data with dump id {}",
               dump_id);
  }
  if (found->second != State::kMissing) {
    return Err(ErrorCode::kInvalidArgument, "table data {} was written before", dump_id);
  }
  found->second = State::kBegun;
  return Ok();
}

Status DataLedger::BeginLargeObject(uint32_t oid) {
  const MutexLock lock(mutex_);
  const auto found = large_objects_.find(oid);
  if (found == large_objects_.end()) {
    return Err(ErrorCode::kInvalidArgument, "the archive has no large object {}", oid);
  }
  if (found->second != State::kMissing) {
    return Err(ErrorCode::kInvalidArgument, "large object {} was written before", oid);
  }
  found->second = State::kBegun;
  return Ok();
}

void DataLedger::FinishTable(int32_t dump_id) {
  const MutexLock lock(mutex_);
  State& state = tables_.at(dump_id);
  PGK_CHECK(state == State::kBegun, "the table was begun");
  state = State::kFinished;
  --tables_left_;
}

void DataLedger::FinishLargeObject(uint32_t oid) {
  const MutexLock lock(mutex_);
  State& state = large_objects_.at(oid);
  PGK_CHECK(state == State::kBegun, "the large object was begun");
  state = State::kFinished;
  --large_objects_left_;
}

Status DataLedger::CheckComplete() const {
  {
    const MutexLock lock(mutex_);
    for (const int32_t dump_id : entries_) {
      const auto found = tables_.find(dump_id);
      if (found == tables_.end() || found->second == State::kFinished) continue;
      return Err(ErrorCode::kInvalidArgument,
                 "the archive is not complete: {} tables have no data, one is dump id {}",
                 tables_left_, dump_id);
    }
  }
  return CheckLargeObjects();
}

Status DataLedger::CheckLargeObjects() const {
  const MutexLock lock(mutex_);
  if (large_objects_left_ == 0) return Ok();
  for (const auto& [oid, state] : large_objects_) {
    if (state == State::kFinished) continue;
    return Err(ErrorCode::kInvalidArgument,
               "the archive is not complete: {} large objects have no data, one is {}",
               large_objects_left_, oid);
  }
  return Ok();
}

}  // namespace pgkeep::archive

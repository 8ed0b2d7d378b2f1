#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/mutex.h"
#include "base/result.h"
#include "repository/blob_node.h"
#include "repository/directory_node.h"
#include "repository/draft.h"
#include "repository/index_builder.h"
#include "repository/range_writer.h"
#include "repository/stream_account.h"
#include "repository/stream_map.h"
#include "repository/stream_spec.h"
#include "repository/writer_session.h"

namespace pgkeep::repository {

// Writes one stream of a backup: hands out ranges, puts their leaves together, and adds the stream
// to its sub-tree.
//
// open -> finished or failed. OpenRange is thread-safe; Finish is called once, after every range
// was closed. Destroyed without Finish, or when that failed, the stream is not part of the backup
// (what it stored is garbage that the collector sweeps); the other streams go on. REQUIRES: when it
// is destroyed, no range is alive that was not closed.
class StreamWriter {
 public:
  // Receives the finished stream and what it did.
  using OnFinished = std::function<Status(StreamEntry entry, StreamAccount& account)>;

  // `base` is the stream of the base to compare with, or null. `session` must outlive this.
  StreamWriter(WriterSession& session, StreamSpec spec, std::unique_ptr<StreamMap> base,
               OnFinished on_finished);
  ~StreamWriter();
  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;

  // A range that begins with this unit, a multiple of 16,384, else kInvalidArgument. The stream
  // must outlive it.
  Result<std::unique_ptr<RangeWriter>> OpenRange(uint64_t first_unit) PGK_EXCLUDES(mutex_);

  // The stream is whole. Waits for its frames. `attributes` replace those of the spec. Errors:
  // kInvalidArgument when ranges are open, overlap or leave a gap, or the sub-tree is finished
  // already; the first error of a range, kCancelled if one was given up; the session's first error.
  Status Finish(std::optional<Bytes> attributes = std::nullopt) PGK_EXCLUDES(mutex_);

 private:
  friend class RangeWriter;

  WriterSession& session() { return session_; }
  const StreamSpec& spec() const { return spec_; }
  StreamAccount& account() { return account_; }

  // The leaf to compare with; null if there is none, it is too fragmented, or it is damaged (its
  // units are then stored again).
  Result<std::shared_ptr<const MapLeaf>> BaseLeaf(uint64_t number);
  Result<std::optional<BlobNode>> ReadBaseBlob(const LeafBlob& blob);
  std::shared_ptr<LeafDraft> BeginLeaf(uint64_t number,
                                       std::shared_ptr<const MapLeaf> base) noexcept
      PGK_EXCLUDES(mutex_);
  void NoteShortUnit(uint64_t unit) PGK_EXCLUDES(mutex_);
  void RangeClosed() PGK_EXCLUDES(mutex_);

  void LeafDone(uint64_t number, Result<IndexChild> leaf) PGK_EXCLUDES(mutex_);
  Result<NodePointer> WriteIndex(uint64_t number, const IndexNode& node);
  Status WaitForLeaves() PGK_EXCLUDES(mutex_);
  Status CheckShortUnits(uint64_t units) PGK_EXCLUDES(mutex_);

  using ReadyLeaf = std::pair<uint64_t, IndexChild>;

  WriterSession& session_;
  StreamAccount account_;
  const StreamSpec spec_;
  const std::unique_ptr<StreamMap> base_;
  const OnFinished on_finished_;

  IndexBuilder index_;  // used by whoever set indexing_

  Mutex mutex_;
  CondVar changed_;
  uint32_t open_ranges_ PGK_GUARDED_BY(mutex_) = 0;
  uint64_t open_leaves_ PGK_GUARDED_BY(mutex_) = 0;
  bool indexing_ PGK_GUARDED_BY(mutex_) = false;
  std::vector<ReadyLeaf> ready_ PGK_GUARDED_BY(mutex_);
  std::vector<uint64_t> short_units_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::repository

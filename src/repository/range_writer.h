#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "repository/base_cursor.h"
#include "repository/draft.h"
#include "repository/object_pool.h"
#include "repository/writer_session.h"

namespace pgkeep::repository {

class StreamWriter;

// Takes the units of one range of a stream, in order, and stores those that the base does not have.
//
// A range begins at a multiple of 16,384 units and ends at one, or at the end of the stream. One
// thread at a time; ranges of one stream may be written at the same time.
//
// The first error is final, wrong use included: every later call returns it, Close() too, and the
// stream cannot be finished. Destroying a range that was not closed is such an error: a part is
// missing. Other streams are not touched by it.
class RangeWriter {
 public:
  ~RangeWriter();
  RangeWriter(const RangeWriter&) = delete;
  RangeWriter& operator=(const RangeWriter&) = delete;

  // The next unit. With a fixed unit size it has that size, only the stream's last one may be
  // shorter; otherwise it may have any length, zero included. The bytes are not needed afterwards.
  // Errors: kInvalidArgument for a wrong size or after a short unit; those of the store.
  Status Append(ByteSpan unit);

  // The next unit in parts, so that a unit of any size needs 1 MiB of memory: AppendPart as often
  // as wanted, then EndUnit.
  Status AppendPart(ByteSpan part);
  Status EndUnit();

  // `count` holes: units of zeros with a fixed unit size, empty units without.
  Status AppendHoles(uint64_t count);

  // Number of the unit that is next.
  uint64_t next_unit() const { return next_unit_; }

  // Everything was delivered. Frames may still be on their way; StreamWriter::Finish waits for
  // them. After an error: lets go of everything and returns that error.
  Status Close();

 private:
  friend class StreamWriter;

  RangeWriter(StreamWriter& stream, uint64_t first_unit);

  Status Keep(Status status);
  Status CheckUsable() const;
  Status CheckUnit(size_t unit_bytes) const;
  Status TakeUnit(ByteSpan unit);
  Status TakePart(ByteSpan part);
  Status TakeEnd();
  Status TakeHoles(uint64_t count);
  Status StoreUnit(ByteSpan unit);
  Status EnsureLeaf();
  Status BeginBlob() noexcept;
  void AddNew(ByteSpan unit, uint64_t fingerprint);
  void FlushFrame();
  void CloseLeaf();
  void FinishUnit();
  void Release();

  StreamWriter& stream_;
  uint64_t next_unit_;
  std::optional<Error> error_;  // the first one
  bool closed_ = false;
  bool short_unit_ = false;  // the stream's last unit was delivered

  // Of the current leaf; null between leaves.
  std::shared_ptr<LeafDraft> leaf_;
  std::optional<BaseCursor> cursor_;
  std::optional<ObjectPool<FrameJob>::Lease> job_;
  uint32_t job_frame_ = 0;

  // Of the unit that comes in parts.
  bool in_unit_ = false;
  Bytes part_;  // the bytes since the last whole piece
  std::shared_ptr<BlobDraft> blob_;
};

}  // namespace pgkeep::repository

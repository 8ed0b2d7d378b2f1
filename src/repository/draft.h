// Leaves and blobs that are being written: one thread delivers their units, others may store their
// frames, and whoever finishes last completes the node.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "repository/blob_node.h"
#include "repository/frame_set.h"
#include "repository/index_node.h"
#include "repository/leaf_node.h"
#include "repository/object_pool.h"
#include "repository/stream_account.h"
#include "repository/stream_map.h"
#include "repository/writer_session.h"

namespace pgkeep::repository {

// Counts what a node still waits for, and completes it when that is nothing.
//
// The delivering thread holds one count from construction until Close(). Owned by shared_ptr: a
// frame in flight keeps its draft alive. When the stream or the session has failed, nothing more is
// stored.
//
// What counts is noexcept: out of memory ends the process there. An exception would leave a count
// that nobody takes back, and the stream would wait for it for ever.
class Draft : public std::enable_shared_from_this<Draft> {
 public:
  Draft(WriterSession& session, StreamAccount& account) : session_(session), account_(account) {}
  virtual ~Draft() = default;
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;

  // Stores a frame in the encode pool, or here if it has no threads, and fills `slot`, which
  // belongs to this draft. Delivering thread only; blocks while the pool's queue is full.
  void Store(ObjectPool<FrameJob>::Lease job, StoredFrame* slot) noexcept;

  // Everything was delivered. Call once.
  void Close() { Done(); }

 protected:
  void Expect() { ++pending_; }
  void Done() noexcept;

  // Nothing is missing any more, or the stream has failed. Called once, in any thread.
  virtual void Complete() = 0;

  WriterSession& session_;
  StreamAccount& account_;

 private:
  std::atomic<uint32_t> pending_ = 1;
};

class LeafDraft;

// A unit above 1 MiB. Pieces that are in the base's unit at the same place are not stored again.
class BlobDraft : public Draft {
 public:
  // Fills `slot` of `leaf`. `base` is the node of the base's unit at this place, if that is a big
  // one and readable.
  BlobDraft(WriterSession& session, StreamAccount& account, std::shared_ptr<LeafDraft> leaf,
            LeafBlob* slot, std::optional<LeafBlob> base_blob, std::optional<BlobNode> base);

  // The next piece: 1 MiB, only the last one may be shorter. Delivering thread only. Errors:
  // kLimitExceeded beyond 64 GiB; those of WriterSession::BaseFingerprints.
  Status AddPiece(ByteSpan piece);

 protected:
  void Complete() override;

 private:
  Result<bool> BaseHas(size_t piece, uint64_t fingerprint);
  Result<NodePointer> WriteNode();

  const std::shared_ptr<LeafDraft> leaf_;
  LeafBlob* const slot_;
  const std::optional<LeafBlob> base_blob_;
  const std::optional<BlobNode> base_;
  std::deque<StoredFrame> frames_;  // stable addresses: encoders fill them
  uint64_t length_ = 0;
};

// Up to 16,384 units of a stream.
class LeafDraft : public Draft {
 public:
  // Receives the finished leaf, or the error that prevented it.
  using OnDone = std::function<void(Result<IndexChild>)>;

  // `base` is the leaf at the same place of the base, or null.
  LeafDraft(WriterSession& session, StreamAccount& account, std::shared_ptr<const MapLeaf> base,
            OnDone on_done);

  // All Add functions: delivering thread only, in the order of the units. `bytes` is the length of
  // the units.
  void AddHoles(uint32_t count, uint64_t bytes);
  // The unit `first` of the frame `base_frame` of the base's leaf.
  void AddBaseUnit(uint32_t base_frame, uint32_t first, uint64_t bytes);
  // The unit `first` of a frame begun by NewFrame.
  void AddNewUnit(uint32_t frame, uint32_t first, uint64_t bytes);
  // A frame whose slot Store will fill.
  uint32_t NewFrame();
  StoredFrame* slot(uint32_t frame) { return &frames_[frame]; }
  // A big unit. The slot is filled by its BlobDraft, which then calls FinishBlob.
  LeafBlob* AddBlob() noexcept;
  void AddBlobBytes(uint64_t bytes) { bytes_ += bytes; }

  // From BlobDraft, in any thread: whether a node of this length may stand inline. What may,
  // counts.
  bool MayStandInline(size_t payload_bytes);
  // From BlobDraft, in any thread: the slot is filled.
  void FinishBlob() { Done(); }

  uint32_t units() const { return units_; }
  uint64_t bytes() const { return bytes_; }

 protected:
  void Complete() override;

 private:
  void AddExtent(const Extent& extent);
  LeafNode Build(BuiltFrameTable table) const;
  Result<IndexChild> Write();
  void CountUnits(const LeafNode& node);

  const std::shared_ptr<const MapLeaf> base_;
  const OnDone on_done_;
  uint32_t units_ = 0;
  uint64_t bytes_ = 0;
  std::vector<Extent> extents_;        // indexes are those of frames_ and blobs_
  std::deque<StoredFrame> frames_;     // stable addresses: encoders fill them
  std::vector<uint32_t> base_frames_;  // for each frame of the base, its index in frames_, or none
  std::deque<LeafBlob> blobs_;         // stable addresses: their drafts fill them
  std::atomic<uint64_t> inline_blob_bytes_ = 0;
};

}  // namespace pgkeep::repository

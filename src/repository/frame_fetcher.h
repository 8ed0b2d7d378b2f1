#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/worker_pool.h"
#include "repository/frame_opener.h"
#include "repository/frame_set.h"
#include "repository/object_pool.h"
#include "repository/pack_key_cache.h"
#include "repository/repository_context.h"
#include "repository/units_payload.h"

namespace pgkeep::repository {

// A frame of which some units are wanted.
struct WantedFrame {
  StoredFrame frame;
  uint16_t units = kAllUnits;  // bit i: the unit with this index

  static constexpr uint16_t kAllUnits = 0xffff;
};

// The units of a frame that were wanted; those that were not are empty.
class FrameUnits {
 public:
  // Takes a payload that was authenticated. kCorruption if it does not have `count` units.
  static Result<std::shared_ptr<const FrameUnits>> Keep(Bytes payload, uint16_t count,
                                                        uint16_t wanted);

  FrameUnits() = default;  // of no unit
  FrameUnits(const FrameUnits&) = delete;
  FrameUnits& operator=(const FrameUnits&) = delete;

  size_t count() const { return view_.count; }
  ByteSpan unit(size_t index) const { return view_.spans[index]; }
  // Whether nothing was left out.
  bool whole() const { return whole_; }

 private:
  Bytes bytes_;
  UnitsView view_;  // into bytes_
  bool whole_ = false;
};

// Frames that are on their way. Given up when it goes: what has not begun is not read.
class FrameBatch {
 public:
  using Frames = std::vector<std::shared_ptr<const FrameUnits>>;

  FrameBatch() = default;
  FrameBatch(const FrameBatch&) = delete;
  FrameBatch& operator=(const FrameBatch&) = delete;
  ~FrameBatch();

  // Waits for the frames, in the order in which they were asked for. Once only. The first error
  // that there was, of PackKeyCache, of FrameOpener::OpenUnits, of FrameUnits::Keep and of the
  // store, with the pack's key; kRefused with a host key.
  Result<Frames> Wait() PGK_EXCLUDES(mutex_);

 private:
  friend class FrameFetcher;

  // Consecutive indexes into `order` that are read with one request.
  struct Request {
    size_t begin = 0;
    size_t end = 0;
    uint64_t offset = 0;
    uint64_t bytes = 0;
  };

  void Join();
  bool failed() PGK_EXCLUDES(mutex_);
  void Done(const Status& outcome) PGK_EXCLUDES(mutex_);

  // Constant once the first request is on its way.
  std::vector<WantedFrame> wanted_;
  std::vector<uint32_t> order_;  // of wanted_: by pack and offset
  std::vector<Request> requests_;

  // Each request writes those of its own.
  Frames frames_;

  Mutex mutex_;
  CondVar changed_;
  size_t open_requests_ PGK_GUARDED_BY(mutex_) = 0;
  bool given_up_ PGK_GUARDED_BY(mutex_) = false;
  std::optional<Error> error_ PGK_GUARDED_BY(mutex_);
};

// Reads units frames from data packs: joins neighbours into one request, opens, decompresses, and
// compares each content hash. Nothing of a frame is given out before all of that has passed; what
// does not pass is read once more, since it may have changed on its way.
//
// Requests go out at the same time where the store is faster so (StoreFeatures::parallel_requests);
// then reading ahead makes sense as well.
//
// Thread-safe. Memory: that of PackKeyCache, for each request at the same time its length (8 MiB at
// most) and one frame, and the units that were wanted.
class FrameFetcher {
 public:
  // Copies the context. REQUIRES: context.keys.
  explicit FrameFetcher(const RepositoryContext& context);

  // Whether Start() returns before the frames are there.
  bool reads_ahead() const { return reads_ahead_; }

  // Begins to read frames. The batch must go before this.
  std::unique_ptr<FrameBatch> Start(std::vector<WantedFrame> wanted);

 private:
  Status Read(FrameBatch& batch, const FrameBatch::Request& request);
  Status TryRead(FrameBatch& batch, const FrameBatch::Request& request);
  Result<std::shared_ptr<const FrameUnits>> Open(const WantedFrame& wanted, ByteSpan bytes,
                                                 FrameOpener& opener);

  const RepositoryContext context_;
  const bool reads_ahead_;
  PackKeyCache keys_;
  ObjectPool<FrameOpener> openers_;
  ObjectPool<Bytes> buffers_;
  WorkerPool reads_;  // last: its jobs use what is above
};

}  // namespace pgkeep::repository

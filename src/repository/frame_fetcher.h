#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
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

namespace pgkeep::repository {

// Frames that are on their way. Given up when it goes: what has not begun is not read.
class FrameBatch {
 public:
  using Payloads = std::vector<std::shared_ptr<const Bytes>>;

  FrameBatch() = default;
  FrameBatch(const FrameBatch&) = delete;
  FrameBatch& operator=(const FrameBatch&) = delete;
  ~FrameBatch();

  // Waits for the payloads, in the order in which they were asked for. Once only. Errors: the first
  // that there was, of those that FrameFetcher::Fetch() names.
  Result<Payloads> Wait() PGK_EXCLUDES(mutex_);

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
  std::vector<StoredFrame> frames_;
  std::vector<uint32_t> order_;  // of frames_: by pack and offset
  std::vector<Request> requests_;

  // Each request writes those of its own frames.
  Payloads payloads_;

  Mutex mutex_;
  CondVar changed_;
  size_t open_requests_ PGK_GUARDED_BY(mutex_) = 0;
  bool given_up_ PGK_GUARDED_BY(mutex_) = false;
  std::optional<Error> error_ PGK_GUARDED_BY(mutex_);
};

// Reads units frames from data packs: joins neighbours into one request, opens, decompresses, and
// compares each content hash. Nothing of a frame is given out before all of that has passed.
//
// Requests go out at the same time where the store is faster so (StoreFeatures::parallel_requests);
// then reading ahead makes sense as well.
//
// Thread-safe. Memory: that of PackKeyCache, for each request at the same time its length (8 MiB at
// most), and what is returned.
class FrameFetcher {
 public:
  // Copies the context. REQUIRES: context.keys.
  explicit FrameFetcher(const RepositoryContext& context);

  // Whether Start() returns before the frames are there.
  bool reads_ahead() const { return reads_ahead_; }

  // Begins to read `frames`. The batch must go before this.
  std::unique_ptr<FrameBatch> Start(std::span<const StoredFrame> frames);

  // The payloads of `frames`, in the same order. Errors: those of PackKeyCache, of
  // FrameOpener::OpenUnits and of the store, with the pack's key; kRefused with a host key.
  Result<FrameBatch::Payloads> Fetch(std::span<const StoredFrame> frames) {
    return Start(frames)->Wait();
  }

 private:
  Status Read(FrameBatch& batch, const FrameBatch::Request& request);
  Result<std::shared_ptr<const Bytes>> Open(const StoredFrame& frame, ByteSpan bytes,
                                            FrameOpener& opener);

  const RepositoryContext context_;
  const bool reads_ahead_;
  PackKeyCache keys_;
  ObjectPool<FrameOpener> openers_;
  WorkerPool reads_;  // last: its jobs use what is above
};

}  // namespace pgkeep::repository

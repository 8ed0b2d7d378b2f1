#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "repository/frame_opener.h"
#include "repository/frame_set.h"
#include "repository/object_pool.h"
#include "repository/pack_key_cache.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// Reads units frames from data packs: joins neighbours into one request, opens, decompresses, and
// compares each content hash. Nothing of a frame is given out before all of that has passed.
//
// Thread-safe. Memory: that of PackKeyCache, and per call the largest joined request (8 MiB) and
// what it returns.
class FrameFetcher {
 public:
  // Copies the context. REQUIRES: context.keys.
  explicit FrameFetcher(const RepositoryContext& context);

  // The payloads of `frames`, in the same order. Errors: those of PackKeyCache, of
  // FrameOpener::OpenUnits and of the store, with the pack's key; kRefused with a host key.
  Result<std::vector<std::shared_ptr<const Bytes>>> Fetch(std::span<const StoredFrame> frames);

 private:
  // Consecutive indexes into a sorted sequence that are read with one request.
  struct Request {
    size_t begin = 0;
    size_t end = 0;
    uint64_t offset = 0;
    uint64_t bytes = 0;
  };

  static std::vector<Request> Join(std::span<const StoredFrame> frames,
                                   std::span<const uint32_t> order);
  Result<std::shared_ptr<const Bytes>> Open(const StoredFrame& frame, ByteSpan bytes,
                                            FrameOpener& opener);

  const RepositoryContext context_;
  PackKeyCache keys_;
  ObjectPool<FrameOpener> openers_;
};

}  // namespace pgkeep::repository

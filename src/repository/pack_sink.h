#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/worker_pool.h"
#include "repository/ids.h"
#include "repository/pack_builder.h"
#include "repository/reference_list.h"
#include "repository/repository_context.h"

namespace pgkeep::repository {

// Where one writer's frames of one kind become packs, and packs become objects.
//
// Borrow a pack, store frames in it, give it back by destroying the lease; full packs are closed
// and uploaded by the upload pool. A thread is lent the pack that it has filled before, so that
// what it stores one after the other stands so, and is read again with few requests. Small packs
// are shared by threads all the same, so that a small backup has few.
//
// Thread-safe. Memory: at most `max_open` packs being filled, and what the upload pool holds. The
// first failure of an upload is kept and returned by everything after it. Nothing is ever deleted
// or written twice: a failed writer's packs are left for the collector.
class PackSink {
 public:
  // A pack being filled. `fingerprints` has one for each unit, in order.
  struct OpenPack {
    std::unique_ptr<PackBuilder> builder;
    std::vector<uint64_t> fingerprints;
    std::thread::id filled_by;  // as of the last return
  };

  // Called when a pack is closed, before its upload, in the thread that closes it: writes the
  // pack's fingerprint node and says where.
  using BeforeUpload = std::function<Result<FingerprintPlace>(const OpenPack& pack)>;
  // Called after an upload, in the thread that did it.
  using AfterUpload = std::function<void(const PackName& pack, ByteSpan bytes)>;

  struct Options {
    WriterId writer;
    PackKind kind = PackKind::kData;
    // Writer key or K_meta; must outlive the sink.
    ByteSpan prk;
    size_t pack_bytes = 0;
    size_t max_open = 1;
    // Numbers packs of one kind of one writer; shared by its sinks, must outlive them.
    std::atomic<uint32_t>* next_seq = nullptr;
    // Must outlive the sink.
    WorkerPool* uploads = nullptr;
    BeforeUpload before_upload;  // data packs only
    AfterUpload after_upload;    // may be empty
  };

  // A pack that is the holder's alone.
  class Lease {
   public:
    Lease(PackSink& sink, std::unique_ptr<OpenPack> pack) : sink_(&sink), pack_(std::move(pack)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (pack_) sink_->GiveBack(std::move(pack_));
    }
    OpenPack* operator->() const { return pack_.get(); }

   private:
    PackSink* sink_;
    std::unique_ptr<OpenPack> pack_;
  };

  // Copies the context.
  PackSink(const RepositoryContext& context, Options options);
  ~PackSink();
  PackSink(const PackSink&) = delete;
  PackSink& operator=(const PackSink&) = delete;

  // A pack with room for one frame of `payload_bytes` and `units`. Blocks while `max_open` packs
  // are lent. noexcept: out of memory ends the process; an exception would lose a slot for which
  // others wait.
  Result<Lease> Borrow(size_t payload_bytes, unsigned units) noexcept PGK_EXCLUDES(mutex_);

  // Closes what is open and waits until everything is stored. REQUIRES: no lease is alive, and no
  // thread of the upload pool calls.
  Status Flush() PGK_EXCLUDES(mutex_);

  // The packs stored so far, in no order. After a successful Flush: all.
  std::vector<PackEntry> entries() const PGK_EXCLUDES(mutex_);

 private:
  friend class Lease;

  void GiveBack(std::unique_ptr<OpenPack> pack) PGK_EXCLUDES(mutex_);
  Result<std::unique_ptr<OpenPack>> TakeIdleOrSlot() PGK_EXCLUDES(mutex_);
  void ReleaseSlot() PGK_EXCLUDES(mutex_);
  Status Refill(OpenPack& pack) PGK_EXCLUDES(mutex_);
  Status Close(OpenPack pack) PGK_EXCLUDES(mutex_);
  void Upload(OpenPack& pack, const std::optional<FingerprintPlace>& place) PGK_EXCLUDES(mutex_);
  Result<PackEntry> Store(OpenPack& pack, const std::optional<FingerprintPlace>& place)
      PGK_EXCLUDES(mutex_);
  void Fail(const Error& error) PGK_EXCLUDES(mutex_);
  Status CheckStatus() const PGK_EXCLUDES(mutex_);

  const RepositoryContext context_;
  const Options options_;
  mutable Mutex mutex_;
  CondVar returned_;
  size_t open_ PGK_GUARDED_BY(mutex_) = 0;                              // lent and idle
  std::vector<std::unique_ptr<OpenPack>> idle_ PGK_GUARDED_BY(mutex_);  // given back last: last
  std::vector<Bytes> buffers_ PGK_GUARDED_BY(mutex_);  // of uploaded packs, for the next ones
  std::vector<PackEntry> entries_ PGK_GUARDED_BY(mutex_);
  std::optional<Error> error_ PGK_GUARDED_BY(mutex_);
};

}  // namespace pgkeep::repository

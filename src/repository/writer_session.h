#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/worker_pool.h"
#include "codec/codec.h"
#include "repository/fingerprint_cache.h"
#include "repository/first_error.h"
#include "repository/frame_set.h"
#include "repository/limits.h"
#include "repository/local_pack_cache.h"
#include "repository/node_store.h"
#include "repository/node_writer.h"
#include "repository/object_pool.h"
#include "repository/pack_sink.h"
#include "repository/pack_usage.h"
#include "repository/repository_context.h"
#include "repository/units_payload.h"
#include "repository/writer_protocol.h"

namespace pgkeep::repository {

// How a writer uses the machine. The defaults suit a small host.
struct WriterOptions {
  // Threads that compress and seal. 0: the threads that deliver units do it themselves.
  unsigned encode_threads = 0;
  // Threads that upload packs. 0: the thread that fills a pack uploads it; not given: as many as
  // the store is fast with.
  std::optional<unsigned> upload_threads = {};
  // Most threads that deliver units at the same time; only counted when encode_threads is 0.
  unsigned deliver_threads = 2;
  // Bound of what the writer holds in packs, in bytes. Packs are made smaller to fit.
  uint64_t memory_limit = uint64_t{256} << 20;
  // Store units again that lie in such packs of the base although they are unchanged (rebase). May
  // be empty; called from several threads.
  std::function<bool(const PackEntry&)> store_again;
  // Makes compressors; empty: zstd at the repository's level. The seam for tests of a codec that
  // lies.
  std::function<std::unique_ptr<codec::BlockCodec>()> make_codec;
  // Nodes of big units stand inline in their leaf up to this many bytes in all, then by reference:
  // 16,384 inline ones would make the leaf longer than a frame may be. The seam for tests that do
  // not have the gibibytes.
  uint32_t inline_blob_bytes = kMaxInlineBlobBytesPerLeaf;
  // Sees each units frame after it was stored, before its leaf is made; empty. Called from several
  // threads. The seam for tests of memory that flips.
  std::function<void(StoredFrame&)> after_frame;
  // Show signs of life from a thread of its own.
  bool heartbeat_thread = true;
};

// One frame on its way to the encoder: units and their fingerprints.
struct FrameJob {
  UnitsPayloadBuilder payload;
  std::array<uint64_t, kMaxUnitsPerFrame> fingerprints{};
};

// What a stream or a sub-tree stored itself. Thread-safe.
struct StoredCounters {
  std::atomic<uint64_t> new_units = 0;
  std::atomic<uint64_t> new_bytes = 0;     // before compression
  std::atomic<uint64_t> stored_bytes = 0;  // after it

  void Add(const StoredCounters& other) {
    new_units += other.new_units;
    new_bytes += other.new_bytes;
    stored_bytes += other.stored_bytes;
  }
};

// What everything that writes one backup shares: packs, nodes, threads, the base, the first error.
//
// Thread-safe. Lives from BeginWriter to the commit; borrows the ticket and the cache.
class WriterSession {
 public:
  // `missing` are packs of the bases that are not in the store any more: their units are stored
  // again, which heals the next backups. `local` may be null.
  WriterSession(const RepositoryContext& context, const WriterTicket& ticket,
                const WriterOptions& options, std::set<PackName> missing, LocalPackCache* local);
  ~WriterSession();
  WriterSession(const WriterSession&) = delete;
  WriterSession& operator=(const WriterSession&) = delete;

  const RepositoryContext& context() const { return context_; }
  const WriterOptions& options() const { return options_; }
  NodeStore& nodes() { return nodes_; }
  NodeWriter& node_writer() { return node_writer_; }
  // Of the finished sub-trees.
  PackUsage& usage() { return usage_; }
  WorkerPool& encoders() { return encoders_; }

  ObjectPool<FrameJob>& jobs() { return jobs_; }

  // Stores one frame of units and adds to `counters`. Its errors are those of the whole backup.
  Result<StoredFrame> StoreUnits(FrameJob& job, StoredCounters& counters);

  // The fingerprints of a pack of a base, or null when its units are to be stored again: the pack
  // is missing, wanted away, or its fingerprints are damaged. Errors: those of reading that say
  // nothing about the fingerprints, such as a store that does not answer.
  Result<std::shared_ptr<const FingerprintTable>> BaseFingerprints(const PackName& pack)
      PGK_EXCLUDES(mutex_);

  // Whether the backup may name this node of a base: not if its pack is missing, even where a local
  // copy of the pack could still be read.
  bool MayName(const NodePointer& pointer) const;

  // Finishes all packs and waits until they are stored.
  Status Flush();

  // What `ref/<S>` has to say: entries of all packs in usage(), own and reused, with live units.
  // Takes usage() away.
  Result<ReferenceList> BuildReferences();

  // Ends the whole backup: for errors of what everything shares, that is of the store, of the
  // encoders and of memory. What is wrong with one stream belongs to StreamAccount::Fail.
  void Fail(const Error& error) { error_.Keep(error); }
  Status CheckStatus() const { return error_.Check(); }

  // Warns once of each damage to a base that this run heals or works around; of a few hundred at
  // most.
  void WarnOfDamage(std::string_view what, const Error& error) PGK_EXCLUDES(mutex_);

 private:
  struct Sizes;

  const PackEntry* FindBasePack(const PackName& pack) const;
  PackSink::Options SinkOptions(PackKind kind, const Sizes& sizes);
  Result<FingerprintPlace> StoreFingerprints(const PackSink::OpenPack& pack);

  const RepositoryContext context_;
  const WriterTicket& ticket_;
  const WriterOptions options_;
  const std::set<PackName> missing_;
  LocalPackCache* const local_;

  PackUsage usage_;
  NodeStore nodes_;
  FingerprintCache fingerprints_;
  ObjectPool<codec::BlockCodec> codecs_;
  ObjectPool<FrameJob> jobs_;
  std::atomic<uint32_t> next_data_seq_ = 0;
  std::atomic<uint32_t> next_meta_seq_ = 0;

  FirstError error_;
  Mutex mutex_;
  // Data packs of bases whose fingerprints are damaged: not to be read for every leaf.
  std::set<PackName> without_fingerprints_ PGK_GUARDED_BY(mutex_);
  std::set<std::string> warned_ PGK_GUARDED_BY(mutex_);

  // Destroyed in reverse order: first the threads that encode, last the sinks' uploads.
  WorkerPool uploads_;
  PackSink prints_;  // fingerprint nodes: packs that live as long as their data packs
  PackSink tree_;    // all other nodes
  NodeWriter print_writer_;
  NodeWriter node_writer_;
  PackSink data_;
  WorkerPool encoders_;
};

}  // namespace pgkeep::repository

// A repository built by hand, for tests of the protocol: real control objects, packs of any bytes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "repository/key_ring.h"
#include "repository/repository_context.h"
#include "repository/writer_protocol.h"
#include "storage/forwarding_store.h"
#include "testing/fake_clock.h"
#include "testing/seeded_random.h"
#include "testing/test_store.h"

namespace pgkeep::repository {

// Calls back before each call that reaches the store, with the operation and the key: the seam at
// which tests put one process's step between two steps of another. The callback may use the inner
// store.
class HookStore final : public storage::ForwardingStore {
 public:
  using Hook = std::function<void(std::string_view operation, std::string_view key)>;
  using ForwardingStore::ForwardingStore;

  // Before every call from now on, one at a time. Not called again from within itself.
  void SetHook(Hook hook) { hook_ = std::move(hook); }
  // Runs `action` once, before the n-th call (from now, 1 = next) of `operation` whose key starts
  // with `key`.
  void Before(std::string operation, std::string key, int nth, std::function<void()> action);
  // Whether the action of Before has run.
  bool fired() const { return fired_; }
  // Pretends other features than the store has.
  void SetFeatures(const storage::StoreFeatures& features) { features_ = features; }

  storage::StoreFeatures features() const override {
    return features_.value_or(inner().features());
  }
  Result<storage::ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override;
  Result<storage::ObjectInfo> Put(std::string_view key, ByteSpan bytes) override;
  Result<Bytes> Get(std::string_view key, uint64_t max_bytes) override;
  Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) override;
  Result<storage::ListPage> List(std::string_view prefix, std::string_view start_after,
                                 size_t max_keys) override;
  Result<storage::ObjectInfo> Head(std::string_view key) override;
  Status Delete(std::string_view key) override;

 private:
  void Call(std::string_view operation, std::string_view key);

  Hook hook_;
  std::optional<storage::StoreFeatures> features_;
  Mutex mutex_;                           // held while the hook runs
  std::atomic<std::thread::id> in_hook_;  // whose calls it is not told of
  bool fired_ = false;
};

// A backup that TestRepository made.
struct DummyBackup {
  BackupId id;
  ReferenceList references;
};

// Keys and configuration of a repository in `store`, and writers that store dummy packs.
class TestRepository {
 public:
  TestRepository(storage::ObjectStore& store, Clock& clock, uint64_t seed = 1);

  // With keys; through `store` if given, else the repository's own.
  RepositoryContext Context(storage::ObjectStore* store = nullptr) const;
  RepositoryContext KeylessContext(storage::ObjectStore* store = nullptr) const;
  const RepositoryId& id() const { return id_; }
  const std::shared_ptr<const ConfigObject>& config() const { return config_; }

  // What a writer is in the middle of.
  struct Writer {
    WriterTicket ticket;
    std::vector<PackEntry> entries;
  };

  // The steps of one writer, each through `context`.
  Result<Writer> Begin(const RepositoryContext& context,
                       const std::vector<BackupId>& bases = {}) const;
  // Stores `data_packs` data packs and one metadata pack, and adds them to the writer's list.
  Status StorePacks(const RepositoryContext& context, Writer& writer, int data_packs,
                    size_t pack_bytes = 1000) const;
  // Reuses all packs of the base with this index, or only its first data pack.
  static void Reuse(Writer& writer, size_t base, bool all = true);
  // The two objects that Commit takes.
  struct CommitObjects {
    Bytes manifest;
    Bytes references;
  };
  CommitObjects MakeCommitObjects(const Writer& writer, const std::string& source = "app",
                                  bool complete = true,
                                  std::optional<uint64_t> counter = std::nullopt) const;
  Result<DummyBackup> Commit(const RepositoryContext& context, const Writer& writer,
                             const std::string& source = "app", bool complete = true,
                             std::optional<uint64_t> counter = std::nullopt) const;

  // All of it: begins, stores, reuses everything of the bases, commits. `counter` is the place in
  // the sequence of the source. Aborts the test on failure.
  DummyBackup MakeBackup(const std::vector<BackupId>& bases = {}, int data_packs = 2,
                         const std::string& source = "app", bool complete = true,
                         std::optional<uint64_t> counter = std::nullopt) const;
  // A writer that stored packs and died.
  WriterId MakeDeadWriter(const std::vector<BackupId>& bases = {}, int data_packs = 2) const;
  // Creates the expiry without any of the checks of ExpireBackups.
  void Expire(const BackupId& backup) const;

 private:
  storage::ObjectStore& store_;
  Clock& clock_;
  mutable testing::SeededRandom random_;
  RepositoryId id_;
  std::shared_ptr<const KeyRing> keys_;
  std::shared_ptr<const ConfigObject> config_;
};

// A store with a clock of its own, in memory or in a bucket (MakeTestStore()), and one repository
// in it.
struct HandmadeRepository {
  explicit HandmadeRepository(uint64_t seed = 1) : repository(store, clock, seed) {}

  testing::FakeClock clock;
  const std::unique_ptr<testing::TestStore> owner = testing::MakeTestStore(clock);
  testing::TestStore& store = *owner;
  TestRepository repository;
};

// All keys below a prefix.
std::vector<std::string> KeysBelow(storage::ObjectStore& store, std::string_view prefix);

// Live packs that are not there: the harm that everything else is about. Empty is good. Reads the
// repository afresh, by the rules of protocol.md alone.
std::vector<std::string> MissingLiveObjects(const RepositoryContext& context);

}  // namespace pgkeep::repository

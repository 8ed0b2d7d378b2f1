// One simulated machine: the store, the clock and the random numbers as one process sees them, with
// everything that may go wrong on the way.
#pragma once

#include <any>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "crypto/random.h"
#include "storage/object_store.h"
#include "testing/forwarding_file_system.h"
#include "testing/seeded_random.h"
#include "tests/simulator/scheduler.h"

namespace pgkeep::simulator {

// How often things go wrong, per call.
struct FaultRates {
  double fail = 0.004;         // the call does not happen
  double lose_answer = 0.004;  // it happens, now or later, but nobody is told
  double stall = 0.004;        // the process sleeps, for up to two days
  double crash = 0.002;        // the process ends here
  // The longest that a request without an answer is under way before it takes effect.
  Duration late = std::chrono::hours(36);
};

// How often things went wrong, over all machines of a run.
struct FaultCounts {
  uint64_t operations = 0;
  uint64_t failures = 0;
  uint64_t lost_answers = 0;
  uint64_t late_effects = 0;  // lost requests that arrived after their sender had given up
  uint64_t stalls = 0;
  uint64_t crashes = 0;
  uint64_t clones = 0;
  uint64_t outages = 0;
  uint64_t file_calls = 0;
};

// A call before which a process sleeps long, and from which on its network may be down for a while:
// histories in which every step of the protocol meets every other, or fails several times in a row,
// are too rare by chance alone. Once per process.
struct Focus {
  std::string operation;
  std::string prefix;
  uint64_t skip = 0;  // such calls that come before
  Duration pause{0};
  uint64_t outage = 0;  // calls, from this one on, of which none gets an answer
};

// The answers that one process got, in order: enough to bring a copy of it to the same point.
using Recording = std::vector<std::any>;

// What a process sees. Dead after a crash: then every call fails at once and without effect, which
// to the rest of the world is the same as a process that is gone.
//
// Given a recording, the machine is a clone: it gets the recorded answers first, without any
// effect, and then lives on by itself, with randomness of its own, as a copied virtual machine
// does.
class Machine final : public storage::ObjectStore, public Clock, public crypto::RandomSource {
 public:
  // Told of every call before it is made.
  using Observer = std::function<void(std::string_view operation, std::string_view key)>;

  // `disk` is that of the machine, which outlives the process.
  Machine(Scheduler& scheduler, storage::ObjectStore& cloud, FileSystem& disk, FaultCounts& counts,
          std::string name, FaultRates rates);

  void StartAsCloneOf(const Machine& original) { replay_ = original.recording_; }

  // The same for a process that is about to start.
  void SleepOnceBefore(Focus focus) { focus_ = std::move(focus); }
  // Whether deletions keep older versions, so that the collector need not wait a cycle; and whether
  // the store can create conditionally, without which repositories are in exclusive mode.
  void SetFeatures(bool versioned, bool conditional_create) {
    versioned_ = versioned;
    conditional_create_ = conditional_create;
  }
  void Observe(Observer observer) { observer_ = std::move(observer); }

  bool dead() const { return dead_; }
  // The local disk; its calls pass the baton as well. Not for clones: its answers are not recorded.
  FileSystem& files() { return files_; }

  storage::StoreFeatures features() const override;
  std::string Url() const override { return "simulated:"; }
  std::string ExpectedEtag(ByteSpan bytes) const override { return cloud_.ExpectedEtag(bytes); }
  Result<storage::ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override;
  Result<storage::ObjectInfo> Put(std::string_view key, ByteSpan bytes) override;
  Result<Bytes> Get(std::string_view key, uint64_t max_bytes) override;
  Status GetRange(std::string_view key, uint64_t offset, MutableByteSpan out) override;
  Result<storage::ListPage> List(std::string_view prefix, std::string_view start_after,
                                 size_t max_keys) override;
  Result<storage::ObjectInfo> Head(std::string_view key) override;
  Status Delete(std::string_view key) override;
  Result<Timestamp> ServerTime() override;
  Result<std::optional<uint64_t>> FreeBytes() override { return std::optional<uint64_t>(); }

  Timestamp Now() override;
  Duration Monotonic() override;
  Status SleepFor(Duration duration, std::stop_token stop) override;

  void Fill(MutableByteSpan out) override;

 private:
  enum class Fault { kNone, kFail, kLoseAnswer, kDead };

  // Asks the machine before every call that names a file.
  class Disk final : public testing::ForwardingFileSystem {
   public:
    Disk(FileSystem& inner, Machine& machine) : ForwardingFileSystem(inner), machine_(machine) {}
    Result<std::unique_ptr<File>> OpenRead(const std::string& path) override;
    Result<std::unique_ptr<File>> CreateNew(const std::string& path, uint32_t mode) override;
    Result<std::unique_ptr<File>> OpenWrite(const std::string& path, uint32_t mode) override;
    Result<FileInfo> Stat(const std::string& path) override;
    Status Rename(const std::string& from, const std::string& to) override;
    Status Remove(const std::string& path) override;
    Status CreateDirectory(const std::string& path, uint32_t mode) override;
    Status SyncDirectory(const std::string& path) override;
    Status VisitDirectory(const std::string& path,
                          const std::function<Status(const DirectoryEntry&)>& visit) override;
    Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) override;

   private:
    Machine& machine_;
  };

  bool Replaying() const { return replayed_ < replay_.size(); }
  template <class T>
  T Recorded(const std::function<T()>& live);
  Fault NextFault(std::string_view operation, std::string_view key);
  void MeetFocus(std::string_view operation, std::string_view key);
  bool Crashes();
  Status FileCall(std::string_view operation);
  template <class T>
  T Call(std::string_view operation, std::string_view key, bool writes,
         std::function<T(storage::ObjectStore&)> call);

  Scheduler& scheduler_;
  storage::ObjectStore& cloud_;
  Disk files_;
  FaultCounts& counts_;
  const std::string name_;
  FaultRates rates_;
  testing::SeededRandom random_;
  bool dead_ = false;
  bool versioned_ = false;
  bool conditional_create_ = true;
  Observer observer_;
  Focus focus_;
  uint64_t outage_left_ = 0;
  Recording recording_;
  Recording replay_;
  size_t replayed_ = 0;
};

}  // namespace pgkeep::simulator

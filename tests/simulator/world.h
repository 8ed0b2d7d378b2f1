// One simulated history: hosts that back up, an operator who expires, collectors, readers, and a
// power that fails; and what must hold through all of it.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "repository/data_test_kit.h"
#include "repository/garbage_collector.h"
#include "repository/repository.h"
#include "storage/object_store.h"
#include "tests/simulator/machine.h"
#include "tests/simulator/memory_files.h"
#include "tests/simulator/scheduler.h"

namespace pgkeep::simulator {

// What a history did: printed, and checked so that an empty history cannot pass.
struct Outcome {
  std::vector<std::string> violations;
  uint64_t trace_hash = 0;
  FaultCounts faults;
  uint64_t switches = 0;
  uint64_t committed = 0;    // backups whose writer was told so
  uint64_t unknown = 0;      // writers that could not know
  uint64_t failed = 0;       // writers that know that they failed
  uint64_t incremental = 0;  // committed with a base
  uint64_t expired = 0;
  uint64_t gc_deleted = 0;
  uint64_t gc_aborted = 0;
  uint64_t gc_yielded = 0;
  uint64_t gc_stopped = 0;
  uint64_t reads = 0;  // whole backups read back and compared
  uint64_t heartbeats = 0;
  uint64_t losses = 0;  // objects that somebody took away
  uint64_t busy = 0;    // found the repository locked by another (exclusive mode)
  uint64_t broken_leases = 0;
  // Histories of each kind; one may be of several.
  uint64_t exclusive = 0;
  uint64_t with_state = 0;
  uint64_t on_directories = 0;
  uint64_t duels = 0;

  Outcome& operator+=(const Outcome& other);
  std::string Summary() const;
};

// The store's own clock.
class CloudClock final : public Clock {
 public:
  explicit CloudClock(Scheduler& scheduler) : scheduler_(scheduler) {}
  Timestamp Now() override { return scheduler_.Now(); }
  Duration Monotonic() override { return scheduler_.Now().time_since_epoch(); }
  Status SleepFor(Duration duration, std::stop_token /*stop*/) override {
    scheduler_.Sleep(duration);
    return Ok();
  }

 private:
  Scheduler& scheduler_;
};

// What is special about one history.
struct Weather {
  bool versioned = false;  // deletions keep older versions
  bool exclusive = false;  // a store without conditional create
  bool state = false;      // hosts keep state on their disks: cache, note of the last commit, lock
  bool clones = false;  // running processes get copied; not with state, whose answers are not kept
  bool losses = false;  // objects vanish
  bool directory = false;  // the store is a directory
  bool duel = false;       // one writer, its base and two collectors, timed to meet
};

// A history follows from its seed alone.
class World {
 public:
  explicit World(uint64_t seed);

  // Runs the history to its end and then, without faults, lets the collector finish and checks that
  // every live backup reads back exactly and that nothing else is left.
  Outcome Run();

 private:
  // What is known of a backup outside of the repository.
  struct Truth {
    repository::TestTree tree;
    bool committed = false;  // somebody was told
    bool expiring = false;   // an expiry was sent, whether it arrived or not
    bool expired = false;    // somebody was told
  };
  // A process: it sees its machine and nothing else.
  struct Process {
    std::string host;
    std::unique_ptr<Machine> machine;
    repository::TestTree tree;  // writers only, like the source
    std::string source;
    bool running = false;
    bool clone = false;
    std::set<std::string> leases;  // keys that it put
  };
  // A sign of life of a writer: before it was sent, and after it was acknowledged.
  struct Sign {
    Timestamp sent;
    Timestamp acknowledged;
  };

  // world.cc: the stage.
  Process& Start(const std::string& host, const std::string& name, FaultRates rates);
  std::unique_ptr<repository::Repository> Open(Process& process);
  void FocusSomewhere(Machine& machine, std::initializer_list<Focus> places);
  void Violation(const std::string& text);

  // hosts.cc: those who act.
  void ChangeTree(repository::TestTree& tree);
  void WriterHost(const std::string& name, const std::string& source);
  void WriteOnce(Process& process);
  void BeatFor(Process& process, const repository::RepositoryContext& context,
               const repository::WriterId& writer);
  void LosePackBeforeCommit(Process& process, const repository::WriterId& writer);
  void Cloner();
  void Operator();
  void Expire(const std::string& name, const repository::BackupId& victim, FaultRates rates);
  void CollectorHost(const std::string& name);
  bool CollectOnce(Process& process, bool calm);
  void CheckAborted(const repository::GcReport& report);
  void ReaderHost();
  void LeaseBreaker();
  void BreakLeases(const std::set<std::string>& keys);
  std::set<std::string> LeasesOfTheDead();
  void Thief();
  void Duel();
  void DuelWriter();
  bool WaitForBackup();
  std::vector<repository::BackupId> LiveBackups() const;

  // judge.cc: what must hold.
  void CheckBackup(Process& process, const repository::BackupId& id, bool must_be_live);
  void Settle();
  void CheckBackups();
  void CheckNothingLeaks();
  void CheckNotes();
  std::vector<std::string> CloudKeys();

  Scheduler scheduler_;
  CloudClock cloud_clock_{scheduler_};
  const Weather weather_;
  MemoryFiles cloud_disk_{cloud_clock_};
  std::unique_ptr<storage::ObjectStore> cloud_;
  std::optional<repository::NewRepository> created_;
  std::map<std::string, std::unique_ptr<MemoryFiles>> disks_;  // by host
  std::vector<std::unique_ptr<Process>> processes_;
  std::map<repository::BackupId, Truth> truths_;
  std::map<repository::WriterId, std::vector<Sign>> signs_;
  std::optional<repository::BackupId> missing_list_;  // whose reference list is away
  uint64_t thefts_ = 0;                               // how often a list went away
  repository::BackupId newest_;                       // committed last
  Outcome outcome_;
};

}  // namespace pgkeep::simulator

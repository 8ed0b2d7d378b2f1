// One simulated history: hosts that back up, an operator who expires, collectors, readers, and a
// power that fails; and what must hold through all of it.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "repository/data_test_kit.h"
#include "repository/repository.h"
#include "testing/memory_store.h"
#include "tests/simulator/machine.h"
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
  };
  // A process: it sees its machine and nothing else.
  struct Process {
    std::unique_ptr<Machine> machine;
    repository::TestTree tree;  // writers only, like the source
    std::string source;
    bool running = false;
  };

  Process& Start(const std::string& name, FaultRates rates);
  void FocusSomewhere(Machine& machine, std::initializer_list<Focus> places);
  std::unique_ptr<repository::Repository> Open(Machine& machine);
  void ChangeTree(repository::TestTree& tree);
  void WriterHost(const std::string& name, const std::string& source);
  void WriteOnce(Process& process);
  void Cloner();
  void Operator();
  void CollectorHost(const std::string& name);
  bool CollectOnce(Machine& machine, bool calm);
  void ReaderHost();
  void CheckBackup(Machine& machine, const repository::BackupId& id, bool must_be_live);
  void Settle();
  void CheckNothingLeaks();
  void Violation(const std::string& text);

  Scheduler scheduler_;
  CloudClock cloud_clock_{scheduler_};
  testing::MemoryStore cloud_{cloud_clock_};
  std::optional<repository::NewRepository> created_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::map<repository::BackupId, Truth> truths_;
  bool versioned_ = false;
  repository::BackupId newest_;  // committed last
  Outcome outcome_;
};

}  // namespace pgkeep::simulator

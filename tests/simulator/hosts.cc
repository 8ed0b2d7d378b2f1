// Those who act in a history.
#include <fmt/core.h>
#include <algorithm>
#include <utility>

#include "repository/backup_writer.h"
#include "repository/exclusive_lease.h"
#include "repository/expiry.h"
#include "repository/heartbeat_thread.h"
#include "repository/limits.h"
#include "repository/object_names.h"
#include "tests/simulator/world.h"

namespace pgkeep::simulator {

namespace {

using repository::BackupId;
using repository::TestTree;

// No faults; calls still take their time.
constexpr FaultRates kCalm{.fail = 0, .lose_answer = 0, .stall = 0, .crash = 0};
// Much rarer than in life, to have fewer calls; the collector's patience is a day.
constexpr Duration kHeartbeat = std::chrono::hours(5);
constexpr Duration kPatience = std::chrono::hours(24);
constexpr double kOutage = 0.15;

}  // namespace

std::vector<BackupId> World::LiveBackups() const {
  std::vector<BackupId> live;
  for (const auto& [id, truth] : truths_) {
    if (truth.committed && !truth.expiring) live.push_back(id);
  }
  return live;
}

void World::ChangeTree(TestTree& tree) {
  for (auto& [subtree, streams] : tree) {
    for (auto& [name, stream] : streams) {
      if (scheduler_.Chance(0.3)) {
        stream.units.resize(scheduler_.Below(stream.units.size() + 1));
      }
      for (uint64_t i = scheduler_.Below(6); i > 0; --i) {
        repository::TestStream fresh = repository::TestPages(scheduler_.Random(), 1, 64);
        if (!stream.units.empty() && scheduler_.Chance(0.7)) {
          stream.units[scheduler_.Below(stream.units.size())] = fresh.units[0];
        } else {
          stream.units.push_back(fresh.units[0]);
        }
      }
    }
  }
}

void World::WriterHost(const std::string& name, const std::string& source) {
  TestTree tree;
  tree["db"]["a"].unit_size = 64;
  tree["db"]["b"].unit_size = 64;
  ChangeTree(tree);
  const uint64_t backups = 2 + scheduler_.Below(3);
  for (uint64_t i = 0; i < backups; ++i) {
    Process& process = Start(name, fmt::format("{}.{}", name, i), {});
    process.tree = tree;
    process.source = source;
    if (scheduler_.Chance(kOutage)) {
      process.machine->SleepOnceBefore(
          {.operation = "create", .prefix = "dec/", .outage = 1 + scheduler_.Below(8)});
    } else {
      FocusSomewhere(*process.machine, {{"create", "pin/"},
                                        {"create", "pin/"},
                                        {"create", "pin/"},
                                        {"create", "ses/"},
                                        {"create", "p/"},
                                        {"create", "man/"},
                                        {"create", "dec/"}});
    }
    WriteOnce(process);
    scheduler_.Sleep(std::chrono::hours(1 + scheduler_.Below(30)));
    ChangeTree(tree);
  }
}

void World::WriteOnce(Process& process) {
  if (const auto repository = Open(process); repository != nullptr) {
    const Timestamp sent = scheduler_.Now();
    repository::WriteHooks hooks;
    hooks.after_begin = [&](repository::BackupWriter& writer) {
      if (weather_.losses) LosePackBeforeCommit(process, writer.id());
      if (weather_.exclusive) {
        (void)writer.Beat();
        return;
      }
      // What a clone sent up to now, its original has sent.
      if (process.clone) return;
      signs_[writer.id()].push_back({sent, scheduler_.Now()});
      scheduler_.Spawn([this, &process, context = repository->context(), id = writer.id()] {
        BeatFor(process, context, id);
      });
    };
    // From just before the commit on, the backup may exist.
    hooks.before_commit = [&](const BackupId& id) { truths_[id].tree = process.tree; };
    hooks.after_commit = [&](const BackupId& id) {
      truths_[id].committed = true;
      newest_ = id;
      ++outcome_.committed;
    };
    const auto written =
        repository::WriteTree(*repository, process.tree, repository::InlineOptions(),
                              repository::BackupState::kComplete, process.source, hooks);
    if (written.ok()) {
      if (written->bases > 0) ++outcome_.incremental;
    } else if (written.error().ToString().find("unknown") != std::string::npos) {
      ++outcome_.unknown;
    } else {
      ++(written.error().code() == ErrorCode::kBusy ? outcome_.busy : outcome_.failed);
    }
  } else {
    ++outcome_.failed;
  }
  process.running = false;
}

// The heartbeats of a writer, as from its thread: at the same time as everything else it does. They
// have a machine of their own, because what a process is told is recorded in order.
void World::BeatFor(Process& process, const repository::RepositoryContext& context,
                    const repository::WriterId& writer) {
  FaultRates rates;
  rates.crash = 0;
  Process& heart = Start(process.host, "heart", rates);
  repository::RepositoryContext own = context;
  own.store = heart.machine.get();
  own.clock = heart.machine.get();
  own.random = heart.machine.get();
  own.files = &heart.machine->files();
  repository::Heartbeat heartbeat(own, writer);
  while (true) {
    scheduler_.Sleep(kHeartbeat);
    if (!process.running || process.machine->dead()) break;
    const Timestamp sent = scheduler_.Now();
    if (!heartbeat.Beat().ok()) continue;
    ++outcome_.heartbeats;
    signs_[writer].push_back({sent, scheduler_.Now()});
  }
  heart.running = false;
}

// One pack vanishes after it was stored and before the writer looks for its packs: what is then
// committed could never be read.
void World::LosePackBeforeCommit(Process& process, const repository::WriterId& writer) {
  if (!scheduler_.Chance(0.3)) return;
  process.machine->Observe([this, &process, writer, done = false](std::string_view operation,
                                                                  std::string_view key) mutable {
    if (operation == "put" && key.starts_with("lease/")) process.leases.insert(std::string(key));
    const bool commits = (operation == "create" || operation == "put") && key.starts_with("man/");
    if (!commits || std::exchange(done, true)) return;
    for (const repository::PackKind kind :
         {repository::PackKind::kData, repository::PackKind::kMeta}) {
      const std::string pack = repository::PackName{writer, kind, 0}.Key();
      if (!cloud_->Head(pack).ok()) continue;
      scheduler_.Trace("lost " + pack);
      if (cloud_->Delete(pack).ok()) ++outcome_.losses;
      return;
    }
  });
}

// Copies a running process, as somebody who clones a virtual machine does.
void World::Cloner() {
  for (int i = 0; i < 3; ++i) {
    scheduler_.Sleep(std::chrono::hours(scheduler_.Below(20)));
    for (uint64_t wait = scheduler_.Below(40); wait > 0; --wait) scheduler_.Yield();
    for (size_t p = 0; p < processes_.size(); ++p) {
      Process& original = *processes_[p];
      if (!original.running || original.tree.empty() || original.machine->dead()) continue;
      Process& clone = Start(original.host, fmt::format("clone of process {}", p), {});
      clone.tree = original.tree;
      clone.source = original.source;
      clone.clone = true;
      clone.machine->StartAsCloneOf(*original.machine);
      ++outcome_.faults.clones;
      scheduler_.Spawn([this, &clone] { WriteOnce(clone); });
      break;
    }
  }
}

void World::Operator() {
  for (int i = 0; i < 4; ++i) {
    scheduler_.Sleep(std::chrono::hours(1 + scheduler_.Below(30)));
    const std::vector<BackupId> live = LiveBackups();
    if (live.empty()) continue;
    // Mostly the newest: the one that the next writer stands on.
    const BackupId victim = scheduler_.Chance(0.7) ? newest_ : live[scheduler_.Below(live.size())];
    if (!truths_[victim].expiring) Expire(fmt::format("operator.{}", i), victim, {});
  }
}

void World::Expire(const std::string& name, const BackupId& victim, FaultRates rates) {
  truths_[victim].expiring = true;
  Process& process = Start("operator", name, rates);
  if (const auto repository = Open(process); repository != nullptr) {
    repository::ExpireOptions options;
    options.backups = {victim};
    options.force = true;
    const auto lease = repository->LockIfExclusive("expiry");
    if (!lease.ok()) {
      ++outcome_.busy;
    } else {
      const repository::RepositoryContext context =
          *lease ? repository::WithLease(repository->context(), **lease) : repository->context();
      if (repository::ExpireBackups(context, options).ok()) {
        truths_[victim].expired = true;
        ++outcome_.expired;
      }
    }
  }
  process.running = false;
}

bool World::CollectOnce(Process& process, bool calm) {
  const auto repository = Open(process);
  if (repository == nullptr) return false;
  repository::GcOptions options;
  options.force = true;
  const auto lease = repository->LockIfExclusive("gc");
  if (!lease.ok()) {
    ++outcome_.busy;
    if (calm) Violation("a lease is left: " + lease.error().Describe());
    return false;
  }
  const repository::RepositoryContext context =
      *lease ? repository::WithLease(repository->context(), **lease) : repository->context();
  const bool missing = missing_list_.has_value();
  const uint64_t thefts = thefts_;
  const auto report = repository::CollectGarbage(context, options);
  if (!report.ok()) {
    ++outcome_.gc_stopped;
    const bool stolen = missing || thefts != thefts_;
    const bool damage = report.error().code() == ErrorCode::kCorruption;
    if ((damage && !stolen) || calm) {
      Violation("the collector stopped: " + report.error().Describe());
    }
    return false;
  }
  CheckAborted(*report);
  outcome_.gc_deleted += report->deleted;
  outcome_.gc_aborted += report->aborted.size();
  if (report->yielded) ++outcome_.gc_yielded;
  return true;
}

// A writer that showed all the time that it lives must never be called dead.
void World::CheckAborted(const repository::GcReport& report) {
  for (const repository::AbortedWriter& aborted : report.aborted) {
    if (!aborted.reason.starts_with("no sign of life")) continue;
    const auto signs = signs_.find(aborted.writer);
    if (signs == signs_.end()) continue;
    Timestamp before = signs->second.front().sent;
    bool healthy = true;
    for (const Sign& sign : signs->second) {
      healthy = healthy && sign.acknowledged - before < kPatience;
      before = sign.sent;
    }
    if (healthy && scheduler_.Now() - before < kPatience) {
      Violation(fmt::format("writer {} was alive and was aborted: {}", aborted.writer.Hex(),
                            aborted.reason));
    }
  }
}

void World::CollectorHost(const std::string& name) {
  for (int i = 0; i < 5; ++i) {
    scheduler_.Sleep(std::chrono::hours(1 + scheduler_.Below(30)));
    Process& process = Start(name, fmt::format("{}.{}", name, i), {});
    FocusSomewhere(*process.machine, {{"list", "exp/"},
                                      {"list", "exp/"},
                                      {"list", "dec/"},
                                      {"list", "pin/"},
                                      {"time", ""},
                                      {"get", "ref/"},
                                      {"list", "p/"},
                                      {"list", "p/"},
                                      {"create", "gcplan/"},
                                      {"delete", "p/"}});
    CollectOnce(process, false);
    process.running = false;
  }
}

void World::ReaderHost() {
  for (int i = 0; i < 3; ++i) {
    scheduler_.Sleep(std::chrono::hours(1 + scheduler_.Below(40)));
    const std::vector<BackupId> live = LiveBackups();
    if (live.empty()) continue;
    Process& process = Start("reader", fmt::format("reader.{}", i), kCalm);
    CheckBackup(process, live[scheduler_.Below(live.size())], true);
    process.running = false;
  }
}

// Leases whose holder is not there any more.
std::set<std::string> World::LeasesOfTheDead() {
  std::set<std::string> dead;
  for (const auto& process : processes_) {
    if (process->running && !process->machine->dead()) continue;
    for (const std::string& key : process->leases) {
      if (cloud_->Head(key).ok()) dead.insert(key);
    }
  }
  return dead;
}

void World::BreakLeases(const std::set<std::string>& keys) {
  Process& process = Start("operator", "breaker", kCalm);
  if (const auto repository = Open(process); repository != nullptr) {
    for (const std::string& key : keys) {
      const auto name = repository::ObjectName::Parse(key);
      if (name.ok() && repository::BreakExclusiveLease(repository->context(), name->lease).ok()) {
        ++outcome_.broken_leases;
      }
    }
  }
  process.running = false;
}

// An operator who makes sure that a holder is dead, waits until its requests have ended, and breaks
// its lease.
void World::LeaseBreaker() {
  std::set<std::string> dead;
  for (int i = 0; i < 20; ++i) {
    scheduler_.Sleep(std::chrono::hours(2 + scheduler_.Below(8)));
    if (!dead.empty()) BreakLeases(dead);
    dead = LeasesOfTheDead();
  }
}

// Takes the reference list of a live backup away and brings it back later. Nothing that the backup
// needs may be deleted meanwhile.
void World::Thief() {
  for (int i = 0; i < 3; ++i) {
    scheduler_.Sleep(std::chrono::hours(1 + scheduler_.Below(40)));
    const std::vector<BackupId> live = LiveBackups();
    if (live.empty()) continue;
    const BackupId victim = live[scheduler_.Below(live.size())];
    const std::string key = repository::ReferenceListKey(victim);
    const Result<Bytes> list = cloud_->Get(key, repository::kMaxReferenceListObjectBytes);
    if (!list.ok() || !cloud_->Delete(key).ok()) continue;
    ++outcome_.losses;
    ++thefts_;
    missing_list_ = victim;
    scheduler_.Trace("stolen " + key);
    scheduler_.Sleep(std::chrono::hours(5 + scheduler_.Below(40)));
    scheduler_.Trace("returned " + key);
    (void)cloud_->CreateIfAbsent(key, *list);
    missing_list_.reset();
  }
}

// The writer of a duel: a backup, then another one that stands on it and takes long.
void World::DuelWriter() {
  TestTree tree;
  tree["db"]["a"] = repository::TestPages(scheduler_.Random(), 8, 64);
  tree["db"]["b"] = repository::TestPages(scheduler_.Random(), 8, 64);
  for (int i = 0; i < 2; ++i) {
    Process& process = Start("host1", fmt::format("host1.{}", i), kCalm);
    process.tree = tree;
    process.source = "app";
    if (i > 0) {
      FocusSomewhere(*process.machine,
                     {{"create", "pin/"}, {"create", "man/"}, {"create", "dec/"}});
    }
    WriteOnce(process);
    tree["db"]["a"].units[scheduler_.Below(8)] = repository::TestUnit(scheduler_.Random(), 64);
  }
}

// False if none comes: packs may vanish before their backup is committed.
bool World::WaitForBackup() {
  for (int i = 0; i < 200 && LiveBackups().empty(); ++i) scheduler_.Sleep(std::chrono::hours(1));
  return !LiveBackups().empty();
}

// The four who must meet in the right hours for the narrowest gaps of the protocol: a writer, the
// expiry of its base, a collector that pauses between its steps, and another that does not.
void World::Duel() {
  scheduler_.Spawn([this] { DuelWriter(); });
  scheduler_.Spawn([this] {
    if (!WaitForBackup()) return;
    const BackupId base = LiveBackups().front();
    scheduler_.Sleep(std::chrono::hours(scheduler_.Below(24)));
    Expire("operator", base, kCalm);
  });
  scheduler_.Spawn([this] {
    if (!WaitForBackup()) return;
    for (int i = 0; i < 2; ++i) {
      scheduler_.Sleep(std::chrono::hours(scheduler_.Below(16)));
      Process& process = Start("gc1", fmt::format("gc1.{}", i), kCalm);
      const uint64_t skip = scheduler_.Below(4);
      FocusSomewhere(*process.machine, {{"list", "exp/"},
                                        {"list", "pin/", 1},
                                        {"list", "pin/", skip},
                                        {"list", "dec/", skip},
                                        {"get", "ref/"},
                                        {"get", "ref/"}});
      CollectOnce(process, false);
      process.running = false;
    }
  });
  scheduler_.Spawn([this] {
    for (int i = 0; i < 6; ++i) {
      scheduler_.Sleep(std::chrono::hours(2 + scheduler_.Below(10)));
      Process& process = Start("gc2", fmt::format("gc2.{}", i), kCalm);
      CollectOnce(process, false);
      process.running = false;
    }
  });
}

}  // namespace pgkeep::simulator

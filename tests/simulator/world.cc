#include "tests/simulator/world.h"

#include <fmt/core.h>
#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "repository/backup_list.h"
#include "repository/backup_reader.h"
#include "repository/expiry.h"
#include "repository/garbage_collector.h"
#include "repository/object_names.h"

namespace pgkeep::simulator {

namespace {

using repository::BackupId;
using repository::TestTree;

// No faults; calls still take their time.
constexpr FaultRates kCalm{0, 0, 0, 0};

bool SameTree(const TestTree& a, const TestTree& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
    return x.first == y.first &&
           std::ranges::equal(x.second, y.second, [](const auto& s, const auto& t) {
             return s.first == t.first && s.second.units == t.second.units;
           });
  });
}

}  // namespace

Outcome& Outcome::operator+=(const Outcome& other) {
  violations.insert(violations.end(), other.violations.begin(), other.violations.end());
  faults.operations += other.faults.operations;
  faults.failures += other.faults.failures;
  faults.lost_answers += other.faults.lost_answers;
  faults.late_effects += other.faults.late_effects;
  faults.stalls += other.faults.stalls;
  faults.crashes += other.faults.crashes;
  faults.clones += other.faults.clones;
  switches += other.switches;
  committed += other.committed;
  unknown += other.unknown;
  failed += other.failed;
  incremental += other.incremental;
  expired += other.expired;
  gc_deleted += other.gc_deleted;
  gc_aborted += other.gc_aborted;
  gc_yielded += other.gc_yielded;
  gc_stopped += other.gc_stopped;
  reads += other.reads;
  return *this;
}

std::string Outcome::Summary() const {
  return fmt::format(
      "{} operations, {} switches; faults: {} failures, {} lost answers ({} late), {} stalls, {} "
      "crashes, {} clones; backups: {} committed ({} incremental), {} failed, {} unknown, {} "
      "expired; collector: {} deletions, {} aborts, {} yields, {} stops; {} backups read back",
      faults.operations, switches, faults.failures, faults.lost_answers, faults.late_effects,
      faults.stalls, faults.crashes, faults.clones, committed, incremental, failed, unknown,
      expired, gc_deleted, gc_aborted, gc_yielded, gc_stopped, reads);
}

World::World(uint64_t seed) : scheduler_(seed) {
  SetLogLevel(LogLevel::kError);
  testing::SeededRandom random(seed ^ 0x5eed);
  repository::RepositoryOptions options;
  options.clock = &cloud_clock_;
  options.random = &random;
  auto made = repository::InitRepository(cloud_, options, {},
                                         [](const repository::NewRepository&) { return Ok(); });
  PGK_CHECK(made.ok(), "a simulated repository can be created");
  created_.emplace(*std::move(made));
  versioned_ = scheduler_.Chance(0.5);
}

World::Process& World::Start(const std::string& name, FaultRates rates) {
  processes_.push_back(std::make_unique<Process>());
  Process& process = *processes_.back();
  process.machine = std::make_unique<Machine>(scheduler_, cloud_, outcome_.faults, name, rates);
  process.machine->SetVersioned(versioned_);
  process.running = true;
  return process;
}

void World::FocusSomewhere(Machine& machine, std::initializer_list<Focus> places) {
  Focus focus = *(places.begin() + scheduler_.Below(places.size()));
  focus.pause = std::chrono::minutes(60 + scheduler_.Below(20 * 60));
  if (scheduler_.Chance(0.8)) machine.SleepOnceBefore(std::move(focus));
}

// Null when the process died or the store failed while opening.
std::unique_ptr<repository::Repository> World::Open(Machine& machine) {
  repository::RepositoryOptions options;
  options.clock = &machine;
  options.random = &machine;
  // No pauses: their lengths are random, and a history must follow from its seed alone.
  options.retry = {.attempts = 3,
                   .base = Duration(0),
                   .cap = Duration(0),
                   .budget = std::chrono::hours(24 * 365)};
  auto opened = repository::Repository::Open(machine, created_->id, &created_->keys, options);
  return opened.ok() ? *std::move(opened) : nullptr;
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
    Process& process = Start(fmt::format("{}.{}", name, i), {});
    process.tree = tree;
    process.source = source;
    FocusSomewhere(*process.machine, {{"create", "pin/"},
                                      {"create", "pin/"},
                                      {"create", "pin/"},
                                      {"create", "ses/"},
                                      {"create", "p/"},
                                      {"create", "man/"},
                                      {"create", "dec/"}});
    WriteOnce(process);
    scheduler_.Sleep(std::chrono::hours(1 + scheduler_.Below(30)));
    ChangeTree(tree);
  }
}

void World::WriteOnce(Process& process) {
  const auto repository = Open(*process.machine);
  if (repository == nullptr) {
    ++outcome_.failed;
    process.running = false;
    return;
  }
  // From just before the commit on, the backup may exist.
  auto written = repository::WriteTree(
      *repository, process.tree, repository::InlineOptions(), repository::BackupState::kComplete,
      process.source, [&](const BackupId& id) { truths_[id].tree = process.tree; });
  process.running = false;
  if (written.ok()) {
    truths_[written->id].committed = true;
    newest_ = written->id;
    ++outcome_.committed;
    if (written->bases > 0) ++outcome_.incremental;
  } else if (written.error().ToString().find("unknown") != std::string::npos) {
    ++outcome_.unknown;
  } else {
    ++outcome_.failed;
  }
}

// Copies a running process, as somebody who clones a virtual machine does.
void World::Cloner() {
  for (int i = 0; i < 3; ++i) {
    scheduler_.Sleep(std::chrono::hours(scheduler_.Below(20)));
    for (uint64_t wait = scheduler_.Below(40); wait > 0; --wait) scheduler_.Yield();
    for (size_t p = 0; p < processes_.size(); ++p) {
      Process& original = *processes_[p];
      if (!original.running || original.tree.empty() || original.machine->dead()) continue;
      Process& clone = Start(fmt::format("clone of process {}", p), {});
      clone.tree = original.tree;
      clone.source = original.source;
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
    std::vector<BackupId> live;
    for (const auto& [id, truth] : truths_) {
      if (truth.committed && !truth.expiring) live.push_back(id);
    }
    if (live.empty()) continue;
    // Mostly the newest: the one that the next writer stands on.
    const BackupId victim = scheduler_.Chance(0.7) ? newest_ : live[scheduler_.Below(live.size())];
    if (truths_[victim].expiring) continue;
    truths_[victim].expiring = true;
    Process& process = Start(fmt::format("operator.{}", i), {});
    const auto repository = Open(*process.machine);
    if (repository == nullptr) continue;
    repository::ExpireOptions options;
    options.backups = {victim};
    options.force = true;
    if (repository::ExpireBackups(repository->context(), options).ok()) ++outcome_.expired;
  }
}

bool World::CollectOnce(Machine& machine, bool calm) {
  const auto repository = Open(machine);
  if (repository == nullptr) return false;
  repository::GcOptions options;
  options.force = true;
  const auto report = repository::CollectGarbage(repository->context(), options);
  if (!report.ok()) {
    ++outcome_.gc_stopped;
    const bool damage = report.error().code() == ErrorCode::kCorruption;
    if (damage || calm) Violation("the collector stopped: " + report.error().Describe());
    return false;
  }
  outcome_.gc_deleted += report->deleted;
  outcome_.gc_aborted += report->aborted.size();
  if (report->yielded) ++outcome_.gc_yielded;
  return true;
}

void World::CollectorHost(const std::string& name) {
  for (int i = 0; i < 5; ++i) {
    scheduler_.Sleep(std::chrono::hours(1 + scheduler_.Below(30)));
    Process& process = Start(fmt::format("{}.{}", name, i), {});
    FocusSomewhere(*process.machine, {{"list", "exp/"},
                                      {"list", "exp/"},
                                      {"list", "dec/"},
                                      {"list", "pin/"},
                                      {"list", "p/"},
                                      {"list", "p/"},
                                      {"create", "gcplan/"},
                                      {"delete", "p/"}});
    CollectOnce(*process.machine, false);
  }
}

void World::ReaderHost() {
  for (int i = 0; i < 3; ++i) {
    scheduler_.Sleep(std::chrono::hours(1 + scheduler_.Below(40)));
    std::vector<BackupId> live;
    for (const auto& [id, truth] : truths_) {
      if (truth.committed && !truth.expiring) live.push_back(id);
    }
    if (live.empty()) continue;
    Process& process = Start(fmt::format("reader.{}", i), kCalm);
    CheckBackup(*process.machine, live[scheduler_.Below(live.size())], true);
  }
}

void World::CheckBackup(Machine& machine, const BackupId& id, bool must_be_live) {
  const auto repository = Open(machine);
  if (repository == nullptr) return;
  const auto tree = repository::ReadTree(*repository, id);
  const Truth& truth = truths_.at(id);
  if (!tree.ok()) {
    if (must_be_live && truth.committed && !truth.expiring) {
      Violation(fmt::format("backup {} cannot be read: {}", id.Hex(), tree.error().Describe()));
    }
    return;
  }
  ++outcome_.reads;
  if (!SameTree(*tree, truth.tree)) {
    Violation(fmt::format("backup {} reads back other content", id.Hex()));
  }
}

// The storm is over: everybody who is still undecided gets aborted, and everything that nobody
// needs goes, within a few cycles.
void World::Settle() {
  for (int i = 0; i < 6; ++i) {
    scheduler_.Sleep(std::chrono::hours(50));
    Process& process = Start(fmt::format("settle.{}", i), kCalm);
    CollectOnce(*process.machine, true);
  }
  Process& process = Start("judge", kCalm);
  const auto repository = Open(*process.machine);
  PGK_CHECK(repository != nullptr, "a calm store opens");
  const auto backups = repository::ListBackups(repository->context());
  if (!backups.ok()) {
    Violation("the backups cannot be listed: " + backups.error().Describe());
    return;
  }
  std::set<BackupId> listed;
  for (const repository::BackupSummary& backup : *backups) {
    listed.insert(backup.id);
    if (!truths_.contains(backup.id)) {
      Violation(fmt::format("backup {} came from nowhere", backup.id.Hex()));
      continue;
    }
    // Also those whose writer never learned that it had committed: listed means restorable.
    truths_[backup.id].committed = true;
    if (!truths_[backup.id].expiring) CheckBackup(*process.machine, backup.id, true);
  }
  for (const auto& [id, truth] : truths_) {
    if (truth.committed && !truth.expiring && !listed.contains(id)) {
      Violation(fmt::format("backup {} is lost", id.Hex()));
    }
  }
  CheckNothingLeaks();
}

// Packs, pins and lists of anything but live backups must be gone by now.
void World::CheckNothingLeaks() {
  Process& process = Start("leaks", kCalm);
  const auto repository = Open(*process.machine);
  const auto backups = repository::ListBackups(repository->context());
  if (!backups.ok()) return;
  std::set<std::string> needed;
  std::set<std::string> live;
  for (const repository::BackupSummary& backup : *backups) {
    live.insert(backup.id.Hex());
    const auto reader = repository::BackupReader::Open(*repository, backup.id);
    if (!reader.ok()) continue;
    for (const repository::PackEntry& entry : (*reader)->references().entries()) {
      needed.insert(entry.name.Key());
    }
  }
  for (const std::string& key : cloud_.Keys()) {
    const bool pack = key.starts_with("p/") || key.starts_with("m/");
    const bool control = key.starts_with("man/") || key.starts_with("ref/");
    const bool pin = key.starts_with("pin/");
    if ((pack && !needed.contains(key)) || (control && !live.contains(key.substr(4))) || pin) {
      Violation("garbage is left: " + key);
    }
  }
}

void World::Violation(const std::string& text) {
  scheduler_.Trace(text);
  outcome_.violations.push_back(text);
}

Outcome World::Run() {
  scheduler_.Spawn([this] { WriterHost("host1", "app"); });
  scheduler_.Spawn([this] { WriterHost("host2", scheduler_.Chance(0.8) ? "app" : "other"); });
  scheduler_.Spawn([this] { Operator(); });
  scheduler_.Spawn([this] { CollectorHost("gc1"); });
  scheduler_.Spawn([this] { CollectorHost("gc2"); });
  scheduler_.Spawn([this] { ReaderHost(); });
  scheduler_.Spawn([this] { Cloner(); });
  scheduler_.Run();
  scheduler_.Spawn([this] { Settle(); });
  scheduler_.Run();
  outcome_.trace_hash = scheduler_.trace_hash();
  outcome_.switches = scheduler_.switches();
  return outcome_;
}

}  // namespace pgkeep::simulator

#include "tests/simulator/world.h"

#include <fmt/core.h>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "storage/directory_store.h"
#include "testing/memory_store.h"

namespace pgkeep::simulator {

namespace {

Weather Draw(Scheduler& scheduler) {
  Weather weather;
  weather.versioned = scheduler.Chance(0.5);
  weather.exclusive = scheduler.Chance(0.12);
  weather.duel = !weather.exclusive && scheduler.Chance(0.4);
  weather.state = weather.exclusive || scheduler.Chance(0.25);
  weather.losses = scheduler.Chance(0.25);
  // A clone may have looked for the packs before one is taken from its original.
  weather.clones = !weather.duel && !weather.state && !weather.losses;
  weather.directory = scheduler.Chance(0.12);
  return weather;
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
  faults.outages += other.faults.outages;
  faults.file_calls += other.faults.file_calls;
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
  heartbeats += other.heartbeats;
  losses += other.losses;
  busy += other.busy;
  broken_leases += other.broken_leases;
  exclusive += other.exclusive;
  with_state += other.with_state;
  on_directories += other.on_directories;
  duels += other.duels;
  return *this;
}

std::string Outcome::Summary() const {
  return fmt::format(
      "{} operations, {} file calls, {} switches; faults: {} failures, {} lost answers ({} late), "
      "{} "
      "outages, {} stalls, {} crashes, {} clones, {} losses; backups: {} committed ({} "
      "incremental), {} failed, {} unknown, {} expired, {} heartbeats; collector: {} deletions, {} "
      "aborts, {} yields, {} stops; {} backups read back; histories: {} exclusive ({} times busy, "
      "{} "
      "leases broken), {} with local state, {} on directories, {} duels",
      faults.operations, faults.file_calls, switches, faults.failures, faults.lost_answers,
      faults.late_effects, faults.outages, faults.stalls, faults.crashes, faults.clones, losses,
      committed, incremental, failed, unknown, expired, heartbeats, gc_deleted, gc_aborted,
      gc_yielded, gc_stopped, reads, exclusive, busy, broken_leases, with_state, on_directories,
      duels);
}

World::World(uint64_t seed) : scheduler_(seed), weather_(Draw(scheduler_)) {
  SetLogLevel(LogLevel::kError);
  if (weather_.directory) {
    storage::DirectoryStoreOptions options;
    options.path = "/cloud";
    options.create = true;
    auto opened = storage::OpenDirectoryStore(cloud_disk_, options);
    PGK_CHECK(opened.ok(), "a simulated directory can be opened");
    cloud_ = *std::move(opened);
  } else {
    cloud_ = std::make_unique<testing::MemoryStore>(cloud_clock_);
  }
  testing::SeededRandom random(seed ^ 0x5eed);
  MemoryFiles disk(cloud_clock_);
  repository::RepositoryOptions options;
  options.clock = &cloud_clock_;
  options.random = &random;
  options.files = &disk;
  options.state_directory = "/state";
  repository::InitOptions init;
  init.pack_bytes = uint32_t{64} << 10;
  if (weather_.exclusive) init.mode = repository::RepositoryMode::kExclusive;
  auto made = repository::InitRepository(*cloud_, options, init,
                                         [](const repository::NewRepository&) { return Ok(); });
  PGK_CHECK(made.ok(), "a simulated repository can be created");
  created_.emplace(*std::move(made));
}

World::Process& World::Start(const std::string& host, const std::string& name, FaultRates rates) {
  // The holder of a lease that was broken must have no request under way any more.
  if (weather_.exclusive) rates.late = std::chrono::minutes(10);
  processes_.push_back(std::make_unique<Process>());
  Process& process = *processes_.back();
  std::unique_ptr<MemoryFiles>& disk = disks_[host];
  if (disk == nullptr) disk = std::make_unique<MemoryFiles>(cloud_clock_);
  process.host = host;
  process.machine =
      std::make_unique<Machine>(scheduler_, *cloud_, *disk, outcome_.faults, name, rates);
  process.machine->SetFeatures(weather_.versioned, !weather_.exclusive);
  process.machine->Observe([&process](std::string_view operation, std::string_view key) {
    if (operation == "put" && key.starts_with("lease/")) process.leases.insert(std::string(key));
  });
  process.running = true;
  return process;
}

void World::FocusSomewhere(Machine& machine, std::initializer_list<Focus> places) {
  Focus focus = *(places.begin() + scheduler_.Below(places.size()));
  focus.pause = std::chrono::minutes(60 + scheduler_.Below(20 * 60));
  if (scheduler_.Chance(0.8)) machine.SleepOnceBefore(std::move(focus));
}

// Null when the process died or the store failed while opening.
std::unique_ptr<repository::Repository> World::Open(Process& process) {
  repository::RepositoryOptions options;
  options.clock = process.machine.get();
  options.random = process.machine.get();
  options.files = &process.machine->files();
  if (weather_.state) options.state_directory = "/state";
  // No pauses: their lengths are random, and a history must follow from its seed alone.
  options.retry = {.attempts = 3,
                   .base = Duration(0),
                   .cap = Duration(0),
                   .budget = std::chrono::hours(24 * 365)};
  auto opened =
      repository::Repository::Open(*process.machine, created_->id, &created_->keys, options);
  return opened.ok() ? *std::move(opened) : nullptr;
}

void World::Violation(const std::string& text) {
  scheduler_.Trace(text);
  outcome_.violations.push_back(text);
}

Outcome World::Run() {
  if (weather_.duel) {
    Duel();
  } else {
    scheduler_.Spawn([this] { WriterHost("host1", "app"); });
    scheduler_.Spawn([this] { WriterHost("host2", scheduler_.Chance(0.8) ? "app" : "other"); });
    scheduler_.Spawn([this] { Operator(); });
    scheduler_.Spawn([this] { CollectorHost("gc1"); });
    scheduler_.Spawn([this] { CollectorHost("gc2"); });
    scheduler_.Spawn([this] { ReaderHost(); });
  }
  if (weather_.clones) scheduler_.Spawn([this] { Cloner(); });
  if (weather_.losses) scheduler_.Spawn([this] { Thief(); });
  if (weather_.exclusive) scheduler_.Spawn([this] { LeaseBreaker(); });
  scheduler_.Run();
  scheduler_.Spawn([this] { Settle(); });
  scheduler_.Run();
  outcome_.exclusive += weather_.exclusive ? 1 : 0;
  outcome_.with_state += weather_.state ? 1 : 0;
  outcome_.on_directories += weather_.directory ? 1 : 0;
  outcome_.duels += weather_.duel ? 1 : 0;
  outcome_.trace_hash = scheduler_.trace_hash();
  outcome_.switches = scheduler_.switches();
  return outcome_;
}

}  // namespace pgkeep::simulator

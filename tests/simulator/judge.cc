// What must hold in every history.
#include <fmt/core.h>
#include <algorithm>
#include <set>

#include "base/check.h"
#include "repository/backup_list.h"
#include "repository/backup_reader.h"
#include "repository/commit_witness.h"
#include "repository/control_access.h"
#include "storage/store_util.h"
#include "tests/simulator/world.h"

namespace pgkeep::simulator {

namespace {

using repository::BackupId;
using repository::TestTree;

constexpr FaultRates kCalm{.fail = 0, .lose_answer = 0, .stall = 0, .crash = 0};

bool SameTree(const TestTree& a, const TestTree& b) {
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
    return x.first == y.first &&
           std::ranges::equal(x.second, y.second, [](const auto& s, const auto& t) {
             return s.first == t.first && s.second.units == t.second.units;
           });
  });
}

}  // namespace

void World::CheckBackup(Process& process, const BackupId& id, bool must_be_live) {
  const auto repository = Open(process);
  if (repository == nullptr) return;
  const bool missing = missing_list_ == id;
  const uint64_t thefts = thefts_;
  const auto tree = repository::ReadTree(*repository, id);
  const Truth& truth = truths_.at(id);
  if (!tree.ok()) {
    const bool stolen = missing || thefts != thefts_;
    if (must_be_live && truth.committed && !truth.expiring && !stolen) {
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
    if (weather_.exclusive) BreakLeases(LeasesOfTheDead());
    Process& process = Start("settle", fmt::format("settle.{}", i), kCalm);
    CollectOnce(process, true);
    process.running = false;
  }
  CheckBackups();
  CheckNothingLeaks();
  if (weather_.state) CheckNotes();
}

void World::CheckBackups() {
  Process& process = Start("judge", "judge", kCalm);
  const auto repository = Open(process);
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
    if (truths_[backup.id].expired) {
      Violation(fmt::format("backup {} is back after it expired", backup.id.Hex()));
    }
    // Also those whose writer never learned that it had committed: listed means restorable.
    truths_[backup.id].committed = true;
    if (!truths_[backup.id].expiring) CheckBackup(process, backup.id, true);
  }
  for (const auto& [id, truth] : truths_) {
    if (truth.committed && !truth.expiring && !listed.contains(id)) {
      Violation(fmt::format("backup {} is lost", id.Hex()));
    }
  }
}

std::vector<std::string> World::CloudKeys() {
  std::vector<std::string> keys;
  const Status listed =
      storage::ListAll(*cloud_, "", [&](const storage::ObjectInfo& info) -> Status {
        keys.push_back(info.key);
        return Ok();
      });
  PGK_CHECK(listed.ok(), "a calm store is listed");
  return keys;
}

// Packs, sessions, pins, lists and leases of anything but live backups must be gone by now.
void World::CheckNothingLeaks() {
  Process& process = Start("judge", "leaks", kCalm);
  const auto repository = Open(process);
  const auto backups = repository::ListBackups(repository->context());
  if (!backups.ok()) return;
  std::set<std::string> needed;
  for (const repository::BackupSummary& backup : *backups) {
    for (const std::string& key :
         {repository::ManifestKey(backup.id), repository::ReferenceListKey(backup.id),
          repository::SessionKey(backup.id)}) {
      needed.insert(key);
    }
    const auto reader = repository::BackupReader::Open(*repository, backup.id);
    if (!reader.ok()) continue;
    for (const repository::PackEntry& entry : (*reader)->references().entries()) {
      needed.insert(entry.name.Key());
      needed.insert(repository::SessionKey(entry.name.writer));
    }
  }
  for (const std::string& key : CloudKeys()) {
    for (const char* prefix : {"p/", "m/", "man/", "ref/", "ses/", "pin/", "lease/"}) {
      if (key.starts_with(prefix) && !needed.contains(key)) {
        Violation("garbage is left: " + key);
      }
    }
  }
}

// No host may believe that a backup of its own has vanished: decisions are never deleted.
void World::CheckNotes() {
  for (const char* host : {"host1", "host2"}) {
    Process& process = Start(host, fmt::format("note of {}", host), kCalm);
    const auto repository = Open(process);
    PGK_CHECK(repository != nullptr, "a calm store opens");
    const auto vanished =
        repository::FindVanishedCommit(repository::ControlAccess(repository->context()));
    if (!vanished.ok() || vanished->has_value()) {
      Violation(fmt::format("{} misses a backup that it committed", host));
    }
  }
}

}  // namespace pgkeep::simulator

// What the tests of this room share: a database, a repository, backups of one in the other.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "backup/logical_backup.h"
#include "postgres/postgres_test_kit.h"
#include "repository/backup_list.h"
#include "repository/data_test_kit.h"
#include "storage/forwarding_store.h"
#include "testing/postgres_cluster.h"
#include "testing/test_store.h"

namespace pgkeep::backup {

// Runs something when a phase begins, at the first time only, and remembers what it was told.
class PhaseHook : public BackupWatcher {
 public:
  PhaseHook() = default;
  PhaseHook(BackupPhase phase, std::function<void()> action)
      : phase_(phase), action_(std::move(action)) {}

  void OnPhase(BackupPhase phase, const std::string& database) override;
  void OnProgress(const BackupProgress& progress) override;
  void OnRestart(const std::string& database, int attempt, const Error& reason) override;

  bool fired() const { return fired_; }
  const std::vector<BackupPhase>& phases() const { return phases_; }
  const std::vector<std::string>& restarts() const { return restarts_; }
  const std::vector<LockParty>& waiters() const { return waiters_; }
  const BackupProgress& last_progress() const { return progress_; }

 private:
  std::optional<BackupPhase> phase_;
  std::function<void()> action_;
  bool fired_ = false;
  std::vector<BackupPhase> phases_;
  std::vector<std::string> restarts_;
  std::vector<LockParty> waiters_;  // all that were ever seen
  BackupProgress progress_;
};

// Lets a test do something when the store is about to take a data pack: the one moment in which it
// is certain that a COPY is running.
class HookStore : public storage::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  // Called once, by the thread that stores.
  void BeforeFirstPack(std::function<void()> action) {
    const MutexLock lock(mutex_);
    action_ = std::move(action);
  }

  Result<storage::ObjectInfo> CreateIfAbsent(std::string_view key, ByteSpan bytes) override;

 private:
  Mutex mutex_;
  std::function<void()> action_ PGK_GUARDED_BY(mutex_);
};

// The options of a backup of these databases of the shared server.
LogicalBackupOptions OptionsFor(const std::vector<std::string>& databases);

// A repository and the backups in it.
class Vault {
 public:
  explicit Vault(storage::ObjectStore* store = nullptr, repository::InitOptions init = {})
      : vault_(1, store, init), repository_(vault_.Open()) {}

  repository::Repository& repository() { return *repository_; }

  Result<LogicalBackupResult> Run(const LogicalBackupOptions& options, BackupWatcher& watcher);
  // Without a watcher; fails the test if the backup does.
  LogicalBackupResult MustRun(const LogicalBackupOptions& options);

  // All bytes of a stream; nothing if there is no such stream.
  std::optional<std::string> Read(const repository::BackupId& id, const std::string& database,
                                  const std::string& stream);
  std::optional<std::string> ReadTable(const repository::BackupId& id, const std::string& database,
                                       const std::string& schema, const std::string& table);
  repository::StreamEntry Entry(const repository::BackupId& id, const std::string& database,
                                const std::string& stream);
  // Names of the backups that can be restored.
  std::vector<repository::BackupSummary> Backups();

 private:
  repository::TestVault vault_;
  std::unique_ptr<repository::Repository> repository_;
};

// What stock psql prints for "COPY ... TO STDOUT" in the database, to the last byte.
std::string PsqlCopy(const std::string& database, const std::string& what);
// Runs SQL by psql on the shared server.
std::string Sql(const std::string& database, const std::string& sql);

// Runs SQL in a session of its own, in a thread, and waits until it is done or waits for a lock.
class QueuedSql {
 public:
  QueuedSql(std::string database, std::string sql);
  // Waits for its end, and fails the test if it was none of success.
  ~QueuedSql();
  QueuedSql(const QueuedSql&) = delete;
  QueuedSql& operator=(const QueuedSql&) = delete;

  bool had_to_wait() const { return had_to_wait_; }

 private:
  std::unique_ptr<postgres::Connection> connection_;
  std::string sql_;
  bool had_to_wait_ = false;
  Status done_;
  std::jthread thread_;
};

// The number of lines in a text.
size_t Lines(std::string_view text);

}  // namespace pgkeep::backup
